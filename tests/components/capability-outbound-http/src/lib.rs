//! Calls other servers through `wasi:http` 0.3 and 0.2, as instructions in JSON, and passes bodies through.
//!
//! `POST …/fetch` takes `{"url", "via"?: "p3" | "p2", "method"?, "headers"?: [[name, value]], "body"?: payload, "bodyBytes"?: n,
//! "readBytesMax"?: n, "timeoutMs"?: {"connect"?, "firstByte"?, "betweenBytes"?}}`. See `tests/components/probe`, `tests/components/spin.toml`.

mod errors;
mod order;
mod p2;
mod p3;

use spin_sdk::http::Request;
use spin_sdk::http_service;
use tests_components_probe::{Answer, Call, Malformed, outcome};

use order::{Fetch, Via};

#[http_service]
async fn outbound(request: Request) -> Answer {
    match route(Call::new(request)).await {
        Ok(answer) => answer,
        Err(malformed) => malformed.answer(),
    }
}

async fn route(call: Call) -> Result<Answer, Malformed> {
    match call.path.as_str() {
        "fetch" => {
            let fetch = Fetch::read(&call.json().await?)?;
            Ok(outcome(match fetch.via {
                Via::P3 => p3::fetch(fetch).await,
                Via::P2 => p2::fetch(&fetch),
            }))
        }
        "together" => {
            let fetch = Fetch::read(&call.json().await?)?;
            Ok(p3::together(&fetch).await)
        }
        "pipe" => p3::pipe(call).await,
        "hang-up" => p3::hang_up(&call).await,
        _ => Err(Malformed("the routes are fetch, together, pipe and hang-up")),
    }
}

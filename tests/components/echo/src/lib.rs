//! Gives back what it is sent: method, headers, body, trailers; also tells which instance answered.
//!
//! Tests of the front door (routes, `spin-*` headers, streaming, empty bodies, instance reuse) read the host's work in its
//! answers. It uses no capability. Shared reading and answering: `tests/components/probe`.

mod bodies;
mod instance;

use serde_json::{Value, json};
use spin_sdk::http::{HeaderMap, Request};
use spin_sdk::http_service;
use tests_components_probe::{Answer, Call, Malformed, empty, json, whole};

#[http_service]
async fn echo(request: Request) -> Answer {
    let uri = request.uri().to_string();
    let call = Call::new(request);
    let ordinal = instance::count();
    match route(call, uri, ordinal).await {
        Ok(answer) => answer,
        Err(malformed) => malformed.answer(),
    }
}

async fn route(call: Call, uri: String, ordinal: u64) -> Result<Answer, Malformed> {
    match call.path.as_str() {
        "stream" => Ok(bodies::back_and_forth(call.body)),
        "count" => bodies::count(call.body).await,
        "trailers" => Ok(bodies::with_trailers(call).await),
        "early" => Ok(whole(200, "text/plain", "answered without reading the body")),
        "zero" => Ok(whole(200, "text/plain", "")),
        "status" => status(&call),
        "wait" => wait(&call).await,
        "instance" => Ok(json(&instance::report(ordinal))),
        "remember" => Ok(json(&instance::remember(call.text("word")))),
        _ => Ok(json(&describe(&call, &uri))),
    }
}

fn describe(call: &Call, uri: &str) -> Value {
    json!({
        "method": call.method.as_str(),
        "uri": uri,
        "path": call.path,
        "headers": headers_as_json(&call.headers),
    })
}

/// `[[name, value], …]` in the order of arrival: a name may come more than once.
fn headers_as_json(headers: &HeaderMap) -> Value {
    headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect()
}

fn status(call: &Call) -> Result<Answer, Malformed> {
    let code = call.number("code", 200)?;
    let code = u16::try_from(code).map_err(|_| Malformed("a status has three digits"))?;
    Ok(empty(code))
}

async fn wait(call: &Call) -> Result<Answer, Malformed> {
    let ms = call.number("ms", 0)?;
    spin_sdk::time::sleep(std::time::Duration::from_millis(ms)).await;
    Ok(json(&json!({ "waitedMs": ms, "instance": instance::report(0)["instance"] })))
}

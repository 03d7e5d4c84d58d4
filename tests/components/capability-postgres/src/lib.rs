//! Every function, parameter type and column type of `spin:postgres` 4.2, as instructions in JSON.
//!
//! `POST …/run` runs statements on one connection, `…/together` at once over one connection, `GET …/stream` streams rows out as
//! they come. A transaction left open is the job of `misbehaving`. See `tests/components/probe`, `tests/components/spin.toml`.

mod connection;
mod errors;
mod show;
mod streaming;
mod take;

use futures::future::try_join_all;
use serde_json::{Value, json};
use spin_sdk::http::Request;
use spin_sdk::http_service;
use tests_components_probe::{Answer, Call, Malformed, outcome};

use connection::Line;

#[http_service]
async fn postgres(request: Request) -> Answer {
    match route(Call::new(request)).await {
        Ok(answer) => answer,
        Err(malformed) => malformed.answer(),
    }
}

async fn route(call: Call) -> Result<Answer, Malformed> {
    match call.path.as_str() {
        "run" => run(call.json().await?).await,
        "together" => together(call.json().await?).await,
        "stream" => streaming::rows(&call).await,
        "open-many" => connection::open_many(&call).await,
        _ => Err(Malformed("the routes are run, together, stream and open-many")),
    }
}

/// `{"address"?, "via"?: "async" | "sync", "caRoot"?, "kept"?: true, "steps": [{"query" | "execute": sql, "params": […]}]}`.
async fn run(order: Value) -> Result<Answer, Malformed> {
    let line = match Line::open(&order).await? {
        Ok(line) => line,
        Err(error) => return Ok(outcome(Err(errors::described(error)))),
    };
    let mut results = Vec::new();
    for step in steps(&order) {
        results.push(line.answered(step).await?);
    }
    line.keep_if(order["kept"].as_bool().unwrap_or(false));
    Ok(outcome(Ok(Value::from(results))))
}

/// As [`run`], all steps in flight at once.
async fn together(order: Value) -> Result<Answer, Malformed> {
    let line = match Line::open(&order).await? {
        Ok(line) => line,
        Err(error) => return Ok(outcome(Err(errors::described(error)))),
    };
    let results = try_join_all(steps(&order).map(|step| line.answered(step))).await?;
    Ok(outcome(Ok(json!(results))))
}

fn steps(order: &Value) -> impl Iterator<Item = &Value> {
    order["steps"].as_array().into_iter().flatten()
}

//! Every function of `spin:key-value` 3, as instructions in JSON.
//!
//! `POST …/run` takes `{"store": label, "steps": [{"op": "set", "key": …, "value": {"utf8": …}}, …]}` and answers one result per
//! step. One of the test components: see `tests/components/probe` and `tests/components/spin.toml`.

use serde_json::{Value, json};
use spin_sdk::http::Request;
use spin_sdk::http_service;
use spin_sdk::key_value::{Error, Store};
use tests_components_probe::{Answer, Call, Malformed, from_payload, outcome, payload};

#[http_service]
async fn store(request: Request) -> Answer {
    match route(Call::new(request)).await {
        Ok(answer) => answer,
        Err(malformed) => malformed.answer(),
    }
}

async fn route(call: Call) -> Result<Answer, Malformed> {
    match call.path.as_str() {
        "run" => run(call.json().await?).await,
        "open-many" => open_many(call.number("count", 1)?, call.text("store").unwrap_or("default")).await,
        _ => Err(Malformed("the routes are run and open-many")),
    }
}

async fn run(order: Value) -> Result<Answer, Malformed> {
    let label = order["store"].as_str().unwrap_or("default");
    let store = match Store::open(label).await {
        Ok(store) => store,
        Err(error) => return Ok(outcome(Err(described(error)))),
    };
    let mut results = Vec::new();
    for step in order["steps"].as_array().into_iter().flatten() {
        results.push(match one(&store, step).await? {
            Ok(value) => json!({ "ok": value }),
            Err(error) => json!({ "err": described(error) }),
        });
    }
    Ok(outcome(Ok(Value::from(results))))
}

async fn one(store: &Store, step: &Value) -> Result<Result<Value, Error>, Malformed> {
    let key = step["key"].as_str().unwrap_or_default();
    Ok(match step["op"].as_str().unwrap_or_default() {
        "get" => store.get(key).await.map(|found| found.as_deref().map_or(Value::Null, payload)),
        "set" => store.set(key, from_payload(&step["value"])?).await.map(|()| Value::Null),
        "delete" => store.delete(key).await.map(|()| Value::Null),
        "exists" => store.exists(key).await.map(Value::from),
        "keys" => store.get_keys().await.collect().await.map(Value::from),
        "some-keys" => Ok(first_keys(store, step["count"].as_u64().unwrap_or(1)).await),
        _ => return Err(Malformed("op is get, set, delete, exists, keys or some-keys")),
    })
}

/// Takes `count` keys off the stream and drops the rest of it unread.
async fn first_keys(store: &Store, count: u64) -> Value {
    let mut arriving = store.get_keys().await;
    let mut keys = Vec::new();
    for _ in 0..count {
        keys.extend(arriving.next().await);
    }
    Value::from(keys)
}

/// Holds many stores at once, to find the host's bound.
async fn open_many(count: u64, label: &str) -> Result<Answer, Malformed> {
    let mut open = Vec::new();
    for _ in 0..count {
        match Store::open(label).await {
            Ok(store) => open.push(store),
            Err(error) => {
                return Ok(outcome(Err(json!({ "opened": open.len(), "error": described(error) }))));
            }
        }
    }
    Ok(outcome(Ok(json!({ "opened": open.len() }))))
}

fn described(error: Error) -> Value {
    match error {
        Error::StoreTableFull => json!({ "kind": "store-table-full" }),
        Error::NoSuchStore => json!({ "kind": "no-such-store" }),
        Error::AccessDenied => json!({ "kind": "access-denied" }),
        Error::Other(text) => json!({ "kind": "other", "text": text }),
    }
}

//! Every function of `spin:redis` 3, as instructions in JSON.
//!
//! `POST …/run` takes `{"address"?: url, "steps": [{"op": "set", "key": …, "value": {"utf8": …}}, …], "together"?: true}`; the
//! address defaults to the variable `redis_url`. `together` sends all steps at once over the one connection. See
//! `tests/components/probe` and `tests/components/spin.toml`.

use futures::future::try_join_all;
use serde_json::{Value, json};
use spin_sdk::http::Request;
use spin_sdk::redis::{Connection, Error, RedisParameter, RedisResult};
use spin_sdk::{http_service, variables};
use tests_components_probe::{Answer, Call, Malformed, from_payload, outcome, payload};

#[http_service]
async fn redis(request: Request) -> Answer {
    match route(Call::new(request)).await {
        Ok(answer) => answer,
        Err(malformed) => malformed.answer(),
    }
}

async fn route(call: Call) -> Result<Answer, Malformed> {
    if call.path != "run" {
        return Err(Malformed("the route is run"));
    }
    let order = call.json().await?;
    let address = match order["address"].as_str() {
        Some(address) => address.to_owned(),
        None => variables::get("redis_url").await.map_err(|_| Malformed("no address and no redis_url"))?,
    };
    let connection = match Connection::open(address).await {
        Ok(connection) => connection,
        Err(error) => return Ok(outcome(Err(described(error)))),
    };
    let steps = order["steps"].as_array().cloned().unwrap_or_default();
    let mut results = Vec::new();
    if order["together"].as_bool().unwrap_or(false) {
        results = try_join_all(steps.iter().map(|step| answered(&connection, step))).await?;
    } else {
        for step in &steps {
            results.push(answered(&connection, step).await?);
        }
    }
    Ok(outcome(Ok(Value::from(results))))
}

async fn answered(connection: &Connection, step: &Value) -> Result<Value, Malformed> {
    Ok(match one(connection, step).await? {
        Ok(value) => json!({ "ok": value }),
        Err(error) => json!({ "err": described(error) }),
    })
}

async fn one(connection: &Connection, step: &Value) -> Result<Result<Value, Error>, Malformed> {
    let key = step["key"].as_str().unwrap_or_default();
    let words = || words(&step["values"]);
    Ok(match step["op"].as_str().unwrap_or_default() {
        "publish" => connection.publish(key, from_payload(&step["value"])?).await.map(|()| Value::Null),
        "get" => connection.get(key).await.map(|found| found.as_deref().map_or(Value::Null, payload)),
        "set" => connection.set(key, from_payload(&step["value"])?).await.map(|()| Value::Null),
        "incr" => connection.incr(key).await.map(Value::from),
        "del" => connection.del(words()).await.map(Value::from),
        "sadd" => connection.sadd(key, words()).await.map(Value::from),
        "srem" => connection.srem(key, words()).await.map(Value::from),
        "smembers" => connection.smembers(key).await.map(Value::from),
        "execute" => execute(connection, step).await?,
        _ => return Err(Malformed("op is a function of spin:redis")),
    })
}

async fn execute(connection: &Connection, step: &Value) -> Result<Result<Value, Error>, Malformed> {
    let command = step["command"].as_str().ok_or(Malformed("execute has a command"))?;
    let arguments = step["arguments"].as_array().cloned().unwrap_or_default();
    let arguments = arguments.iter().map(parameter).collect::<Result<Vec<_>, _>>()?;
    let results = connection.execute(command, arguments).await;
    Ok(results.map(|results| results.iter().map(shown).collect()))
}

fn words(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A number is `int64`, anything else a payload.
fn parameter(json: &Value) -> Result<RedisParameter, Malformed> {
    match json.as_i64() {
        Some(number) => Ok(RedisParameter::Int64(number)),
        None => from_payload(json).map(RedisParameter::Binary),
    }
}

fn shown(result: &RedisResult) -> Value {
    match result {
        RedisResult::Nil => json!({ "nil": true }),
        RedisResult::Status(text) => json!({ "status": text }),
        RedisResult::Int64(number) => json!({ "int64": number }),
        RedisResult::Binary(bytes) => json!({ "binary": payload(bytes) }),
    }
}

fn described(error: Error) -> Value {
    match error {
        Error::InvalidAddress => json!({ "kind": "invalid-address" }),
        Error::TooManyConnections => json!({ "kind": "too-many-connections" }),
        Error::TypeError => json!({ "kind": "type-error" }),
        Error::Other(text) => json!({ "kind": "other", "text": text }),
    }
}

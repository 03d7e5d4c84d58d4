//! The interfaces as they were before the asynchronous ones, `fermyon:spin@2.0.0` and `spin:postgres@3.0.0`: every
//! function is called, and each answer is told as Rust's `Debug` writes it.
//!
//! One of the test components: see `tests/components/probe` for how they answer and `tests/components/spin.toml` for the grants.

use serde_json::Value;
use spin_sdk::http::Request;
use spin_sdk::http_service;
use tests_components_probe::{Answer, Call, Malformed, outcome};

mod bindings {
    use spin_sdk::wit_bindgen;

    wit_bindgen::generate!({
        path: "wit",
        world: "spin2",
        runtime_path: "spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}

use bindings::fermyon::spin::postgres as postgres2;
use bindings::fermyon::spin::redis::{Connection as Session, RedisParameter};
use bindings::fermyon::spin::sqlite::{Connection as Database, Value as Column};
use bindings::fermyon::spin::{key_value::Store, variables};
use bindings::spin::postgres::postgres as postgres3;

#[http_service]
async fn answer(request: Request) -> Answer {
    let call = Call::new(request);
    let told = match call.path.as_str() {
        "key-value" => key_value(),
        "redis" => redis(),
        "postgres2" => postgres2(),
        "postgres3" => postgres3(),
        "sqlite" => sqlite(),
        "variables" => ["greeting", "absent", "not-a-name"].map(|name| told(variables::get(name))).to_vec(),
        _ => {
            return Malformed("the routes are key-value, redis, postgres2, postgres3, sqlite and variables")
                .answer();
        }
    };
    outcome(Ok(Value::from(told)))
}

fn told(result: impl std::fmt::Debug) -> String {
    format!("{result:?}")
}

fn key_value() -> Vec<String> {
    let mut said = vec![told(Store::open("another").map(|_| ()))];
    match Store::open("default") {
        Err(refused) => said.push(told(refused)),
        Ok(store) => said.extend([
            told(store.set("spin2", b"value")),
            told(store.get("spin2")),
            told(store.exists("spin2")),
            told(store.get_keys().map(|keys| keys.iter().any(|key| key == "spin2"))),
            told(store.delete("spin2")),
            told(store.get("spin2")),
            told(store.set(&"k".repeat(100_000), b"")),
        ]),
    }
    said
}

fn redis() -> Vec<String> {
    let mut said = vec![told(Session::open("redis://127.0.0.1:1").map(|_| ()))];
    match Session::open(&variables::get("redis_url").unwrap_or_default()) {
        Err(refused) => said.push(told(refused)),
        Ok(session) => {
            let key = |name: &str| format!("spin2:{name}");
            let element = || vec!["a".to_owned()];
            said.extend([
                told(session.set(&key("text"), b"value")),
                told(session.get(&key("text"))),
                told(session.incr(&key("text"))),
                told(session.incr(&key("number"))),
                told(session.sadd(&key("set"), &element())),
                told(session.smembers(&key("set"))),
                told(session.srem(&key("set"), &element())),
                told(session.publish(&key("channel"), b"message")),
                told(session.execute("APPEND", &[binary(&key("text")), binary("d")])),
                told(session.execute("INCRBY", &[binary(&key("number")), RedisParameter::Int64(4)])),
                told(session.execute("GET", &[binary(&key("text"))])),
                told(session.del(&[key("text"), key("number"), key("absent")])),
                told(session.get(&key("text"))),
            ]);
        }
    }
    said
}

fn binary(text: &str) -> RedisParameter {
    RedisParameter::Binary(text.as_bytes().to_vec())
}

/// Kinds of values that a version knows, and one that it does not.
const SELECT: &str =
    "SELECT $1::bool AS b, $2::int2, $3::int4, $4::int8, $5::float4, $6::float8, $7::text, $8::bytea,
                             $9::text, '00000000-0000-0000-0000-000000000001'::uuid AS u";

fn postgres2() -> Vec<String> {
    use postgres2::{Connection, ParameterValue};
    let mut said = vec![told(Connection::open("postgres://127.0.0.1:1/x").map(|_| ()))];
    match Connection::open(&variables::get("database_url").unwrap_or_default()) {
        Err(refused) => said.push(told(refused)),
        Ok(connection) => {
            let values = [
                ParameterValue::Boolean(true),
                ParameterValue::Int16(2),
                ParameterValue::Int32(4),
                ParameterValue::Int64(8),
                ParameterValue::Floating32(0.25),
                ParameterValue::Floating64(0.5),
                ParameterValue::Str("text".to_owned()),
                ParameterValue::Binary(vec![0, 255]),
                ParameterValue::DbNull,
            ];
            said.extend([
                told(connection.query(SELECT, &values)),
                told(connection.query("SELECT now() AS t", &[])),
                told(connection.query("SELECT $1::int4", &[ParameterValue::Uint32(1)])),
                told(connection.query("SELECT nothing", &[]).map_err(|_| "refused")),
                told(connection.execute("SELECT 1 UNION ALL SELECT 2", &[])),
            ]);
        }
    }
    said
}

fn postgres3() -> Vec<String> {
    use postgres3::{Connection, ParameterValue};
    let mut said = vec![told(Connection::open("postgres://127.0.0.1:1/x").map(|_| ()))];
    match Connection::open(&variables::get("database_url").unwrap_or_default()) {
        Err(refused) => said.push(told(refused)),
        Ok(connection) => {
            let times = [
                ParameterValue::Date((2026, 2, 28)),
                ParameterValue::Time((1, 2, 3, 4_000)),
                ParameterValue::Datetime((2026, 2, 28, 1, 2, 3, 4_000)),
                ParameterValue::Timestamp(86_400),
            ];
            said.extend([
                told(connection.query("SELECT $1::date, $2::time, $3::timestamp, $4::timestamptz", &times)),
                told(connection.query("SELECT '{1}'::int4[] AS a, '{}'::jsonb AS j, NULL::text AS n", &[])),
                told(connection.query("SELECT $1::date", &[ParameterValue::Date((2026, 2, 30))])),
                told(connection.execute("SELECT 1 UNION ALL SELECT 2", &[])),
            ]);
        }
    }
    said
}

fn sqlite() -> Vec<String> {
    let mut said = vec![told(Database::open("another").map(|_| ()))];
    match Database::open("default") {
        Err(refused) => said.push(told(refused)),
        Ok(database) => {
            let row = [Column::Integer(1), Column::Real(0.5), Column::Text("t".into()), Column::Null];
            let result = database.execute("SELECT ? AS i, ? AS r, ? AS t, ? AS n, x'00ff' AS b", &row);
            said.extend([told(result), told(database.execute("SELECT nothing", &[]).map_err(|_| "refused"))]);
        }
    }
    said
}

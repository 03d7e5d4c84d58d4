//! Every function of `spin:sqlite` 3.1, as instructions in JSON.
//!
//! `POST …/run` takes `{"database": label, "via": "async" | "sync", "steps": [{"sql": …, "params": […]}]}`, runs the steps on one
//! connection and answers columns, rows, rowid and changes of each. See `tests/components/probe` and `tests/components/spin.toml`.

mod values;

use serde_json::{Value, json};
use spin_sdk::http::Request;
use spin_sdk::http_service;
use spin_sdk::sqlite::{Connection, Error, wit::sqlite as plain};
use tests_components_probe::{Answer, Call, Malformed, outcome};

#[http_service]
async fn sqlite(request: Request) -> Answer {
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
    let database = order["database"].as_str().unwrap_or("default").to_owned();
    let steps = order["steps"].as_array().cloned().unwrap_or_default();
    match order["via"].as_str().unwrap_or("async") {
        "async" => run(&database, &steps).await,
        "sync" => run_sync(&database, &steps),
        _ => Err(Malformed("via is async or sync")),
    }
}

async fn run(database: &str, steps: &[Value]) -> Result<Answer, Malformed> {
    let connection = match Connection::open(database).await {
        Ok(connection) => connection,
        Err(error) => return Ok(outcome(Err(described(error)))),
    };
    let mut results = Vec::new();
    for step in steps {
        let sql = step["sql"].as_str().ok_or(Malformed("a step has sql"))?;
        results.push(
            match execute(&connection, sql, values::parameters(step)?, step["rowsMax"].as_u64()).await {
                Ok(value) => json!({ "ok": value }),
                Err(error) => json!({ "err": described(error) }),
            },
        );
    }
    Ok(outcome(Ok(Value::from(results))))
}

async fn execute(
    connection: &Connection,
    sql: &str,
    parameters: Vec<plain::Value>,
    rows_max: Option<u64>,
) -> Result<Value, Error> {
    let mut arriving = connection.execute(sql, parameters).await?;
    let columns = arriving.columns().to_vec();
    let mut rows = Vec::new();
    while rows_max.is_none_or(|max| (rows.len() as u64) < max) {
        let Some(row) = arriving.next().await else { break };
        rows.push(values::row(&row.values));
    }
    if rows_max.is_none() {
        arriving.result().await?;
    }
    let (rowid, changes) = (connection.last_insert_rowid().await, connection.changes().await);
    Ok(json!({ "columns": columns, "rows": rows, "lastInsertRowid": rowid, "changes": changes }))
}

fn run_sync(database: &str, steps: &[Value]) -> Result<Answer, Malformed> {
    let connection = match plain::Connection::open(database) {
        Ok(connection) => connection,
        Err(error) => return Ok(outcome(Err(described(error)))),
    };
    let mut results = Vec::new();
    for step in steps {
        let sql = step["sql"].as_str().ok_or(Malformed("a step has sql"))?;
        results.push(match connection.execute(sql, &values::parameters(step)?) {
            Ok(found) => {
                let rows: Vec<Value> = found.rows.iter().map(|row| values::row(&row.values)).collect();
                let (rowid, changes) = (connection.last_insert_rowid(), connection.changes());
                json!({ "ok": { "columns": found.columns, "rows": rows, "lastInsertRowid": rowid, "changes": changes } })
            }
            Err(error) => json!({ "err": described(error) }),
        });
    }
    Ok(outcome(Ok(Value::from(results))))
}

fn described(error: Error) -> Value {
    match error {
        Error::NoSuchDatabase => json!({ "kind": "no-such-database" }),
        Error::AccessDenied => json!({ "kind": "access-denied" }),
        Error::InvalidConnection => json!({ "kind": "invalid-connection" }),
        Error::DatabaseFull => json!({ "kind": "database-full" }),
        Error::Io(text) => json!({ "kind": "io", "text": text }),
    }
}

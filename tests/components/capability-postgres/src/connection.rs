//! One connection, opened and used through the asynchronous or the synchronous functions of the interface.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};
use spin_sdk::pg::wit::postgres::{Connection, ConnectionBuilder, Error};
use spin_sdk::variables;
use tests_components_probe::{Answer, Call, Malformed, outcome};

use crate::{errors, show, take};

thread_local! {
    static KEPT: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
}

/// A connection and the manner of its calls.
pub(crate) struct Line {
    connection: Rc<Connection>,
    is_async: bool,
}

impl Line {
    /// Opens as `order` says; with `"kept": true` takes the one that an earlier request kept in this instance.
    pub(crate) async fn open(order: &Value) -> Result<Result<Self, Error>, Malformed> {
        let is_async = match order["via"].as_str().unwrap_or("async") {
            "async" => true,
            "sync" => false,
            _ => return Err(Malformed("via is async or sync")),
        };
        let kept = KEPT.with_borrow(Clone::clone);
        if let (Some(connection), Some(true)) = (kept, order["kept"].as_bool()) {
            return Ok(Ok(Self { connection, is_async }));
        }
        let address = address(order["address"].as_str()).await?;
        let opened = match (order["caRoot"].as_str(), is_async) {
            (None, true) => Connection::open_async(address).await,
            (None, false) => Connection::open(&address),
            (Some(ca_root), _) => with_ca_root(&address, ca_root, is_async).await,
        };
        Ok(opened.map(|connection| Self { connection: Rc::new(connection), is_async }))
    }

    /// Leaves the connection in the instance for the next request.
    pub(crate) fn keep_if(self, kept: bool) {
        if kept {
            KEPT.set(Some(self.connection));
        }
    }

    /// One step: `{"ok": …}` or `{"err": …}`.
    pub(crate) async fn answered(&self, step: &Value) -> Result<Value, Malformed> {
        let parameters = take::parameters(step)?;
        let result = if let Some(sql) = step["query"].as_str() {
            self.query(sql, parameters).await
        } else if let Some(sql) = step["execute"].as_str() {
            self.execute(sql, parameters).await
        } else {
            return Err(Malformed("a step has query or execute"));
        };
        Ok(match result {
            Ok(value) => json!({ "ok": value }),
            Err(error) => json!({ "err": errors::described(error) }),
        })
    }

    async fn query(&self, sql: &str, parameters: take::Parameters) -> Result<Value, Error> {
        if !self.is_async {
            let found = self.connection.query(sql, &parameters)?;
            return Ok(show::row_set(&found.columns, &found.rows));
        }
        let (columns, arriving, end) = self.connection.query_async(sql.to_owned(), parameters).await?;
        let rows = arriving.collect().await;
        end.await?;
        Ok(show::row_set(&columns, &rows))
    }

    async fn execute(&self, sql: &str, parameters: take::Parameters) -> Result<Value, Error> {
        let changed = if self.is_async {
            self.connection.execute_async(sql.to_owned(), parameters).await?
        } else {
            self.connection.execute(sql, &parameters)?
        };
        Ok(json!({ "changed": changed }))
    }
}

/// Holds many connections at once, to find the host's bound.
pub(crate) async fn open_many(call: &Call) -> Result<Answer, Malformed> {
    let address = address(call.text("address")).await?;
    let mut open = Vec::new();
    for _ in 0..call.number("count", 1)? {
        match Connection::open_async(address.clone()).await {
            Ok(connection) => open.push(connection),
            Err(error) => {
                return Ok(outcome(Err(json!({ "opened": open.len(), "error": errors::described(error) }))));
            }
        }
    }
    Ok(outcome(Ok(json!({ "opened": open.len() }))))
}

/// The address of the order, or else of the variable `database_url`.
pub(crate) async fn address(given: Option<&str>) -> Result<String, Malformed> {
    match given {
        Some(address) => Ok(address.to_owned()),
        None => variables::get("database_url").await.map_err(|_| Malformed("no address and no database_url")),
    }
}

async fn with_ca_root(address: &str, ca_root: &str, is_async: bool) -> Result<Connection, Error> {
    let builder = ConnectionBuilder::new(address);
    builder.set_ca_root(ca_root)?;
    if is_async { builder.build_async().await } else { builder.build() }
}

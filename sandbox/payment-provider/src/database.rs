//! The provider's own database: one connection per instance, tables made on first use.

use std::cell::RefCell;
use std::rc::Rc;

use spin_sdk::pg::{self, Connection, DbValue, Decode, ParameterValue, PgError, QueryError};
use spin_sdk::variables;

use crate::call::Refused;

/// Made in this order.
const MAKE: [&str; 2] = [include_str!("sql/tables.sql"), include_str!("sql/functions.sql")];
/// No such schema, table or function: nobody was here before (PostgreSQL, appendix A).
const NOT_MADE: [&str; 4] = ["3F000", "42P01", "42883", "42704"];

thread_local! {
    static CONNECTION: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
}

/// One row, read by position.
pub(crate) struct Row(Vec<DbValue>);

impl Row {
    pub(crate) fn get<T: Decode>(&self, column: usize) -> Result<T, Refused> {
        let value = self.0.get(column).ok_or_else(|| Refused::Database(format!("no column {column}")))?;
        T::decode(value).map_err(|error| Refused::Database(format!("column {column}: {error}")))
    }
}

/// Runs a statement; on the first one ever, after making the tables.
pub(crate) async fn query(sql: &'static str, parameters: Vec<ParameterValue>) -> Result<Vec<Row>, Refused> {
    let first = run(sql, parameters.clone()).await;
    match first {
        Err(error) if is_not_made(&error) => {
            for statement in MAKE {
                run(statement, Vec::new()).await.map_err(told)?;
            }
            run(sql, parameters).await.map_err(told)
        }
        other => other.map_err(told),
    }
}

/// A statement that answers exactly one row.
pub(crate) async fn one(sql: &'static str, parameters: Vec<ParameterValue>) -> Result<Row, Refused> {
    let rows = query(sql, parameters).await?;
    rows.into_iter().next().ok_or_else(|| Refused::Database("a statement had no answer".to_owned()))
}

async fn run(sql: &'static str, parameters: Vec<ParameterValue>) -> Result<Vec<Row>, pg::Error> {
    let connection = connection().await?;
    let rows = async {
        let mut result = connection.query(sql, parameters).await?;
        let mut rows = Vec::new();
        while let Some(row) = result.rows().next().await {
            rows.push(Row(row));
        }
        result.result().await?;
        Ok(rows)
    };
    rows.await.inspect_err(|error: &pg::Error| {
        // Whatever the server did not answer may have cost the connection; a new one is cheap.
        if !matches!(error, pg::Error::PgError(PgError::QueryFailed(QueryError::DbError(_)))) {
            forget(&connection);
        }
    })
}

async fn connection() -> Result<Rc<Connection>, pg::Error> {
    if let Some(connection) = CONNECTION.with_borrow(Clone::clone) {
        return Ok(connection);
    }
    let url = variables::get("database_url")
        .await
        .map_err(|error| pg::Error::PgError(PgError::Other(format!("variable database_url: {error:?}"))))?;
    let connection = Rc::new(Connection::open(url).await?);
    CONNECTION.set(Some(connection.clone()));
    Ok(connection)
}

fn forget(lost: &Rc<Connection>) {
    CONNECTION.with_borrow_mut(|slot| {
        if slot.as_ref().is_some_and(|kept| Rc::ptr_eq(kept, lost)) {
            *slot = None;
        }
    });
}

fn is_not_made(error: &pg::Error) -> bool {
    match error {
        pg::Error::PgError(PgError::QueryFailed(QueryError::DbError(error))) => {
            NOT_MADE.contains(&error.code.as_str())
        }
        pg::Error::PgError(_) | pg::Error::Decode(_) => false,
    }
}

/// The sandbox hides nothing: its users are developers.
fn told(error: pg::Error) -> Refused {
    match error {
        pg::Error::PgError(PgError::QueryFailed(QueryError::DbError(error))) => {
            Refused::Database(format!("{} {}", error.code, error.message))
        }
        other => Refused::Database(other.to_string()),
    }
}

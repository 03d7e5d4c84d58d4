//! Running one statement on a connection: binding, stepping, and turning columns into the interface's values.

use crate::watch::Watch;
use crate::{QueryError, RowResult, Value};
use rusqlite::types::ValueRef;

/// What a statement may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    pub(crate) within_ms: u64,
    pub(crate) result_bytes_max: usize,
}

/// Whether the statement should go on after a row.
pub(crate) enum After {
    GoOn,
    Stop,
}

/// Prepares, binds, tells `head` the column names, and hands over each row with its bytes.
pub(crate) fn run(
    database: &rusqlite::Connection,
    watch: &Watch,
    allowance: Allowance,
    sql: &str,
    parameters: Vec<Value>,
    head: impl FnOnce(Vec<String>),
    mut row: impl FnMut(RowResult, usize) -> Result<After, QueryError>,
) -> Result<(), QueryError> {
    let sqlite = |error| QueryError::from_sqlite(&error, allowance.within_ms);
    let mut statement = watch.preparing(|| database.prepare_cached(sql)).map_err(sqlite)?;
    let columns = statement.column_names().map(str::to_owned).collect();
    let parameters = parameters.into_iter().map(into_sqlite);
    let mut rows = statement.query(rusqlite::params_from_iter(parameters)).map_err(sqlite)?;
    head(columns);
    while let Some(found) = rows.next().map_err(sqlite)? {
        let (values, bytes) = values_of(found, allowance)?;
        match row(RowResult { values }, bytes)? {
            After::GoOn => {}
            After::Stop => break,
        }
    }
    Ok(())
}

fn values_of(row: &rusqlite::Row<'_>, allowance: Allowance) -> Result<(Vec<Value>, usize), QueryError> {
    let columns = row.as_ref().column_count();
    let mut values = Vec::with_capacity(columns);
    let mut bytes = columns * size_of::<Value>();
    for column in 0..columns {
        let value =
            row.get_ref(column).map_err(|error| QueryError::from_sqlite(&error, allowance.within_ms))?;
        if let ValueRef::Text(content) | ValueRef::Blob(content) = value {
            bytes += content.len();
        }
        if bytes > allowance.result_bytes_max {
            return Err(QueryError::ResultTooLarge(allowance.result_bytes_max));
        }
        values.push(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Real(number) => Value::Real(number),
            ValueRef::Text(text) => {
                let text = std::str::from_utf8(text).map_err(|_| QueryError::NotUtf8(column))?;
                Value::Text(text.to_owned())
            }
            ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        });
    }
    Ok((values, bytes))
}

fn into_sqlite(value: Value) -> rusqlite::types::Value {
    match value {
        Value::Null => rusqlite::types::Value::Null,
        Value::Integer(number) => rusqlite::types::Value::Integer(number),
        Value::Real(number) => rusqlite::types::Value::Real(number),
        Value::Text(text) => rusqlite::types::Value::Text(text),
        Value::Blob(bytes) => rusqlite::types::Value::Blob(bytes),
    }
}

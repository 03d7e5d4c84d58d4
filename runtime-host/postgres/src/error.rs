//! What went wrong, in the interface's words.
//!
//! A server that is away, a full pool and a lost connection are `connection-failed`; what the database itself said is
//! `query-failed` with its fields, filled as Spin fills them, because components tell constraint violations apart by
//! them.

use crate::interface::{DbError, Error, QueryError};
use crate::values::column::Undecodable;
use crate::values::parameter::BadParameter;
use std::error::Error as _;
use tokio_postgres::error::{DbError as ServerError, SqlState};

/// Said of a call whose connection broke after its statement was sent.
const OUTCOME_UNKNOWN: &str = "whether the statement took effect is not known";

pub(crate) fn connection_failed(reason: impl std::fmt::Display) -> Error {
    Error::ConnectionFailed(reason.to_string())
}

/// Why a session could not be opened. The driver's errors never hold the password.
pub(crate) fn cannot_connect(error: &tokio_postgres::Error) -> Error {
    connection_failed(chain(error))
}

/// The reason inside a `connection-failed`, for a log line.
pub(crate) fn reason(error: &Error) -> &str {
    match error {
        Error::ConnectionFailed(reason) => reason,
        Error::BadParameter(_)
        | Error::QueryFailed(_)
        | Error::ValueConversionFailed(_)
        | Error::Other(_) => "unexpected kind of error",
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The statement waited longer than `waited_ms`.
pub(crate) fn deadline(waited_ms: u64) -> Error {
    connection_failed(format_args!("no answer within {waited_ms} ms; {OUTCOME_UNKNOWN}"))
}

/// Which of the interface's error cases says that a parameter means nothing: `query` and `execute` differ, on Spin too.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BadParameterCase {
    /// `bad-parameter`
    OfQuery,
    /// `value-conversion-failed`
    OfExecute,
}

/// Why a statement that was given to a session failed.
pub(crate) fn statement_failed(error: &tokio_postgres::Error, bad_parameter: BadParameterCase) -> Error {
    if error.is_closed() {
        return connection_failed(format_args!("connection to the database lost; {OUTCOME_UNKNOWN}"));
    }
    if let Some(bad) = error.source().and_then(|source| source.downcast_ref::<BadParameter>()) {
        return match bad_parameter {
            BadParameterCase::OfQuery => Error::BadParameter(bad.to_string()),
            BadParameterCase::OfExecute => Error::ValueConversionFailed(bad.to_string()),
        };
    }
    let as_text = format!("{error:?}");
    match error.as_db_error() {
        Some(server) if ends_session(error) => {
            connection_failed(format_args!("{}: {}; {OUTCOME_UNKNOWN}", server.severity(), server.message()))
        }
        Some(server) => Error::QueryFailed(QueryError::DbError(DbError {
            as_text,
            severity: server.severity().to_owned(),
            code: server.code().code().to_owned(),
            message: server.message().to_owned(),
            detail: server.detail().map(str::to_owned),
            extras: extras(server),
        })),
        None => Error::QueryFailed(QueryError::Text(as_text)),
    }
}

pub(crate) fn undecodable(error: &Undecodable) -> Error {
    Error::QueryFailed(QueryError::Text(error.to_string()))
}

pub(crate) fn query_failed(reason: impl std::fmt::Display) -> Error {
    Error::QueryFailed(QueryError::Text(reason.to_string()))
}

/// The server is going down, or came up just now: nothing that the statement itself could mend.
pub(crate) fn ends_session(error: &tokio_postgres::Error) -> bool {
    let Some(code) = error.code() else { return false };
    [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::CONNECTION_EXCEPTION,
        SqlState::CONNECTION_FAILURE,
    ]
    .contains(code)
}

/// The plan that the server kept for the prepared statement no longer fits the schema, or the statement is gone. Said
/// before anything was executed.
pub(crate) fn is_stale_statement(error: &tokio_postgres::Error) -> bool {
    let Some(server) = error.as_db_error() else { return false };
    match server.code() {
        code if *code == SqlState::FEATURE_NOT_SUPPORTED => server.routine() == Some("RevalidateCachedQuery"),
        code if *code == SqlState::INVALID_SQL_STATEMENT_NAME => {
            server.routine() == Some("FetchPreparedStatement")
                || server.routine() == Some("exec_bind_message")
        }
        _ => false,
    }
}

/// Fields beyond those that the interface names, under Spin's names; `position` is one more.
fn extras(server: &ServerError) -> Vec<(String, String)> {
    let line = server.line().map(|line| line.to_string());
    let position = server.position().map(|position| match position {
        tokio_postgres::error::ErrorPosition::Original(at) => at.to_string(),
        tokio_postgres::error::ErrorPosition::Internal { position, .. } => position.to_string(),
    });
    [
        ("column", server.column()),
        ("constraint", server.constraint()),
        ("routine", server.routine()),
        ("hint", server.hint()),
        ("table", server.table()),
        ("datatype", server.datatype()),
        ("schema", server.schema()),
        ("file", server.file()),
        ("line", line.as_deref()),
        ("where_", server.where_()),
        ("position", position.as_deref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value.to_owned())))
    .collect()
}

//! How a call to SQLite ends when it does not succeed.

use crate::Error;
use rusqlite::ErrorCode;

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The component was not granted this database.
    #[error("the component is not granted this database")]
    AccessDenied,
    /// Granted, but there is no such database.
    #[error("there is no database with this label")]
    NoSuchDatabase,
    /// The file, or the connection's temporary tables, reached their bound.
    #[error("the database is full")]
    Full,
    /// A bound of [`crate::Settings`] is reached; says which.
    #[error("too many {0}")]
    TooMany(&'static str),
    /// The statement did not end in time and was stopped; its changes are undone.
    #[error("deadline: the statement did not end within {0} ms")]
    Deadline(u64),
    /// Another connection holds a lock that the statement needs.
    #[error("database is locked")]
    Locked,
    /// The result is larger than a call may carry.
    #[error("query result exceeds limit of {0} bytes")]
    ResultTooLarge(usize),
    /// A column holds text that is not UTF-8.
    #[error("column {0} holds text that is not UTF-8")]
    NotUtf8(usize),
    /// The database cannot be used at all.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// SQLite's own answer.
    #[error("{0}")]
    Sqlite(String),
}

impl QueryError {
    /// SQLite's answer to a statement that had `within_ms`.
    pub(crate) fn from_sqlite(error: &rusqlite::Error, within_ms: u64) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::OperationInterrupted) => Self::Deadline(within_ms),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(_) | None => Self::Sqlite(error.to_string()),
        }
    }
}

impl From<QueryError> for Error {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::AccessDenied => Self::AccessDenied,
            QueryError::NoSuchDatabase => Self::NoSuchDatabase,
            QueryError::Full => Self::DatabaseFull,
            QueryError::TooMany(_)
            | QueryError::Deadline(_)
            | QueryError::Locked
            | QueryError::ResultTooLarge(_)
            | QueryError::NotUtf8(_)
            | QueryError::Unavailable(_)
            | QueryError::Sqlite(_) => Self::Io(error.to_string()),
        }
    }
}

/// How a guest's call ends when not in success: an answer for the guest, or a trap.
#[derive(Debug)]
pub enum Failure {
    /// The guest gets this error and can handle it.
    Guest(Error),
    /// A fault of the host or an invalid handle: the instance is stopped.
    Trap(wasmtime::Error),
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        Self::Guest(error.into())
    }
}

impl From<wasmtime::component::ResourceTableError> for Failure {
    fn from(error: wasmtime::component::ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

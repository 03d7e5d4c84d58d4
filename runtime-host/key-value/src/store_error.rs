//! How a call to a key-value store ends when it does not succeed.

use crate::Error;
use host_redis::CallError;

/// Why a call did not succeed. Texts name no key and no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The component was not granted this label.
    #[error("the component is not granted this store")]
    AccessDenied,
    /// Granted, but there is no such store.
    #[error("there is no store with this label")]
    NoSuchStore,
    /// The instance holds too many stores open.
    #[error("too many stores are open in one instance")]
    TableFull,
    /// A key, a value or a list exceeds its bound.
    #[error("the {what} exceeds {bytes_max} bytes")]
    TooLarge {
        /// `key`, `value` or `list of keys`.
        what: &'static str,
        /// The bound that it exceeds.
        bytes_max: usize,
    },
    /// The store has no room for the write.
    #[error("the store is full: it holds at most {0} bytes")]
    Full(u64),
    /// No answer in time; a write may still happen.
    #[error("deadline: no answer within {0} ms")]
    Deadline(u64),
    /// The backend cannot be reached or does not work.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The database file is damaged; it is being replaced by an empty one.
    #[error("unavailable: the database file is damaged: {0}")]
    Damaged(String),
}

impl From<CallError> for StoreError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unavailable(text) => Self::Unavailable(text),
            CallError::Deadline(ms) => Self::Deadline(ms),
            CallError::InvalidAddress
            | CallError::Refused(_)
            | CallError::TooMany(_)
            | CallError::WrongType
            | CallError::TooLarge { .. }
            | CallError::Unsupported(_)
            | CallError::Server(_) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<redb::StorageError> for StoreError {
    fn from(error: redb::StorageError) -> Self {
        match error {
            redb::StorageError::Corrupted(text) => Self::Damaged(text),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<redb::TransactionError> for StoreError {
    fn from(error: redb::TransactionError) -> Self {
        match error {
            redb::TransactionError::Storage(storage) => storage.into(),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<redb::TableError> for StoreError {
    fn from(error: redb::TableError) -> Self {
        match error {
            redb::TableError::Storage(storage) => storage.into(),
            // A table of another shape: the file is not one that this program wrote.
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl From<redb::CommitError> for StoreError {
    fn from(error: redb::CommitError) -> Self {
        match error {
            redb::CommitError::Storage(storage) => storage.into(),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::AccessDenied => Self::AccessDenied,
            StoreError::NoSuchStore => Self::NoSuchStore,
            StoreError::TableFull => Self::StoreTableFull,
            StoreError::TooLarge { .. }
            | StoreError::Full(_)
            | StoreError::Deadline(_)
            | StoreError::Unavailable(_)
            | StoreError::Damaged(_) => Self::Other(error.to_string()),
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

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Guest(error.into())
    }
}

impl From<wasmtime::component::ResourceTableError> for Failure {
    fn from(error: wasmtime::component::ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

//! How a call to Redis ends when it does not succeed, in the host's words and in the interface's.

use crate::Error;
use host_egress::{Refused, ResolveError};

/// Why a call did not succeed. Texts name no user, password, key or value.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// The text given to `open` is not a Redis address.
    #[error("not a Redis address: redis[s]://[user:password@]host[:port][/database] is")]
    InvalidAddress,
    /// The component, or this host, may not connect there.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A bound of [`crate::Settings`] is reached; says which.
    #[error("too many {0}")]
    TooMany(&'static str),
    /// The server cannot be reached, or the connection broke: it is not known whether the command ran.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// No answer in time: it is not known whether the command ran.
    #[error("deadline: no answer within {0} ms")]
    Deadline(u64),
    /// The value, or the key's type, does not fit the command.
    #[error("the key holds a value of another type")]
    WrongType,
    /// More bytes than a call may carry.
    #[error("the {what} exceeds {bytes_max} bytes")]
    TooLarge {
        /// `request` or `reply`.
        what: &'static str,
        /// The bound that it exceeds.
        bytes_max: usize,
    },
    /// A reply that the interface has no shape for.
    #[error("a reply of Redis' type {0} has no counterpart in the interface")]
    Unsupported(&'static str),
    /// The server's own error answer.
    #[error("{0}")]
    Server(String),
}

impl CallError {
    /// True when the connection that gave this error should not be used again.
    pub(crate) fn ends_connection(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Deadline(_) => true,
            Self::InvalidAddress
            | Self::Refused(_)
            | Self::TooMany(_)
            | Self::WrongType
            | Self::TooLarge { .. }
            | Self::Unsupported(_)
            | Self::Server(_) => false,
        }
    }

    /// What the client library or the server said, sorted.
    pub(crate) fn from_redis(error: &redis::RedisError) -> Self {
        if error.kind() == redis::ErrorKind::AuthenticationFailed {
            return Self::Server(error.to_string());
        }
        match error.code() {
            Some("WRONGTYPE") => return Self::WrongType,
            // The server is there but not yet, or no longer, able to answer.
            Some("LOADING" | "MASTERDOWN" | "BUSY") => return Self::Unavailable(error.to_string()),
            Some(code) => {
                return Self::Server(match error.detail() {
                    Some(detail) => format!("{code} {detail}"),
                    None => code.to_owned(),
                });
            }
            None => {}
        }
        if error.is_io_error() || error.is_unrecoverable_error() {
            return Self::Unavailable(error.to_string());
        }
        Self::Server(error.to_string())
    }
}

impl From<ResolveError> for CallError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Refused(refused) => Self::Refused(refused),
            ResolveError::Lookup { .. } => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        match error {
            // As on Spin: a guest cannot tell a malformed address from one it was not granted.
            CallError::InvalidAddress | CallError::Refused(_) => Self::InvalidAddress,
            CallError::TooMany(_) => Self::TooManyConnections,
            CallError::WrongType => Self::TypeError,
            CallError::Unavailable(_)
            | CallError::Deadline(_)
            | CallError::TooLarge { .. }
            | CallError::Unsupported(_)
            | CallError::Server(_) => Self::Other(error.to_string()),
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

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Guest(error.into())
    }
}

impl From<wasmtime::component::ResourceTableError> for Failure {
    fn from(error: wasmtime::component::ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

//! The errors of the interface as JSON, nothing left out.

use serde_json::{Value, json};
use spin_sdk::pg::{PgError as Error, QueryError};

/// `{"kind": …, …}`.
pub(crate) fn described(error: Error) -> Value {
    match error {
        Error::ConnectionFailed(text) => json!({ "kind": "connection-failed", "text": text }),
        Error::BadParameter(text) => json!({ "kind": "bad-parameter", "text": text }),
        Error::ValueConversionFailed(text) => json!({ "kind": "value-conversion-failed", "text": text }),
        Error::Other(text) => json!({ "kind": "other", "text": text }),
        Error::QueryFailed(QueryError::Text(text)) => json!({ "kind": "query-failed", "text": text }),
        Error::QueryFailed(QueryError::DbError(error)) => json!({
            "kind": "db-error",
            "asText": error.as_text,
            "severity": error.severity,
            "code": error.code,
            "message": error.message,
            "detail": error.detail,
            "extras": error.extras.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        }),
    }
}

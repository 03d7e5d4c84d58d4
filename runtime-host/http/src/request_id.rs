//! One id for each request, in its headers, its answer, its log line.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;
use uuid::Uuid;

/// The header that carries it, both ways.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const CHARS_MAX: usize = 64;

/// A request's id: the client's, when it is a sane token, else one of ours (UUIDv7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// A new one.
    pub fn new() -> Self {
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        let text = Uuid::now_v7().hyphenated().encode_lower(&mut text);
        RequestId(HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("0")))
    }

    /// The one that a client sent, or a new one; what stays in `headers` is the one in force.
    pub(crate) fn settle(headers: &mut HeaderMap) -> Self {
        let id = match headers.get(X_REQUEST_ID) {
            Some(value) if is_sane(value.as_bytes()) => RequestId(value.clone()),
            _ => RequestId::new(),
        };
        headers.insert(X_REQUEST_ID, id.0.clone());
        id
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

impl Default for RequestId {
    fn default() -> Self {
        RequestId::new()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_sane(value: &[u8]) -> bool {
    (1..=CHARS_MAX).contains(&value.len())
        && value.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(value: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_static(value));
        RequestId::settle(&mut headers).to_string()
    }

    #[test]
    fn a_sane_id_is_kept() {
        assert_eq!(settled("order-7_a.b"), "order-7_a.b");
    }

    #[test]
    fn an_id_that_could_forge_a_log_line_is_replaced() {
        assert_ne!(settled("a b"), "a b");
        assert_ne!(settled("\"x\""), "\"x\"");
        assert_ne!(settled(""), "");
    }

    #[test]
    fn two_new_ids_differ() {
        assert_ne!(RequestId::new(), RequestId::new());
    }
}

//! One call of a test component: path below its route, query, headers, body.

use std::fmt;

use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};
use spin_sdk::http::{HeaderMap, Method, Request};
use spin_sdk::wasip3::http_compat::IncomingRequestBody;

use crate::{Answer, whole};

/// Longest instruction that a test may send in one body.
pub const BODY_BYTES_MAX: usize = 4 << 20;

/// A test asked for something that the component cannot read; a mistake in the test, never in the host.
#[derive(Debug, Clone, Copy)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Malformed {
    /// 400 with the reason.
    pub fn answer(self) -> Answer {
        whole(400, "application/json", json!({ "malformed": self.0 }).to_string())
    }
}

/// One call, taken apart.
pub struct Call {
    pub method: Method,
    /// Below the component's route, without the slash in front: `fetch` for `/capability-outbound-http/fetch`.
    pub path: String,
    pub headers: HeaderMap,
    pub body: IncomingRequestBody,
    query: Vec<(String, String)>,
}

impl Call {
    /// Reads method, path and query; the body is left as it arrives.
    pub fn new(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let below =
            parts.headers.get("spin-path-info").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let path = below.trim_start_matches('/').to_owned();
        let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let query = query.into_owned().collect();
        Self { method: parts.method, path, headers: parts.headers, body, query }
    }

    /// A query parameter, decoded.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter that is a whole number, or `otherwise` when it is not given.
    pub fn number(&self, name: &str, otherwise: u64) -> Result<u64, Malformed> {
        match self.text(name) {
            None => Ok(otherwise),
            Some(digits) => digits.parse().map_err(|_| Malformed("a query parameter is not a number")),
        }
    }

    /// The whole body as JSON.
    pub async fn json(self) -> Result<Value, Malformed> {
        let body = Limited::new(self.body, BODY_BYTES_MAX).collect().await;
        let bytes = body.map_err(|_| Malformed("the body broke off or is over 4 MiB"))?.to_bytes();
        serde_json::from_slice(&bytes).map_err(|_| Malformed("the body is not JSON"))
    }
}

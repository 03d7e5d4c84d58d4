//! Answers of the sandbox: JSON, plain text, redirects. Pages are in [`crate::page`].

use bytes::Bytes;
use serde::Serialize;
use spin_sdk::http::{FullBody, HeaderValue, Response, StatusCode};

/// Every answer of the sandbox is whole.
pub type Answer = Response<FullBody<Bytes>>;

/// Any value as JSON; never cached, since everything here is made for one moment.
pub fn json(status: u16, value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(bytes) => with_type(status, "application/json", bytes),
        Err(error) => plain(500, error.to_string()),
    }
}

/// Plain text.
pub fn plain(status: u16, text: impl Into<Bytes>) -> Answer {
    with_type(status, "text/plain; charset=utf-8", text)
}

/// 204.
pub fn no_content() -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
}

/// 303: what comes next is a GET, also after a POST. A target that is no header value is an empty 500.
pub fn redirect(to: &str) -> Answer {
    let mut answer = Answer::default();
    match HeaderValue::from_str(to) {
        Ok(location) => {
            *answer.status_mut() = StatusCode::SEE_OTHER;
            answer.headers_mut().insert("location", location);
            answer.headers_mut().insert("cache-control", HeaderValue::from_static("no-store"));
        }
        Err(_) => *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    answer
}

/// 405 with what is allowed.
pub fn not_allowed(allow: &'static str) -> Answer {
    let mut answer = plain(405, format!("allowed: {allow}"));
    answer.headers_mut().insert("allow", HeaderValue::from_static(allow));
    answer
}

pub(crate) fn with_type(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(FullBody::new(body.into()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = answer.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(content_type));
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    answer
}

//! Calls to other services: small documents, bounded in size and time.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use spin_sdk::{
    http::{Request, StatusCode, send},
    wasip3::{http::types::RequestOptions, http_compat::RequestOptionsExtension},
};

use crate::Failure;

/// Bytes of an answer that is read, at most.
const ANSWER_BYTES_MAX: usize = 131_072;
/// Milliseconds to wait for a connection, for the first byte, and between bytes.
const WAIT_MS: u64 = 4_000;
const NANOS_PER_MS: u64 = 1_000_000;

/// Another service's answer.
pub struct Fetched {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Bytes,
}

/// Sends a form and reads the answer.
///
/// # Errors
/// Unavailable when the service cannot be reached or says too much; a fault for an address that is none.
pub async fn post_form(url: &str, fields: &[(&str, &str)]) -> Result<Fetched, Failure> {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::post(url).header("content-type", "application/x-www-form-urlencoded");
    fetch(url, request.header("accept", "application/json"), form.into()).await
}

/// Reads a JSON document, with a bearer token where the service wants one.
///
/// # Errors
/// As [`post_form`].
pub async fn get(url: &str, bearer: Option<&str>) -> Result<Fetched, Failure> {
    let mut request = Request::get(url).header("accept", "application/json");
    if let Some(token) = bearer {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    fetch(url, request, Bytes::new()).await
}

async fn fetch(url: &str, request: http::request::Builder, body: Bytes) -> Result<Fetched, Failure> {
    // The log gets the service's address without what was asked of it: queries may hold codes.
    let place = url.split(['?', '#']).next().unwrap_or_default();
    let request = request
        .extension(options())
        .body(Full::new(body))
        .map_err(|e| Failure::fault(format!("{place}: {e}")))?;
    let response = send(request).await.map_err(|e| Failure::unavailable(format!("{place}: {e}")))?;
    let status = response.status();
    let read = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    let body = read.map_err(|e| Failure::unavailable(format!("{place}: {e}")))?.to_bytes();
    Ok(Fetched { status, body })
}

fn options() -> RequestOptionsExtension {
    let options = RequestOptions::new();
    let wait = Some(WAIT_MS * NANOS_PER_MS);
    // A host that does not know a limit keeps its own.
    let _kept = [
        options.set_connect_timeout(wait),
        options.set_first_byte_timeout(wait),
        options.set_between_bytes_timeout(wait),
    ];
    RequestOptionsExtension(options)
}

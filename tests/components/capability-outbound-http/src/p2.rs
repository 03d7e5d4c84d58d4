//! Calls through `wasi:http/outgoing-handler@0.2`, which blocks the instance until the answer is there.

use serde_json::{Value, json};
use tests_components_probe::payload;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::streams::StreamError;

use crate::errors::described;
use crate::order::Fetch;
use crate::p3::KEPT_BYTES_MAX;

const MS_NANOS: u64 = 1_000_000;
const WRITE_BYTES_MAX: usize = 4096;
const READ_BYTES: u64 = 16 << 10;

/// One call, its answer read up to the bound.
pub(crate) fn fetch(fetch: &Fetch) -> Result<Value, Value> {
    let request = request(fetch)?;
    let body = request.body().map_err(|()| json!({ "code": "BodyTaken" }))?;
    let answer = handle(request, Some(options(fetch)?)).map_err(|error| described(&error))?;
    write(body, &fetch.body)?;
    answer.subscribe().block();
    let answer = answer.get().and_then(Result::ok).ok_or_else(|| json!({ "code": "AnswerTaken" }))?;
    read(&answer.map_err(|error| described(&error))?, fetch.read_bytes_max)
}

fn request(fetch: &Fetch) -> Result<OutgoingRequest, Value> {
    let wrong = |part: &str| json!({ "code": "NotARequest", "text": part });
    let (scheme, rest) = fetch.url.split_once("://").ok_or_else(|| wrong("scheme"))?;
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, format!("/{path}")),
        None => (rest, "/".to_owned()),
    };
    let headers: Vec<_> =
        fetch.headers.iter().map(|(name, value)| (name.clone(), value.as_bytes().to_vec())).collect();
    let request = OutgoingRequest::new(Fields::from_list(&headers).map_err(|error| described(&error))?);
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    request.set_method(&method(&fetch.method)).map_err(|()| wrong("method"))?;
    request.set_scheme(Some(&scheme)).map_err(|()| wrong("scheme"))?;
    request.set_authority(Some(authority)).map_err(|()| wrong("authority"))?;
    request.set_path_with_query(Some(&path)).map_err(|()| wrong("path"))?;
    Ok(request)
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "PATCH" => Method::Patch,
        "HEAD" => Method::Head,
        "OPTIONS" => Method::Options,
        other => Method::Other(other.to_owned()),
    }
}

fn options(fetch: &Fetch) -> Result<RequestOptions, Value> {
    let unsupported = |()| json!({ "code": "TimeoutNotSupported" });
    let nanos = |ms: Option<u64>| ms.map(|ms| ms.saturating_mul(MS_NANOS));
    let options = RequestOptions::new();
    options.set_connect_timeout(nanos(fetch.connect_ms)).map_err(unsupported)?;
    options.set_first_byte_timeout(nanos(fetch.first_byte_ms)).map_err(unsupported)?;
    options.set_between_bytes_timeout(nanos(fetch.between_bytes_ms)).map_err(unsupported)?;
    Ok(options)
}

fn write(body: OutgoingBody, bytes: &[u8]) -> Result<(), Value> {
    let stream = body.write().map_err(|()| json!({ "code": "BodyTaken" }))?;
    for piece in bytes.chunks(WRITE_BYTES_MAX) {
        match stream.blocking_write_and_flush(piece) {
            Ok(()) => {}
            // The server has answered and reads no more: its answer counts.
            Err(StreamError::Closed | StreamError::LastOperationFailed(_)) => break,
        }
    }
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|error| described(&error))
}

fn read(answer: &IncomingResponse, read_bytes_max: u64) -> Result<Value, Value> {
    let headers: Value = answer
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| json!([name, String::from_utf8_lossy(&value)]))
        .collect();
    let body = answer.consume().map_err(|()| json!({ "code": "BodyTaken" }))?;
    let stream = body.stream().map_err(|()| json!({ "code": "BodyTaken" }))?;
    let (mut bytes, mut kept) = (0_u64, Vec::new());
    while bytes < read_bytes_max {
        match stream.blocking_read(READ_BYTES) {
            Ok(piece) => {
                bytes += piece.len() as u64;
                kept.extend_from_slice(&piece[..piece.len().min(KEPT_BYTES_MAX.saturating_sub(kept.len()))]);
            }
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                let error = json!({ "code": "StreamFailed", "text": error.to_debug_string() });
                return Err(json!({ "duringBody": error, "bytes": bytes }));
            }
        }
    }
    drop(stream);
    drop(IncomingBody::finish(body));
    Ok(json!({ "status": answer.status(), "headers": headers, "bytes": bytes, "body": payload(&kept) }))
}

//! Calls through `wasi:http/client@0.3.0`: whole, many at once, piped, and dropped in mid-flight.

use bytes::Bytes;
use futures::future::join_all;
use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{BoxBody, EmptyBody, FullBody, Method, Request, Response, box_body, send};
use spin_sdk::wasip3::http::types::RequestOptions;
use spin_sdk::wasip3::http_compat::RequestOptionsExtension;
use tests_components_probe::{Answer, Call, Malformed, json, outcome, payload};

use crate::errors::described;
use crate::order::Fetch;

const MS_NANOS: u64 = 1_000_000;

/// How much of a body is shown in the answer; all of it is counted.
pub(crate) const KEPT_BYTES_MAX: usize = 64 << 10;

/// One call, its answer read up to the bound.
pub(crate) async fn fetch(fetch: Fetch) -> Result<Value, Value> {
    let read_bytes_max = fetch.read_bytes_max;
    let request = request(&fetch)?;
    let answer = send(request).await.map_err(|error| described(&error))?;
    read(answer, read_bytes_max).await
}

/// The same call `times` times at once.
pub(crate) async fn together(order: &Fetch) -> Answer {
    let calls = (0..order.times).map(|_| fetch(order.clone()));
    let results = join_all(calls).await.into_iter().map(|result| match result {
        Ok(value) => json!({ "ok": value["status"] }),
        Err(error) => json!({ "err": error }),
    });
    json(&Value::from(results.collect::<Vec<_>>()))
}

/// The body that arrives goes to `url`, what answers comes back, both while they arrive.
pub(crate) async fn pipe(call: Call) -> Result<Answer, Malformed> {
    let url = call.text("url").ok_or(Malformed("url is missing"))?.to_owned();
    let method = call.method.clone();
    let body = if method == Method::GET { box_body(EmptyBody::new()) } else { box_body(call.body) };
    let request = Request::builder().method(method).uri(url).body(body);
    match send(request.map_err(|_| Malformed("not a URL"))?).await {
        Ok(answer) => Ok(answer.map(box_body)),
        Err(error) => Ok(outcome(Err(described(&error)))),
    }
}

/// Sends, and drops the call before it is answered; the server at `url` should see the connection go.
pub(crate) async fn hang_up(call: &Call) -> Result<Answer, Malformed> {
    let url = call.text("url").ok_or(Malformed("url is missing"))?;
    let after = std::time::Duration::from_millis(call.number("afterMs", 100)?);
    let request = Request::get(url).body(EmptyBody::new()).map_err(|_| Malformed("not a URL"))?;
    let answered = futures::select_biased! {
        answer = send(request).fuse() => Some(answer.map(|answer| answer.status().as_u16())),
        () = spin_sdk::time::sleep(after).fuse() => None,
    };
    Ok(match answered {
        Some(Ok(status)) => outcome(Ok(json!({ "status": status }))),
        Some(Err(error)) => outcome(Err(described(&error))),
        None => outcome(Ok(json!("hung up"))),
    })
}

fn request(fetch: &Fetch) -> Result<Request<BoxBody>, Value> {
    let mut request = Request::builder().method(fetch.method.as_str()).uri(fetch.url.as_str());
    for (name, value) in &fetch.headers {
        request = request.header(name, value);
    }
    if fetch.connect_ms.or(fetch.first_byte_ms).or(fetch.between_bytes_ms).is_some() {
        request = request.extension(RequestOptionsExtension(options(fetch)?));
    }
    let body = match fetch.body.as_slice() {
        [] => box_body(EmptyBody::new()),
        bytes => box_body(FullBody::new(Bytes::copy_from_slice(bytes))),
    };
    request.body(body).map_err(|error| json!({ "code": "NotARequest", "text": error.to_string() }))
}

fn options(fetch: &Fetch) -> Result<RequestOptions, Value> {
    let options = RequestOptions::new();
    let nanos = |ms: Option<u64>| ms.map(|ms| ms.saturating_mul(MS_NANOS));
    options.set_connect_timeout(nanos(fetch.connect_ms)).map_err(|error| described(&error))?;
    options.set_first_byte_timeout(nanos(fetch.first_byte_ms)).map_err(|error| described(&error))?;
    options.set_between_bytes_timeout(nanos(fetch.between_bytes_ms)).map_err(|error| described(&error))?;
    Ok(options)
}

async fn read(answer: Response, read_bytes_max: u64) -> Result<Value, Value> {
    let (parts, body) = answer.into_parts();
    let headers: Value = parts
        .headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let (mut bytes, mut kept) = (0_u64, Vec::new());
    let mut arriving = body.stream();
    while bytes < read_bytes_max {
        let Some(piece) = arriving.next().await else { break };
        let piece = piece.map_err(|error| json!({ "duringBody": described(&error), "bytes": bytes }))?;
        bytes += piece.len() as u64;
        kept.extend_from_slice(&piece[..piece.len().min(KEPT_BYTES_MAX.saturating_sub(kept.len()))]);
    }
    Ok(json!({ "status": parts.status.as_u16(), "headers": headers, "bytes": bytes, "body": payload(&kept) }))
}

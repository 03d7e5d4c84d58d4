//! A middleware that signs what passes: `x-middleware: header` on the request and on the answer.
//!
//! Bodies and trailers are handed through by handle, so that not one byte of them enters this component's memory. Composed in
//! front of `echo` and `bench` by `tests/components/spin.toml`; `middleware-deny` is the one that needs a capability.

use spin_sdk::http::{IntoRequest, IntoResponse, Request, next};
use spin_sdk::http_service;
use spin_sdk::wasip3::http::types::{self, ErrorCode, Fields};
use spin_sdk::wasip3::wit_future;

const SIGNATURE: (&str, &[u8]) = ("x-middleware", b"header");

#[http_service]
async fn sign(request: Request) -> Result<types::Response, ErrorCode> {
    let answer = next(signed_request(request.into_request()?)?).await?;
    signed_answer(answer.into_response()?)
}

fn signed_request(request: types::Request) -> Result<types::Request, ErrorCode> {
    let (method, scheme) = (request.get_method(), request.get_scheme());
    let (authority, path) = (request.get_authority(), request.get_path_with_query());
    let headers = signed(&request.get_headers())?;
    let (_received, received) = wit_future::new(|| Ok(()));
    let (body, trailers) = types::Request::consume_body(request, received);
    let (request, _sent) = types::Request::new(headers, Some(body), trailers, None);
    let refused = |()| ErrorCode::HttpRequestUriInvalid;
    request.set_method(&method).map_err(|()| ErrorCode::HttpRequestMethodInvalid)?;
    request.set_scheme(scheme.as_ref()).map_err(refused)?;
    request.set_authority(authority.as_deref()).map_err(refused)?;
    request.set_path_with_query(path.as_deref()).map_err(refused)?;
    Ok(request)
}

fn signed_answer(answer: types::Response) -> Result<types::Response, ErrorCode> {
    let status = answer.get_status_code();
    let headers = signed(&answer.get_headers())?;
    let (_received, received) = wit_future::new(|| Ok(()));
    let (body, trailers) = types::Response::consume_body(answer, received);
    let (answer, _sent) = types::Response::new(headers, Some(body), trailers);
    answer.set_status_code(status).map_err(|()| ErrorCode::HttpProtocolError)?;
    Ok(answer)
}

/// A header that has passed another middleware keeps its value: one line is added for each.
fn signed(headers: &Fields) -> Result<Fields, ErrorCode> {
    let copy = headers.clone();
    copy.append(SIGNATURE.0, SIGNATURE.1).map_err(|_| ErrorCode::HttpRequestHeaderSize(None))?;
    Ok(copy)
}

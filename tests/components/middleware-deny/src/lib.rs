//! A middleware that asks the key-value store whether a client is denied: `deny/<x-client>` present = 403.
//!
//! It works only where the manifest lets it inherit `key_value_stores`; elsewhere the store refuses it, and it says so in
//! `x-deny-store` and lets the request pass. Shows order too: it adds `deny` to `x-middleware`. See `tests/components/spin.toml`.

use spin_sdk::http::{
    BoxBody, EmptyBody, HeaderMap, HeaderValue, Request, Response, StatusCode, box_body, next,
};
use spin_sdk::http_service;
use spin_sdk::key_value::{Error, Store};
use spin_sdk::wasip3::http::types::ErrorCode;

/// What the store said of a client.
enum Verdict {
    Denied,
    Passes { store: &'static str },
}

#[http_service]
async fn guard(request: Request) -> Result<Response<BoxBody>, ErrorCode> {
    let (mut parts, body) = request.into_parts();
    match verdict(&parts.headers).await {
        Verdict::Denied => Ok(denied()),
        Verdict::Passes { store } => {
            parts.headers.append("x-middleware", HeaderValue::from_static("deny"));
            let answer = next(Request::from_parts(parts, box_body(body))).await?;
            let mut answer = answer.map(box_body);
            answer.headers_mut().append("x-middleware", HeaderValue::from_static("deny"));
            answer.headers_mut().insert("x-deny-store", HeaderValue::from_static(store));
            Ok(answer)
        }
    }
}

async fn verdict(headers: &HeaderMap) -> Verdict {
    let client = headers.get("x-client").and_then(|value| value.to_str().ok()).unwrap_or("nobody");
    match is_denied(client).await {
        Ok(true) => Verdict::Denied,
        Ok(false) => Verdict::Passes { store: "asked" },
        Err(Error::AccessDenied) => Verdict::Passes { store: "access-denied" },
        Err(Error::NoSuchStore) => Verdict::Passes { store: "no-such-store" },
        Err(Error::StoreTableFull) => Verdict::Passes { store: "store-table-full" },
        Err(Error::Other(_)) => Verdict::Passes { store: "other" },
    }
}

async fn is_denied(client: &str) -> Result<bool, Error> {
    Store::open_default().await?.exists(format!("deny/{client}")).await
}

fn denied() -> Response<BoxBody> {
    let mut answer = Response::new(box_body(EmptyBody::new()));
    *answer.status_mut() = StatusCode::FORBIDDEN;
    answer
}

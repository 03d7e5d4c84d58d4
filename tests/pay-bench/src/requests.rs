//! What is sent.

use anyhow::Result;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use serde_json::json;
use tests_load::Requests;

/// Merchants that the load is spread over.
const MERCHANTS: u64 = 16;

/// The merchant of the n-th request.
pub(crate) fn merchant(number: u64) -> String {
    format!("bench-{}", number % MERCHANTS)
}

/// All merchants.
pub(crate) fn merchants() -> impl Iterator<Item = String> {
    (0..MERCHANTS).map(merchant)
}

/// Authorizations, each with a key of its own.
#[derive(Clone)]
pub(crate) struct Authorize {
    /// Tells this round's keys from those of others.
    pub(crate) round: String,
}

impl Requests for Authorize {
    fn request(&self, number: u64) -> Result<Request<Full<Bytes>>> {
        let body = json!({
            "merchantId": merchant(number),
            "amount": 1_000 + number % 9_000,
            "currency": "KRW",
            "idempotencyKey": format!("{}-{number}", self.round),
        });
        let request = Request::post("/api/payments/authorize")
            .header("host", "bench")
            .header("content-type", "application/json");
        Ok(request.body(Full::from(body.to_string()))?)
    }

    /// The profile declines one in ten thousand.
    fn accepts(&self, status: StatusCode) -> bool {
        status == StatusCode::OK || status == StatusCode::PAYMENT_REQUIRED
    }

    /// Of as many, the profile loses some answers: the same key asks what became of the payment.
    fn repeats(&self, status: StatusCode) -> bool {
        status == StatusCode::BAD_GATEWAY || status == StatusCode::GATEWAY_TIMEOUT
    }
}

/// One payment, read again and again by its merchant.
#[derive(Clone)]
pub(crate) struct Read {
    pub(crate) payment: i64,
    pub(crate) merchant: String,
}

impl Requests for Read {
    fn request(&self, _: u64) -> Result<Request<Full<Bytes>>> {
        let path = format!("/api/payments/{}?merchantId={}", self.payment, self.merchant);
        Ok(Request::get(path).header("host", "bench").body(Full::default())?)
    }
}

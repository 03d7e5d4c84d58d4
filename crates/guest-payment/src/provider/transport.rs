//! One request to the provider: bounded in time and size, and what it means when no answer comes.

use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::{Either, select};
use http_body_util::{BodyExt, Full, Limited};
use rules_payment::provider::{Doubt, ErrorClass, NotDone, ProviderCode};
use spin_sdk::http::{Method, Request, send};
use spin_sdk::wasip3::http::types::ErrorCode;

/// Bytes of an answer at most: a page of the report.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Nothing was sent: nobody listens there, or the name is not known.
const NOT_REACHED: &str = "NOT_REACHED";
/// Nothing was sent: the request or the grant is wrong.
const NOT_SENT: &str = "NOT_SENT";

/// A call, its body already written.
pub(super) struct Wire<'a> {
    pub(super) method: Method,
    pub(super) url: String,
    /// `Basic …`; goes into no log.
    pub(super) authorization: &'a str,
    /// The provider's `Idempotency-Key`.
    pub(super) key: Option<&'a str>,
    /// The trace that the call is a part of.
    pub(super) traceparent: Option<&'a str>,
    pub(super) body: Vec<u8>,
    pub(super) deadline_ms: u32,
}

/// An answer, whole.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

/// Why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// It may have been carried out.
    Unknown(Doubt),
    /// It was never sent.
    NotDone(NotDone),
}

/// Sends it and waits until the deadline; with it the milliseconds it took.
pub(super) async fn exchange(wire: Wire<'_>) -> (Result<Reply, Silence>, u32) {
    let since = Instant::now();
    let deadline = spin_sdk::time::sleep(Duration::from_millis(wire.deadline_ms.into()));
    let reply = match select(pin!(answered(wire)), pin!(deadline)).await {
        Either::Left((reply, _)) => reply,
        Either::Right(((), _)) => Err(Silence::Unknown(Doubt::Timeout)),
    };
    (reply, u32::try_from(since.elapsed().as_millis()).unwrap_or(u32::MAX))
}

async fn answered(wire: Wire<'_>) -> Result<Reply, Silence> {
    let mut request = Request::builder()
        .method(wire.method)
        .uri(&wire.url)
        .header("authorization", wire.authorization)
        .header("accept", "application/json");
    if !wire.body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    if let Some(key) = wire.key {
        request = request.header("idempotency-key", key);
    }
    if let Some(trace) = wire.traceparent {
        request = request.header("traceparent", trace);
    }
    let request =
        request.body(Full::new(Bytes::from(wire.body))).map_err(|_| not_sent(ErrorClass::Bug, NOT_SENT))?;
    let response = send(request).await.map_err(|error| silence(&error))?;
    let status = response.status().as_u16();
    // The head is here, so the provider has decided; without the rest nobody knows what.
    let read = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    let body = read.map_err(|_| Silence::Unknown(Doubt::ConnectionLost))?.to_bytes();
    Ok(Reply { status, body })
}

/// Only what happens before anything is sent is known to have had no effect.
fn silence(error: &ErrorCode) -> Silence {
    match error {
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionLimitReached => not_sent(ErrorClass::Retryable, NOT_REACHED),
        ErrorCode::HttpRequestDenied
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::DestinationIpProhibited => not_sent(ErrorClass::Bug, NOT_SENT),
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => Silence::Unknown(Doubt::Timeout),
        // Whatever else went wrong, the request may have arrived.
        _ => Silence::Unknown(Doubt::ConnectionLost),
    }
}

fn not_sent(class: ErrorClass, code: &str) -> Silence {
    Silence::NotDone(NotDone { class, code: Some(ProviderCode::read(code)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_connection_had_no_effect_and_a_broken_one_may_have_had_one() {
        assert!(matches!(silence(&ErrorCode::ConnectionRefused), Silence::NotDone(_)));
        assert_eq!(silence(&ErrorCode::ConnectionTerminated), Silence::Unknown(Doubt::ConnectionLost));
        assert_eq!(silence(&ErrorCode::HttpResponseIncomplete), Silence::Unknown(Doubt::ConnectionLost));
        assert_eq!(silence(&ErrorCode::ConnectionReadTimeout), Silence::Unknown(Doubt::Timeout));
        assert!(matches!(silence(&ErrorCode::TlsCertificateError), Silence::Unknown(_)));
    }
}

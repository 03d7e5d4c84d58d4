//! Carrying out what a case asks for.

use std::time::Duration;

use sandbox_kit::{Answer, json, plain};
use serde_json::json;
use spin_sdk::http::HeaderValue;

use crate::case::{Case, Effect};
use crate::toss_error::TossError;

/// How much longer `slow` takes: beyond what a circuit breaker calls slow.
pub(crate) const SLOW_MS: u64 = 3_000;
/// How long a caller waits in vain: longer than any deadline it should have.
pub(crate) const HANG_MS: u64 = 25_000;
/// When `once-late` is carried out: after the answer, and after a first look by the application.
pub(crate) const LATE_MS: u64 = 3_000;
/// What the broken answer promises.
const PROMISED_BYTES: &str = "4096";

/// An answer that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Broken,
    Error,
    Garbage,
}

impl Fault {
    pub(crate) fn answer(self) -> Answer {
        match self {
            // Fewer bytes than promised: the host cuts the connection.
            Self::Broken => {
                let mut answer = plain(200, "{\"version\":");
                answer.headers_mut().insert("content-length", HeaderValue::from_static(PROMISED_BYTES));
                answer
            }
            Self::Error => TossError::FailedInternalSystemProcessing.answer(),
            Self::Garbage => json(200, &json!(["not", "a", "payment"])),
        }
    }
}

/// What becomes of an answer after what the case asks for.
pub(crate) enum Told {
    /// The payment as it is, with so many callbacks before it.
    Payment { callbacks: u8 },
    /// Toss's error.
    Error(TossError),
    /// No answer worth the name.
    Fault(Fault),
    /// Nothing was done yet; it will be after [`LATE_MS`], when nobody listens any more.
    Late,
}

/// Waits as long as the provider takes, and as the case asks.
pub(crate) async fn told(case: Option<Case>, delay_ms: u64) -> Told {
    sleep(delay_ms).await;
    let Some(case) = case else { return Told::Payment { callbacks: 0 } };
    match case.effect {
        Effect::Plain => Told::Payment { callbacks: 0 },
        Effect::Callbacks(callbacks) => Told::Payment { callbacks },
        // Every decline is in the table: a test holds it.
        Effect::Decline(code) => {
            Told::Error(TossError::of_code(code).unwrap_or(TossError::RejectCardCompany))
        }
        Effect::RetryLater => Told::Error(TossError::TooManyRequests),
        Effect::Error => Told::Fault(Fault::Error),
        Effect::Garbage => Told::Fault(Fault::Garbage),
        Effect::Drop => Told::Fault(Fault::Broken),
        Effect::Slow => {
            sleep(SLOW_MS).await;
            Told::Payment { callbacks: 0 }
        }
        Effect::Hang => {
            sleep(HANG_MS).await;
            Told::Fault(Fault::Broken)
        }
        Effect::Late => Told::Late,
    }
}

pub(crate) async fn sleep(ms: u64) {
    if ms > 0 {
        spin_sdk::time::sleep(Duration::from_millis(ms)).await;
    }
}

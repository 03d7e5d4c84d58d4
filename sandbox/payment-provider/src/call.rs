//! Reading a call: JSON of known fields, bounded texts, the idempotency key; and how it is refused.

use sandbox_kit::{Answer, Call, Trouble, json};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::fault::Fault;
use crate::toss_error::TossError;

/// Longest order id and idempotency key; Toss takes 6 to 64 and up to 300 characters.
const ORDER_ID_CHARS: std::ops::RangeInclusive<usize> = 6..=64;
const IDEMPOTENCY_KEY_BYTES_MAX: usize = 300;
const TEXT_CHARS_MAX: usize = 200;

/// Why there is no payment in the answer.
pub(crate) enum Refused {
    /// As Toss says it.
    Toss(TossError),
    /// A fault that was asked for.
    Fault(Fault),
    /// The sandbox itself cannot work: the kit says why.
    Broken(Trouble),
    /// The database cannot be used: the text says why.
    Database(String),
    /// The steering was wrong: the text says why.
    Steering(String),
}

impl From<TossError> for Refused {
    fn from(error: TossError) -> Self {
        Self::Toss(error)
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        Self::Broken(trouble)
    }
}

impl Refused {
    pub(crate) fn answer(self) -> Answer {
        match self {
            Self::Toss(error) => error.answer(),
            Self::Fault(fault) => fault.answer(),
            Self::Broken(trouble) => trouble.answer(),
            Self::Database(text) => json(503, &json!({ "code": "SANDBOX_DATABASE", "message": text })),
            Self::Steering(text) => json(400, &json!({ "error": text })),
        }
    }
}

/// The body's fields; what Toss does not understand is `INVALID_REQUEST`.
pub(crate) async fn body<T: DeserializeOwned>(call: Call) -> Result<T, Refused> {
    let bytes = call.bytes().await?;
    serde_json::from_slice(&bytes).map_err(|_| TossError::InvalidRequest.into())
}

/// The key under which a call is executed once, if there is one.
pub(crate) fn idempotency_key(call: &Call) -> Result<Option<String>, Refused> {
    match call.header("idempotency-key") {
        "" => Ok(None),
        key if key.len() <= IDEMPOTENCY_KEY_BYTES_MAX => Ok(Some(key.to_owned())),
        _ => Err(TossError::InvalidIdempotencyKey.into()),
    }
}

/// Letters, digits, `-`, `_` and `=`, as Toss demands.
pub(crate) fn order_id(text: &str) -> Result<(), Refused> {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'=');
    let sane = ORDER_ID_CHARS.contains(&text.len()) && text.bytes().all(letter);
    if sane { Ok(()) } else { Err(TossError::InvalidOrderId.into()) }
}

/// Free text, cut to what is kept.
pub(crate) fn kept(text: Option<String>, otherwise: &str) -> String {
    let text = text.filter(|text| !text.is_empty()).unwrap_or_else(|| otherwise.to_owned());
    text.replace('\0', "").chars().take(TEXT_CHARS_MAX).collect()
}

//! What the test components share: reading one call and answering it in JSON.
//!
//! Each test component turns a capability of the host into small HTTP routes, so that a test outside can drive it. A refusal
//! by the host is part of the answer (`{"err": …}` with status 200); any other status than 200 therefore tells of the host.
//! Never linked into a component of the application. Look next at `tests/components/spin.toml`, then at the component asked for.

mod call;

use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use spin_sdk::http::{BoxBody, EmptyBody, FullBody, HeaderValue, Response};

pub use call::{BODY_BYTES_MAX, Call, Malformed};

/// An answer of any kind of body: whole, streamed or empty.
pub type Answer = Response<BoxBody>;

/// Whole body of known bytes.
pub fn whole(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let body = FullBody::new(body.into()).map_err(anyhow::Error::from).boxed_unsync();
    answer(status, content_type, body)
}

/// A body that is produced while it is sent.
pub fn streamed(content_type: &'static str, body: BoxBody) -> Answer {
    answer(200, content_type, body)
}

/// No body and no content type.
pub fn empty(status: u16) -> Answer {
    let mut answer = answer(status, "", EmptyBody::new().map_err(anyhow::Error::from).boxed_unsync());
    answer.headers_mut().clear();
    answer
}

/// Any JSON with status 200.
pub fn json(value: &Value) -> Answer {
    whole(200, "application/json", value.to_string())
}

/// `{"ok": …}` or `{"err": …}`, both with status 200.
pub fn outcome(result: Result<Value, Value>) -> Answer {
    match result {
        Ok(value) => json(&json!({ "ok": value })),
        Err(error) => json(&json!({ "err": error })),
    }
}

/// Bytes as tests read them: text when they are UTF-8, else hexadecimal.
pub fn payload(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({ "utf8": text }),
        Err(_) => json!({ "hex": hex(bytes) }),
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reverse of [`payload`].
pub fn from_payload(value: &Value) -> Result<Vec<u8>, Malformed> {
    if let Some(text) = value.get("utf8").and_then(Value::as_str) {
        return Ok(text.as_bytes().to_vec());
    }
    let digits = value.get("hex").and_then(Value::as_str).ok_or(Malformed("a payload is {utf8} or {hex}"))?;
    from_hex(digits)
}

fn from_hex(digits: &str) -> Result<Vec<u8>, Malformed> {
    let wrong = Malformed("hexadecimal is pairs of 0-9, a-f");
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return Err(wrong);
    }
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
    pairs.map(|pair| u8::from_str_radix(pair, 16)).collect::<Result<_, _>>().map_err(|_| wrong)
}

fn answer(status: u16, content_type: &'static str, body: BoxBody) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = spin_sdk::http::StatusCode::from_u16(status).unwrap_or_default();
    answer.headers_mut().insert("content-type", HeaderValue::from_static(content_type));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_were_sent() {
        for bytes in [&b""[..], b"text", &[0xff, 0x00, 0x10]] {
            assert_eq!(from_payload(&payload(bytes)).unwrap(), bytes);
        }
    }

    #[test]
    fn odd_or_foreign_digits_are_malformed() {
        for digits in ["a", "zz", "한글"] {
            assert!(from_payload(&json!({ "hex": digits })).is_err(), "{digits}");
        }
    }
}

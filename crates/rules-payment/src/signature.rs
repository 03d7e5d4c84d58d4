//! How a caller signs a request, and how that is checked.
//!
//! A signed request has four headers: `X-Api-Key` (the key's id), `X-Timestamp` (seconds since 1970), `X-Nonce` (16 to 64
//! visible ASCII characters, never used before) and `X-Signature`, which is
//! `hex(HMAC-SHA256(secret, canonical))`. The secret is used as it was handed out, as text. The canonical string is six
//! lines joined by one line feed each, without one at the end:
//!
//! ```text
//! MOALOG-HMAC-SHA256-V1
//! POST
//! /api/payments/authorize?trace=a%20b
//! 1767225600
//! 3f1c9a7e5b2d4860
//! <hex of the SHA-256 of the body's bytes>
//! ```
//!
//! Path and query are those of the request line, encoded as sent: nobody decodes or sorts them. A body that is not there
//! counts as empty. Hex digits are small letters; a signature is read in either case.
//!
//! A worked example:
//!
//! ```
//! use rules_payment::signature::{Signed, body_sha256, secret_of};
//!
//! let secret = secret_of(b"master-key-for-the-worked-example", "mk_example");
//! assert_eq!(secret, "ck6KP7GwnIElXaxM-giiohMnEDaMMC4D83UaEimGdEM");
//! let body = br#"{"merchantId":"M-1001","amount":10000,"currency":"KRW","idempotencyKey":"order-1"}"#;
//! let signed = Signed {
//!     method: "POST",
//!     path_and_query: "/api/payments/authorize?trace=a%20b",
//!     timestamp: "1767225600",
//!     nonce: "3f1c9a7e5b2d4860",
//!     body_sha256: &body_sha256(body),
//! };
//! let canonical = signed.canonical();
//! let last = "1382591fa69268dc25f35eb436b13f0e4f9c1b04a916ae0f529ec852259df6c7";
//! assert_eq!(canonical.lines().last(), Some(last));
//! let signature = signed.sign(secret.as_bytes());
//! assert_eq!(signature, "fe03972a097c7d67260dc180778a7dd93203c21c4fa88b9a1548b929596d5def");
//! assert!(signed.verify(secret.as_bytes(), &signature));
//! ```

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// First line of the canonical string.
pub const VERSION: &str = "MOALOG-HMAC-SHA256-V1";
/// Seconds a timestamp may be off, in both directions.
pub const SKEW_S_MAX: i64 = 300;
/// Shortest nonce, in characters.
pub const NONCE_CHARS_MIN: usize = 16;
/// Longest nonce, in characters.
pub const NONCE_CHARS_MAX: usize = 64;
/// Longest id of a key, in characters.
pub const KEY_ID_CHARS_MAX: usize = 64;
/// Seconds a nonce has to be remembered: until its timestamp is refused by itself.
pub const NONCE_KEPT_S: i64 = 2 * SKEW_S_MAX;
/// Hex digits of a signature.
const SIGNATURE_CHARS: usize = 64;

/// What is signed of a request.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// E.g. `POST`.
    pub method: &'a str,
    /// As in the request line.
    pub path_and_query: &'a str,
    /// As in the header.
    pub timestamp: &'a str,
    /// As in the header.
    pub nonce: &'a str,
    /// SHA-256 of the body's bytes.
    pub body_sha256: &'a [u8; 32],
}

/// The four headers, well-formed and in time; the signature itself is not checked yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureHeaders<'a> {
    /// The key's id.
    pub key_id: &'a str,
    /// As sent; seconds since 1970.
    pub timestamp: &'a str,
    /// As sent.
    pub nonce: &'a str,
    /// As sent.
    pub signature: &'a str,
    /// The timestamp as a number.
    pub signed_at_s: i64,
}

/// Why headers cannot be those of a signed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HeaderFault {
    /// No header of the four was sent.
    #[error("the request is not signed")]
    Unsigned,
    /// One of the four is missing or malformed.
    #[error("a header of the signature is missing or malformed")]
    Malformed,
    /// The timestamp is too old or too far ahead.
    #[error("the timestamp is off by more than {SKEW_S_MAX} seconds")]
    Skewed,
}

impl<'a> SignatureHeaders<'a> {
    /// Reads the headers `X-Api-Key`, `X-Timestamp`, `X-Nonce` and `X-Signature`, in this order.
    ///
    /// # Errors
    /// When none was sent, one is missing or malformed, or the timestamp is off.
    pub fn read(sent: [Option<&'a str>; 4], now_s: i64) -> Result<Self, HeaderFault> {
        let [Some(key_id), Some(timestamp), Some(nonce), Some(signature)] = sent else {
            let none = sent.iter().all(Option::is_none);
            return Err(if none { HeaderFault::Unsigned } else { HeaderFault::Malformed });
        };
        let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let sane_key = (1..=KEY_ID_CHARS_MAX).contains(&key_id.len()) && key_id.bytes().all(letter);
        let sane_nonce = (NONCE_CHARS_MIN..=NONCE_CHARS_MAX).contains(&nonce.len())
            && nonce.bytes().all(|b| b.is_ascii_graphic());
        let digits = (1..=12).contains(&timestamp.len()) && timestamp.bytes().all(|b| b.is_ascii_digit());
        if !sane_key || !sane_nonce || !digits || signature.len() != SIGNATURE_CHARS {
            return Err(HeaderFault::Malformed);
        }
        let signed_at_s: i64 = timestamp.parse().map_err(|_| HeaderFault::Malformed)?;
        if signed_at_s.abs_diff(now_s) > SKEW_S_MAX.unsigned_abs() {
            return Err(HeaderFault::Skewed);
        }
        Ok(Self { key_id, timestamp, nonce, signature, signed_at_s })
    }
}

impl Signed<'_> {
    /// The string that is signed.
    #[must_use]
    pub fn canonical(&self) -> String {
        let Self { method, path_and_query, timestamp, nonce, body_sha256 } = self;
        format!("{VERSION}\n{method}\n{path_and_query}\n{timestamp}\n{nonce}\n{}", hex(*body_sha256))
    }

    /// The signature, 64 hex digits.
    #[must_use]
    pub fn sign(&self, secret: &[u8]) -> String {
        hex(&self.mac(secret).finalize().into_bytes())
    }

    /// Whether a signature is that of this request, compared in constant time.
    #[must_use]
    pub fn verify(&self, secret: &[u8], signature: &str) -> bool {
        unhex(signature).is_some_and(|bytes| self.mac(secret).verify_slice(&bytes).is_ok())
    }

    fn mac(&self, secret: &[u8]) -> Hmac<Sha256> {
        keyed(secret).chain_update(self.canonical())
    }
}

/// The secret of a key: nobody stores it, it follows from the master secret and the key's id.
#[must_use]
pub fn secret_of(master: &[u8], key_id: &str) -> String {
    let mac = keyed(master).chain_update("moalog-api-key:").chain_update(key_id);
    BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// The hash of a body.
#[must_use]
pub fn body_sha256(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret).expect("HMAC takes keys of any length (RFC 2104)")
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn unhex(text: &str) -> Option<[u8; SIGNATURE_CHARS / 2]> {
    if text.len() != SIGNATURE_CHARS {
        return None;
    }
    let mut bytes = [0; SIGNATURE_CHARS / 2];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(0)? << 4 | digit(1)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;

//! The only place a component takes randomness from: the host's secure source.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::Rng;

/// Secure random bytes.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// A secret of `N` random bytes that fits into an address, e.g. a PKCE verifier (32 bytes, 43 characters).
#[must_use]
pub fn text<const N: usize>() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes::<N>())
}

/// An id of 52 random bits, 1 to 2^52: JSON-safe, and it tells nothing.
#[must_use]
pub fn id() -> i64 {
    let bits = u64::from_be_bytes(bytes()) >> 12;
    i64::try_from(bits).map_or(1, |bits| bits + 1)
}

//! The same request twice: which key names it, what of it counts, and what is replayed or run again.

use sha2::{Digest, Sha256};
use thiserror::Error;

/// Longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 64;
/// Hours a stored answer is kept.
pub const KEPT_H: u32 = 24;
/// Seconds after which a key whose owner died is free again. Longer than a provider's deadline with room to store the end.
pub const LEASE_S: u32 = 30;
/// Milliseconds a call to a provider may take.
pub const PROVIDER_DEADLINE_MS: u32 = 10_000;
/// Days for which a provider knows our key (Toss Payments: 15). Later it has to be asked by order id first.
pub const PROVIDER_KEY_DAYS: u32 = 15;

const _: () = assert!(PROVIDER_DEADLINE_MS * 2 < LEASE_S * 1_000);
const _: () = assert!(KEPT_H < PROVIDER_KEY_DAYS * 24);

/// A key: 1 to [`KEY_BYTES_MAX`] visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a key has 1 to {KEY_BYTES_MAX} visible ASCII characters")]
pub struct NoKey;

impl IdempotencyKey {
    /// Reads a key.
    pub fn parse(text: &str) -> Result<Self, NoKey> {
        let sane = (1..=KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if sane { Ok(Self(text.to_owned())) } else { Err(NoKey) }
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How a request ended, as far as its key is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Done.
    Done,
    /// The provider declined, or a rule said no once the key was claimed.
    Refused,
    /// The request itself cannot be taken (validation, unknown address): the key was never claimed.
    Invalid,
    /// The caller is not known or may not do this.
    Forbidden,
    /// Too many requests.
    Limited,
    /// The same key is still running, or came with another request.
    KeyConflict,
    /// Known to have had no effect (breaker open, provider busy, database away before the call).
    NoEffect,
    /// Nobody knows what the provider did.
    Unknown,
    /// Our fault.
    Fault,
}

/// What the same key gets next time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Again {
    /// The stored answer, byte by byte.
    Replayed,
    /// A run from the start.
    RunAgain,
    /// The provider is asked first, by our own order id.
    AskedFirst,
}

impl Ending {
    /// Every ending.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::Refused,
        Self::Invalid,
        Self::Forbidden,
        Self::Limited,
        Self::KeyConflict,
        Self::NoEffect,
        Self::Unknown,
        Self::Fault,
    ];

    /// The written rule. A fault may have come after the provider was called, so it asks first as well.
    #[must_use]
    pub const fn next_time(self) -> Again {
        match self {
            Self::Done | Self::Refused => Again::Replayed,
            Self::Invalid | Self::Forbidden | Self::Limited | Self::KeyConflict | Self::NoEffect => {
                Again::RunAgain
            }
            Self::Unknown | Self::Fault => Again::AskedFirst,
        }
    }

    /// Whether the answer is stored under the key.
    #[must_use]
    pub const fn is_stored(self) -> bool {
        matches!(self.next_time(), Again::Replayed)
    }
}

/// The hash that tells two requests under one key apart: method, path and the body's fields in the order given, absent
/// ones told apart from empty ones. Nothing that a signature or a proxy adds.
#[must_use]
pub fn request_sha256(method: &str, path: &str, fields: &[(&str, Option<&str>)]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    part(method);
    part(path);
    for (name, value) in fields {
        part(name);
        match value {
            None => part("absent"),
            Some(value) => {
                part("sent");
                part(value);
            }
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_key_is_visible_ascii_of_64_characters_at_most() {
        assert!(IdempotencyKey::parse(&"k".repeat(64)).is_ok());
        for text in ["", "a b", "키", "a\u{7f}", &"k".repeat(65)] {
            assert_eq!(IdempotencyKey::parse(text), Err(NoKey), "{text:?}");
        }
    }

    #[test]
    fn only_known_ends_are_replayed_and_doubt_asks_first() {
        for ending in Ending::ALL {
            let known = matches!(ending, Ending::Done | Ending::Refused);
            assert_eq!(ending.is_stored(), known, "{ending:?}");
        }
        assert_eq!(Ending::Unknown.next_time(), Again::AskedFirst);
        assert_eq!(Ending::Fault.next_time(), Again::AskedFirst);
    }

    #[test]
    fn the_hash_tells_apart_what_a_plain_concatenation_would_not() {
        let requests: [&[(&str, Option<&str>)]; 6] = [
            &[("a", Some("bc"))],
            &[("ab", Some("c"))],
            &[("a", Some("b")), ("c", None)],
            &[("a", Some("")), ("c", None)],
            &[("a", None), ("c", None)],
            &[("a", Some("absent")), ("c", None)],
        ];
        let hashes: HashSet<_> = requests.iter().map(|fields| request_sha256("POST", "/x", fields)).collect();
        assert_eq!(hashes.len(), requests.len());
        assert_ne!(request_sha256("POST", "/x", &[]), request_sha256("PUT", "/x", &[]));
        assert_ne!(request_sha256("POST", "/x", &[]), request_sha256("POST", "/y", &[]));
    }
}

//! The statement texts seen so far: each gets a number, its [`Class`], and what running it has taught.

use super::classify::{Class, classify};
use crate::bounded_map::BoundedMap;
use foldhash::fast::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Locks that the table is spread over, so that a new text holds up few others.
const SHARDS: usize = 16;

/// A statement's text and what is known of it.
#[derive(Debug)]
pub(crate) struct Text {
    /// The same for the same text as long as it is in the table; never given twice.
    pub(crate) id: u64,
    pub(crate) sql: Box<str>,
    pub(crate) class: Class,
    /// What logs and traces call it: the same in every process, and without the text.
    pub(crate) fingerprint: u64,
    /// Its last result was a large one: better not to queue others behind it.
    large: AtomicBool,
}

impl Text {
    pub(crate) fn is_large(&self) -> bool {
        self.large.load(Ordering::Relaxed)
    }

    /// Remembers how large the last result was; the flag is shared, so it is written only when it changes.
    pub(crate) fn set_large(&self, is_large: bool) {
        if self.is_large() != is_large {
            self.large.store(is_large, Ordering::Relaxed);
        }
    }
}

/// The table.
#[derive(Debug)]
pub(crate) struct Texts {
    hasher: RandomState,
    shards: [RwLock<BoundedMap<Box<str>, Arc<Text>>>; SHARDS],
    next_id: AtomicU64,
}

impl Texts {
    /// A table of about `texts_max` texts.
    pub(crate) fn new(texts_max: usize) -> Self {
        Self {
            hasher: RandomState::default(),
            shards: std::array::from_fn(|_| RwLock::new(BoundedMap::new(texts_max.div_ceil(SHARDS)))),
            next_id: AtomicU64::new(0),
        }
    }

    pub(crate) fn get(&self, sql: &str) -> Arc<Text> {
        // The low bits choose the shard: always fewer than SHARDS.
        let shard = &self.shards[usize::try_from(self.hasher.hash_one(sql) % SHARDS as u64).unwrap_or(0)];
        if let Some(text) = shard.read().unwrap_or_else(PoisonError::into_inner).get(sql) {
            return Arc::clone(text);
        }
        let text = Arc::new(Text {
            id: self.next_id.fetch_add(1, Ordering::Relaxed),
            sql: sql.into(),
            class: classify(sql),
            fingerprint: fnv1a(sql),
            large: AtomicBool::new(false),
        });
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = shard.get(sql) {
            return Arc::clone(text);
        }
        shard.insert(sql.into(), Arc::clone(&text));
        text
    }
}

/// FNV-1a, 64 bits.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_published_hash() {
        assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a("a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn the_same_text_keeps_its_number_and_others_never_share_it() {
        let texts = Texts::new(64);
        let first = texts.get("SELECT 1").id;
        let mut ids = std::collections::HashSet::from([first]);
        for number in 0..1000 {
            assert!(ids.insert(texts.get(&format!("SELECT {number} + 0")).id));
            assert_eq!(texts.get("SELECT 1").id, first);
        }
    }
}

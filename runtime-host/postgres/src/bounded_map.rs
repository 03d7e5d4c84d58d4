//! A map that forgets what was not asked for lately, so that it never grows past its bound.

use foldhash::fast::RandomState;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};

/// When the map is full, one entry in this many goes: the ones not asked for the longest.
const FORGOTTEN_SHARE: usize = 4;

/// A bounded map; full, it forgets a quarter of its entries at once, so that an insertion stays cheap on average even
/// when no key ever comes twice.
#[derive(Debug)]
pub(crate) struct BoundedMap<K, V> {
    entries: HashMap<K, Entry<V>, RandomState>,
    entries_max: usize,
    clock: AtomicU64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    used: AtomicU64,
}

impl<K: Hash + Eq, V> BoundedMap<K, V> {
    pub(crate) fn new(entries_max: usize) -> Self {
        Self {
            entries: HashMap::default(),
            entries_max: entries_max.max(FORGOTTEN_SHARE),
            clock: AtomicU64::new(0),
        }
    }

    /// The entry, now the youngest.
    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.get(key)?;
        entry.used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Some(&entry.value)
    }

    /// Puts an entry in. Returns the values it had to forget.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Vec<V> {
        let forgotten =
            if self.entries.len() >= self.entries_max { self.forget_oldest() } else { Vec::new() };
        let used = AtomicU64::new(self.clock.fetch_add(1, Ordering::Relaxed));
        self.entries.insert(key, Entry { value, used });
        forgotten
    }

    pub(crate) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.entries.remove(key).map(|entry| entry.value)
    }

    fn forget_oldest(&mut self) -> Vec<V> {
        let mut ages: Vec<u64> =
            self.entries.values().map(|entry| entry.used.load(Ordering::Relaxed)).collect();
        let last_forgotten = ages.len() / FORGOTTEN_SHARE;
        let (_, &mut oldest_kept, _) = ages.select_nth_unstable(last_forgotten);
        self.entries
            .extract_if(|_, entry| entry.used.load(Ordering::Relaxed) < oldest_kept)
            .map(|(_, entry)| entry.value)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_asked_for_stays() {
        let mut map = BoundedMap::new(8);
        for key in 0..100 {
            map.insert(key, ());
            assert!(map.get(&0).is_some(), "forgotten after {key}");
        }
    }

    proptest! {
        #[test]
        fn it_never_holds_more_than_its_bound(keys in prop::collection::vec(0_u32..200, 0..400), bound in 4_usize..50) {
            let mut map = BoundedMap::new(bound);
            let mut forgotten = 0;
            let mut inserted = std::collections::HashSet::new();
            for key in keys {
                if inserted.insert(key) {
                    forgotten += map.insert(key, key).len();
                }
                prop_assert!(map.entries.len() <= bound);
            }
            prop_assert_eq!(forgotten + map.entries.len(), inserted.len());
        }
    }
}

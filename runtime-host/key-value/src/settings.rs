//! What an operator can set about key-value stores, and what holds when nothing is set.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where a store's contents lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A database file of this host alone; several labels may share one.
    Embedded(PathBuf),
    /// A Redis server, as `redis[s]://[user:password@]host[:port][/database]`; keys begin with `kv:<label>:`.
    Redis(String),
}

/// Bounds and defaults of the key-value capability.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Every store there is, by label.
    pub stores: BTreeMap<String, Backend>,
    /// How long one call may take, its wait for a turn included.
    pub call_ms: u64,
    /// One key.
    pub key_bytes_max: usize,
    /// One value.
    pub value_bytes_max: usize,
    /// Keys and values of one embedded store together; what would exceed it is refused, deleting makes room.
    pub store_bytes_max: u64,
    /// Stores that one component instance may hold open at once.
    pub open_per_instance_max: usize,
    /// Reads of embedded stores that run at once, each on a thread of its own.
    pub reads_max: usize,
    /// Writes of one database file that may wait at once; further ones wait for a place.
    pub writes_waiting_max: usize,
    /// Writes that share one commit (one `fsync`) at most.
    pub commit_writes_max: usize,
    /// Values that share one commit at most, together; a single larger one is committed alone.
    pub commit_bytes_max: usize,
    /// Keys that are read at once to feed a stream of keys.
    pub page_keys: usize,
    /// Memory that a list of all keys may take; streams of keys have no such bound.
    pub list_bytes_max: usize,
    /// Memory that an embedded database may use to remember pages.
    pub cache_bytes: usize,
}

/// The store that every component may be granted without further configuration.
pub const DEFAULT_LABEL: &str = "default";

impl Default for Settings {
    fn default() -> Self {
        Self {
            stores: BTreeMap::from([(
                DEFAULT_LABEL.to_owned(),
                Backend::Embedded(PathBuf::from(".moalog/key-value.redb")),
            )]),
            call_ms: 5_000,
            key_bytes_max: 4 * 1024,
            value_bytes_max: 4 * 1024 * 1024,
            store_bytes_max: 256 * 1024 * 1024,
            open_per_instance_max: 256,
            reads_max: 16,
            writes_waiting_max: 256,
            commit_writes_max: 256,
            commit_bytes_max: 8 * 1024 * 1024,
            page_keys: 256,
            list_bytes_max: 16 * 1024 * 1024,
            cache_bytes: 16 * 1024 * 1024,
        }
    }
}

//! What an operator can set about SQLite databases, and what holds when nothing is set.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// Bounds and defaults of the SQLite capability.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the database files lie, one `<label>.db` each.
    pub folder: PathBuf,
    /// Every database there is, by label (lower-case letters, digits, `-` and `_`).
    pub databases: BTreeSet<String>,
    /// How long one statement may take, its wait for a turn and for locks included.
    pub call_ms: u64,
    /// How long a streamed result may take, the guest's reading included.
    pub stream_ms: u64,
    /// Statements that run at once in the whole host, each on a thread of its own.
    pub threads_max: usize,
    /// Open connections in the whole host.
    pub connections_max: usize,
    /// Connections that one component instance may hold open at once.
    pub connections_per_instance_max: usize,
    /// One database file; what would exceed it fails with `database-full`.
    pub file_bytes_max: u64,
    /// One connection's temporary tables.
    pub temporary_bytes_max: u64,
    /// One statement's text.
    pub statement_bytes_max: u32,
    /// One text or blob, also while it is being computed.
    pub value_bytes_max: u32,
    /// All rows of an `execute`, or one row of a stream.
    pub result_bytes_max: usize,
    /// Statements that each connection keeps prepared.
    pub prepared_max: usize,
}

/// The database that a component is granted as `default`.
pub const DEFAULT_LABEL: &str = "default";

impl Default for Settings {
    fn default() -> Self {
        Self {
            folder: PathBuf::from(".moalog/sqlite"),
            databases: BTreeSet::from([DEFAULT_LABEL.to_owned()]),
            call_ms: 5_000,
            stream_ms: 30_000,
            threads_max: 16,
            connections_max: 128,
            connections_per_instance_max: 32,
            file_bytes_max: 1024 * 1024 * 1024,
            temporary_bytes_max: 128 * 1024 * 1024,
            statement_bytes_max: 1024 * 1024,
            value_bytes_max: 16 * 1024 * 1024,
            result_bytes_max: 64 * 1024 * 1024,
            prepared_max: 32,
        }
    }
}

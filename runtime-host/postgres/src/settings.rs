//! What an operator may set, with the defaults.

use host_egress::AddressPolicy;

/// Largest result that is handed over in one go.
const INLINE_BYTES_MAX: usize = 64 * 1024;
/// What the host holds of a large result that its reader has not taken yet.
const STREAM_BUFFER_BYTES_MAX: usize = 1024 * 1024;
/// The same while other calls wait behind the result.
const STREAM_RESCUE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Largest result of the interface's `query`, largest row of its `query-async`; Spin's bound.
const RESULT_BYTES_MAX: usize = 128 * 1024 * 1024;
const _: () = assert!(
    INLINE_BYTES_MAX < STREAM_BUFFER_BYTES_MAX
        && STREAM_BUFFER_BYTES_MAX < STREAM_RESCUE_BYTES_MAX
        && STREAM_RESCUE_BYTES_MAX < RESULT_BYTES_MAX
);

/// Longest wait for a connection to open, from the first packet to a session that is ready.
const CONNECT_MS: u64 = 900;
/// Longest wait for a dedicated connection while all are in use.
const BUSY_WAIT_MS: u64 = 800;
/// A server that is away, or a pool that is full, is answered within this.
const ANSWER_MS_MAX: u64 = 1_000;
const _: () = assert!(CONNECT_MS < ANSWER_MS_MAX && BUSY_WAIT_MS < ANSWER_MS_MAX);

/// Bounds of the PostgreSQL capability. Pool sizes are per database address.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Connections that autocommit statements of all components share, pipelined. Default 8.
    pub connections_max: usize,
    /// Event loops that share those connections fairly; a call on a connection of another loop wakes its thread.
    /// Default 1.
    pub event_loops: usize,
    /// Connections for what needs a session of its own (transactions, settings, …), and for statements with large
    /// results. Default 16.
    pub dedicated_max: usize,
    /// Longest wait for a dedicated connection while all are in use; after it the call fails as busy. Default 800.
    pub busy_wait_ms: u64,
    /// Longest wait for a connection to open. Default 900.
    pub connect_ms: u64,
    /// Longest time for one statement, its result included. The server gives up at it (`statement_timeout`), the host
    /// half a second later. Default 30,000.
    pub call_ms: u64,
    /// Longest time that a transaction may lie idle before the server ends its session. Default 30,000.
    pub idle_in_transaction_ms: u64,
    /// Prepared statements kept per connection. Default 256.
    pub statements_max: usize,
    /// Statement texts whose classification is remembered, for all pools together. Default 4,096.
    pub texts_max: usize,
    /// Results up to this size are handed to the guest in one go, larger ones are streamed. Default 64 KiB.
    pub inline_bytes_max: usize,
    /// What the host holds of a streamed result that its reader has not taken yet. Default 1 MiB.
    pub stream_buffer_bytes_max: usize,
    /// The same while other calls wait behind the result on the same connection. Default 16 MiB.
    pub stream_rescue_bytes_max: usize,
    /// How long a streamed result waits for a reader that takes nothing. Default 10,000.
    pub stream_stall_ms: u64,
    /// Largest result of `query`, and largest row of `query-async`. Default 128 MiB.
    pub result_bytes_max: usize,
    /// How long a shared connection may need to get rid of an abandoned call before it takes no new ones. Default 250.
    pub drain_ms: u64,
    /// How long the reset of a dedicated connection may take before it is closed instead. Default 1,000.
    pub reset_ms: u64,
    /// Database addresses with a pool at the same time. Default 64.
    pub pools_max: usize,
    /// Which IP addresses this host dials at all. Default: any.
    pub address_policy: AddressPolicy,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connections_max: 8,
            event_loops: 1,
            dedicated_max: 16,
            busy_wait_ms: BUSY_WAIT_MS,
            connect_ms: CONNECT_MS,
            call_ms: 30_000,
            idle_in_transaction_ms: 30_000,
            statements_max: 256,
            texts_max: 4_096,
            inline_bytes_max: INLINE_BYTES_MAX,
            stream_buffer_bytes_max: STREAM_BUFFER_BYTES_MAX,
            stream_rescue_bytes_max: STREAM_RESCUE_BYTES_MAX,
            stream_stall_ms: 10_000,
            result_bytes_max: RESULT_BYTES_MAX,
            drain_ms: 250,
            reset_ms: 1_000,
            pools_max: 64,
            address_policy: AddressPolicy::default(),
        }
    }
}

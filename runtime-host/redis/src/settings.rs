//! What an operator can set about Redis, and what holds when nothing is set.

use host_egress::AddressPolicy;
use std::sync::Arc;

/// Bounds and defaults of the Redis capability, for the whole host.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Pipelined connections per address that all components share, by default one per core; opened as they are needed.
    /// More of them would share the same commands out into more and smaller packets.
    pub shared_connections: usize,
    /// Connections of their own that components may hold at once, over all addresses (`MULTI`, `SUBSCRIBE`, `BLPOP`, …).
    pub dedicated_connections_max: usize,
    /// Calls on one address that may wait for an answer at once; the next ones wait for [`Self::place_wait_ms`].
    pub calls_in_flight_max: usize,
    /// How long a call waits for a free place before it fails with `too-many-connections`.
    pub place_wait_ms: u64,
    /// Addresses (with their user and database number) that are known at once.
    pub addresses_max: usize,
    /// Connections that one component instance may hold open at once.
    pub sessions_per_instance_max: usize,
    /// Name look-up, TCP, TLS and log-in together.
    pub connect_ms: u64,
    /// How long a call on a shared connection may take.
    pub call_ms: u64,
    /// How long a call on a connection of its own may take; blocking commands run there.
    pub dedicated_call_ms: u64,
    /// After a failed connection attempt, further calls fail at once for this long; doubled with each failure …
    pub retry_first_ms: u64,
    /// … up to this.
    pub retry_last_ms: u64,
    /// Command and arguments of one call together.
    pub request_bytes_max: usize,
    /// One call's reply, as the guest would get it.
    pub reply_bytes_max: usize,
    /// Which IP addresses may be dialled at all.
    pub addresses: AddressPolicy,
    /// TLS for `rediss://`; `None` trusts the usual public authorities.
    pub tls: Option<Arc<rustls::ClientConfig>>,
}

/// An address that does not answer costs a caller at most this long: the design promises a clear answer within 1 s.
pub const CONNECT_MS: u64 = 900;
/// The same for a call on a shared connection whose server hangs.
const CALL_MS: u64 = 900;
/// The bound of [`crate::Redis::ready`].
pub const READY_MS: u64 = 1_000;
const _: () = assert!(CONNECT_MS < READY_MS && CALL_MS < READY_MS);

impl Default for Settings {
    fn default() -> Self {
        Self {
            shared_connections: std::thread::available_parallelism().map_or(1, usize::from),
            dedicated_connections_max: 64,
            calls_in_flight_max: 1_024,
            place_wait_ms: 500,
            addresses_max: 32,
            sessions_per_instance_max: 256,
            connect_ms: CONNECT_MS,
            call_ms: CALL_MS,
            dedicated_call_ms: 30_000,
            retry_first_ms: 50,
            retry_last_ms: 1_000,
            request_bytes_max: 32 * 1024 * 1024,
            reply_bytes_max: 64 * 1024 * 1024,
            addresses: AddressPolicy::default(),
            tls: None,
        }
    }
}

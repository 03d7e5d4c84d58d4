//! The front door's bounds, once per host.

use std::net::SocketAddr;

/// Where the host listens and what a client may ask of it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The app's address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address of `/livez`, `/readyz` and `/metrics`; port 0 takes a free one.
    pub admin_listen: SocketAddr,
    /// Body of one request, in bytes; more is 413.
    pub body_bytes_max: u64,
    /// Pause between two pieces of a request's body, in milliseconds; a longer one is 408.
    pub body_idle_ms_max: u64,
    /// Pause between two pieces of an answer, whether the component makes none or the client takes none, in
    /// milliseconds; a longer one cuts the answer off.
    pub answer_idle_ms_max: u64,
    /// Names and values of one request's headers together, in bytes; more is 431.
    pub header_bytes_max: usize,
    /// Headers of one request; more is 431.
    pub headers_max: usize,
    /// From a request's first byte to the end of its headers, in milliseconds; longer is 408.
    pub header_read_ms_max: u64,
    /// How long a connection may rest between requests, in milliseconds.
    pub idle_ms_max: u64,
    /// Requests inside components at once; a quarter as many more whose bodies or clients are slow.
    pub concurrent_requests_max: usize,
    /// Requests that wait for one of those places, and as many for the slow ones'; more is 503.
    pub queued_requests_max: usize,
    /// How long a request waits for its place, in milliseconds; longer is 503.
    pub queue_ms_max: u64,
    /// Open connections; one more gets 503 and is closed.
    pub connections_max: usize,
    /// Event loops, each a thread that serves its share of the connections; one per core by default.
    pub event_loops: usize,
    /// Streams of one HTTP/2 connection at once.
    pub streams_max: u32,
    /// From the signal to stop until what is left is cut off, in milliseconds.
    pub drain_ms_max: u64,
    /// How long a drain keeps accepting after `/readyz` says no, so that a balancer can turn away, in milliseconds.
    pub drain_notice_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            admin_listen: SocketAddr::from(([127, 0, 0, 1], 3001)),
            body_bytes_max: 10 << 20,
            body_idle_ms_max: 10_000,
            answer_idle_ms_max: 60_000,
            header_bytes_max: 32 << 10,
            headers_max: 100,
            header_read_ms_max: 5_000,
            idle_ms_max: 75_000,
            concurrent_requests_max: 512,
            queued_requests_max: 1_024,
            queue_ms_max: 1_000,
            connections_max: 8_192,
            event_loops: std::thread::available_parallelism().map_or(1, usize::from),
            streams_max: 256,
            drain_ms_max: 25_000,
            drain_notice_ms: 0,
        }
    }
}

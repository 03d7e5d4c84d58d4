//! Bounds of outbound requests, and how a guest's own options shorten them.

use rustls::pki_types::CertificateDer;
use std::time::Duration;
use wasmtime_wasi_http::RequestOptions;

/// The smallest read buffer that hyper accepts for HTTP/1.
pub(crate) const HEAD_BYTES_MIN: u32 = 8 * 1024;

/// Bounds of outbound HTTP. The times are the longest that a guest can get; its `request-options` may only shorten.
#[derive(Clone, Debug)]
pub struct Settings {
    /// From asking for a connection to having one: name lookup, TCP, TLS.
    pub connect_ms: u64,
    /// From having a connection to the head of the answer; an upload has to fit in.
    pub first_byte_ms: u64,
    /// The longest silence inside an answer's body.
    pub between_bytes_ms: u64,
    /// From the guest's call to the last byte of the answer.
    pub total_ms: u64,
    /// Bytes of one answer's body.
    pub response_bytes_max: u64,
    /// Bytes of one answer's head, at least 8,192.
    pub response_head_bytes_max: u32,
    /// Header fields of one answer.
    pub response_headers_max: u16,
    /// Requests in flight, all components together; one is in flight until its answer is read to the end or dropped.
    pub requests_max: u32,
    /// Requests in flight of one component, so that a slow partner of one does not starve the others.
    pub component_requests_max: u32,
    /// How long a request waits for its turn when one of the two bounds is reached.
    pub wait_ms: u64,
    /// Idle connections kept per scheme, host and port.
    pub idle_connections_per_host_max: u32,
    /// How long an idle connection is kept.
    pub idle_ms: u64,
    /// Certificate authorities trusted beside the built-in ones (Mozilla's list), in DER.
    pub extra_roots: Vec<CertificateDer<'static>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_ms: 5_000,
            first_byte_ms: 60_000,
            between_bytes_ms: 30_000,
            total_ms: 120_000,
            response_bytes_max: 32 * 1024 * 1024,
            response_head_bytes_max: 64 * 1024,
            response_headers_max: 128,
            requests_max: 512,
            component_requests_max: 128,
            wait_ms: 1_000,
            idle_connections_per_host_max: 32,
            idle_ms: 60_000,
            extra_roots: Vec::new(),
        }
    }
}

/// The deadlines of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadlines {
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    pub(crate) between_bytes: Duration,
    pub(crate) total: Duration,
    pub(crate) wait: Duration,
}

impl Deadlines {
    pub(crate) fn new(settings: &Settings, options: Option<RequestOptions>) -> Self {
        let asked = options.unwrap_or_default();
        let shorter = |limit_ms: u64, asked: Option<Duration>| {
            let limit = Duration::from_millis(limit_ms);
            asked.map_or(limit, |asked| asked.min(limit))
        };
        let connect = shorter(settings.connect_ms, asked.connect_timeout);
        Self {
            connect,
            first_byte: shorter(settings.first_byte_ms, asked.first_byte_timeout),
            between_bytes: shorter(settings.between_bytes_ms, asked.between_bytes_timeout),
            total: Duration::from_millis(settings.total_ms),
            wait: Duration::from_millis(settings.wait_ms).min(connect),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_may_shorten_a_deadline_but_not_lengthen_it() {
        let settings = Settings { connect_ms: 100, between_bytes_ms: 100, ..Settings::default() };
        let deadlines = Deadlines::new(
            &settings,
            Some(RequestOptions {
                connect_timeout: Some(Duration::from_millis(7)),
                first_byte_timeout: None,
                between_bytes_timeout: Some(Duration::from_secs(900)),
            }),
        );
        assert_eq!(deadlines.connect, Duration::from_millis(7));
        assert_eq!(deadlines.wait, Duration::from_millis(7));
        assert_eq!(deadlines.first_byte, Duration::from_millis(settings.first_byte_ms));
        assert_eq!(deadlines.between_bytes, Duration::from_millis(100));
    }
}

//! What is counted: requests by outcome, time to the answer's head, open connections, requests in flight.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::fmt::Write as _;
use std::time::Instant;
use wasmtime_wasi_http::Error;

/// Upper bounds of the duration histogram, in seconds.
const HEAD_SECONDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

/// How a request ended, as far as its answer's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// There is an answer, whatever its status.
    Answered,
    /// Not granted, or the address is blocked.
    Denied,
    /// A bound on concurrent requests was reached.
    Busy,
    /// The name has no address.
    Dns,
    /// No connection, or it broke.
    Connection,
    /// The TLS handshake failed.
    Tls,
    /// A deadline passed.
    Timeout,
    /// The answer, or the request, is larger than allowed.
    TooLarge,
    /// The guest gave up.
    Abandoned,
    /// Anything else: malformed requests and answers.
    Malformed,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Denied => "denied",
            Self::Busy => "busy",
            Self::Dns => "dns",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::Abandoned => "abandoned",
            Self::Malformed => "malformed",
        }
    }

    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::HttpRequestDenied | Error::DestinationIpProhibited => Self::Denied,
            Error::ConnectionLimitReached => Self::Busy,
            Error::DnsError { .. } | Error::DnsTimeout | Error::DestinationNotFound => Self::Dns,
            Error::ConnectionRefused
            | Error::ConnectionTerminated
            | Error::DestinationUnavailable
            | Error::DestinationIpUnroutable
            | Error::HttpResponseIncomplete => Self::Connection,
            Error::TlsProtocolError | Error::TlsCertificateError | Error::TlsAlertReceived { .. } => {
                Self::Tls
            }
            Error::ConnectionTimeout | Error::ConnectionReadTimeout | Error::HttpResponseTimeout => {
                Self::Timeout
            }
            Error::HttpRequestBodySize(_)
            | Error::HttpResponseBodySize(_)
            | Error::HttpResponseHeaderSectionSize(_) => Self::TooLarge,
            _ => Self::Malformed,
        }
    }
}

impl EncodeLabelValue for Outcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        encoder.write_str(self.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ByOutcome {
    pub(crate) outcome: Outcome,
}

#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) requests: Family<ByOutcome, Counter>,
    pub(crate) broken_bodies: Family<ByOutcome, Counter>,
    head: Histogram,
    pub(crate) connections: Gauge,
    in_flight: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            requests: Family::default(),
            broken_bodies: Family::default(),
            head: Histogram::new(HEAD_SECONDS),
            connections: Gauge::default(),
            in_flight: Gauge::default(),
        }
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "outbound_http_requests",
            "Outbound HTTP requests by outcome",
            self.requests.clone(),
        );
        registry.register(
            "outbound_http_broken_bodies",
            "Answers whose body ended in an error after their head had arrived, by reason",
            self.broken_bodies.clone(),
        );
        registry.register_with_unit(
            "outbound_http_head",
            "Time from a guest's call to the head of the answer",
            Unit::Seconds,
            self.head.clone(),
        );
        registry.register(
            "outbound_http_connections",
            "Open outbound connections, idle ones too",
            self.connections.clone(),
        );
        registry.register(
            "outbound_http_in_flight",
            "Outbound HTTP requests in flight",
            self.in_flight.clone(),
        );
    }

    /// Counts a request that was refused before it began.
    pub(crate) fn count(&self, error: &Error) {
        self.requests.get_or_create(&ByOutcome { outcome: Outcome::of(error) }).inc();
    }

    /// Starts to watch one request; it counts as abandoned unless it is told another end.
    pub(crate) fn start(&self) -> Attempt {
        Attempt { metrics: self.clone(), started: Instant::now(), outcome: Outcome::Abandoned }
    }

    pub(crate) fn in_flight(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }
}

/// One request on its way to the answer's head.
pub(crate) struct Attempt {
    metrics: Metrics,
    started: Instant,
    outcome: Outcome,
}

impl Attempt {
    pub(crate) fn finish(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.metrics.requests.get_or_create(&ByOutcome { outcome: self.outcome }).inc();
        self.metrics.head.observe(self.started.elapsed().as_secs_f64());
    }
}

/// Counts a thing for as long as it lives.
pub(crate) struct InFlight(Gauge);

impl InFlight {
    pub(crate) fn count(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

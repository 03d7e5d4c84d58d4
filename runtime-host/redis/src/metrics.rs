//! What is counted about Redis. No label ever names a server, a component or a key.

use crate::CallError;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The capability's metrics; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) calls: Counter,
    pub(crate) calls_in_flight: Gauge,
    pub(crate) connects: Counter,
    pub(crate) outages: Counter,
    pub(crate) shared_connections: Gauge,
    pub(crate) dedicated_connections: Gauge,
    failures: Family<FailureLabels, Counter>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct FailureLabels {
    kind: FailureKind,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelValue)]
enum FailureKind {
    InvalidAddress,
    Refused,
    TooMany,
    Unavailable,
    Deadline,
    Answer,
}

impl Metrics {
    pub(crate) fn failed(&self, error: &CallError) {
        let kind = match error {
            CallError::InvalidAddress => FailureKind::InvalidAddress,
            CallError::Refused(_) => FailureKind::Refused,
            CallError::TooMany(_) => FailureKind::TooMany,
            CallError::Unavailable(_) => FailureKind::Unavailable,
            CallError::Deadline(_) => FailureKind::Deadline,
            CallError::WrongType
            | CallError::TooLarge { .. }
            | CallError::Unsupported(_)
            | CallError::Server(_) => FailureKind::Answer,
        };
        self.failures.get_or_create(&FailureLabels { kind }).inc();
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("redis_calls", "Calls that components made to Redis", self.calls.clone());
        registry.register(
            "redis_call_failures",
            "Calls to Redis that did not succeed, by kind",
            self.failures.clone(),
        );
        registry.register(
            "redis_calls_in_flight",
            "Calls that wait for Redis to answer",
            self.calls_in_flight.clone(),
        );
        registry.register("redis_connects", "Connections opened to Redis", self.connects.clone());
        registry.register(
            "redis_outages",
            "Times that a Redis server could not be reached",
            self.outages.clone(),
        );
        registry.register(
            "redis_shared_connections",
            "Open connections that components share",
            self.shared_connections.clone(),
        );
        registry.register(
            "redis_dedicated_connections",
            "Open connections that one component has for itself",
            self.dedicated_connections.clone(),
        );
    }
}

/// Adds one to a gauge for as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted(Gauge);

impl Counted {
    pub(crate) fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

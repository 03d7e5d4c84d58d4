//! What the engine counts.

use crate::failure::Failure;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Labels of the failure counters: components are known at start, causes are few.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Ended {
    component: String,
    cause: &'static str,
}

/// Instances: begun, alive, failed, and what a failure cost.
#[derive(Default)]
pub(crate) struct Counters {
    started: Counter,
    alive: Gauge,
    reused: Counter,
    failed: Family<Ended, Counter>,
    requests_lost: Family<Ended, Counter>,
}

impl Counters {
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("instances_started", "Component instances made", self.started.clone());
        registry.register("instances_alive", "Component instances alive now", self.alive.clone());
        registry.register("instances_requests", "Requests given to instances", self.reused.clone());
        registry.register("instances_failed", "Instances that ended by a failure", self.failed.clone());
        registry.register(
            "instances_requests_lost",
            "Requests that an instance's failure took with it",
            self.requests_lost.clone(),
        );
    }

    pub(crate) fn instance_started(&self) {
        self.started.inc();
        self.alive.inc();
    }

    pub(crate) fn request_given(&self) {
        self.reused.inc();
    }

    pub(crate) fn instance_ended(&self) {
        self.alive.dec();
    }

    pub(crate) fn instance_failed(&self, component: &str, failure: &Failure, requests: u64) {
        let ended = Ended { component: component.to_owned(), cause: failure.label() };
        self.failed.get_or_create(&ended).inc();
        self.requests_lost.get_or_create(&ended).inc_by(requests);
    }
}

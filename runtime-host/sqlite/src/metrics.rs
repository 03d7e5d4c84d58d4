//! What is counted about SQLite. No label ever names a database or a component.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

/// The capability's metrics; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) calls: Counter,
    pub(crate) failures: Counter,
}

impl Metrics {
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("sqlite_calls", "Statements that components ran", self.calls.clone());
        registry.register("sqlite_call_failures", "Statements that did not succeed", self.failures.clone());
    }
}

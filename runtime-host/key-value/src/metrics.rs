//! What is counted about key-value stores. No label ever names a store, a component or a key.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

/// The capability's metrics; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) calls: Counter,
    pub(crate) failures: Counter,
    pub(crate) commits: Counter,
}

impl Metrics {
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "key_value_calls",
            "Calls that components made to key-value stores",
            self.calls.clone(),
        );
        registry.register(
            "key_value_call_failures",
            "Calls to key-value stores that did not succeed",
            self.failures.clone(),
        );
        registry.register(
            "key_value_commits",
            "Commits of embedded key-value databases; writes that arrive together share one",
            self.commits.clone(),
        );
    }
}

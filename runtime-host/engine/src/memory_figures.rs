//! What guests hold of memory, for `/metrics`: read from the budgets when asked for, counted nowhere else.

use crate::memory::Budget;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The host's budget, and those of its components while they are served.
#[derive(Debug)]
pub(crate) struct Budgets {
    host: Arc<Budget>,
    components: Mutex<Vec<(Arc<str>, Weak<Budget>)>>,
}

impl Budgets {
    pub(crate) fn new(host_bytes_max: usize) -> Arc<Self> {
        Arc::new(Budgets { host: Budget::new(host_bytes_max), components: Mutex::default() })
    }

    pub(crate) fn host(&self) -> &Arc<Budget> {
        &self.host
    }

    /// A budget for one component of one loaded app.
    pub(crate) fn of_component(&self, component: &Arc<str>, bytes_max: usize) -> Arc<Budget> {
        let budget = Budget::new(bytes_max);
        let mut components = self.components.lock().unwrap_or_else(PoisonError::into_inner);
        components.retain(|(_, budget)| budget.strong_count() > 0);
        components.push((component.clone(), Arc::downgrade(&budget)));
        budget
    }

    /// Bytes by component; after a reload, what the old instances still hold is in the sum.
    fn by_component(&self) -> BTreeMap<Arc<str>, usize> {
        let mut sums = BTreeMap::new();
        for (component, budget) in self.components.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(budget) = budget.upgrade() {
                *sums.entry(component.clone()).or_default() += budget.bytes_used();
            }
        }
        sums
    }
}

fn gauge(bytes: usize) -> ConstGauge<i64> {
    ConstGauge::new(i64::try_from(bytes).unwrap_or(i64::MAX))
}

/// [`Budgets`] as the registry takes them.
#[derive(Debug)]
pub(crate) struct Figures(pub(crate) Arc<Budgets>);

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let all = encoder.encode_descriptor(
            "instances_memory_all_bytes",
            "Linear memory of all instances together",
            None,
            MetricType::Gauge,
        )?;
        gauge(self.0.host.bytes_used()).encode(all)?;
        let mut each = encoder.encode_descriptor(
            "instances_memory_bytes",
            "Linear memory of a component's instances together",
            None,
            MetricType::Gauge,
        )?;
        for (component, bytes) in self.0.by_component() {
            gauge(bytes).encode(each.encode_family(&[("component", &*component)])?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::InstanceMemory;
    use prometheus_client::registry::Registry;
    use wasmtime::ResourceLimiter;

    #[test]
    fn figures_follow_the_budgets_over_a_reload() {
        let budgets = Budgets::new(1_000);
        let id: Arc<str> = "shop".into();
        let old = budgets.of_component(&id, 500);
        let mut instance = InstanceMemory::new(400, old.clone(), budgets.host().clone());
        assert!(instance.memory_growing(0, 300, None).is_ok_and(|granted| granted));
        drop(old);
        let new = budgets.of_component(&id, 500);
        let mut other = InstanceMemory::new(400, new, budgets.host().clone());
        assert!(other.memory_growing(0, 50, None).is_ok_and(|granted| granted));
        let text = || {
            let mut registry = Registry::default();
            registry.register_collector(Box::new(Figures(budgets.clone())));
            let mut text = String::new();
            prometheus_client::encoding::text::encode(&mut text, &registry).map(|()| text).unwrap_or_default()
        };
        assert!(text().contains("instances_memory_bytes{component=\"shop\"} 350"), "{}", text());
        assert!(text().contains("instances_memory_all_bytes 350"), "{}", text());
        drop(instance);
        assert!(text().contains("instances_memory_bytes{component=\"shop\"} 50"), "{}", text());
    }
}

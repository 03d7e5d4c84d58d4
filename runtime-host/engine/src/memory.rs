//! Linear memory, counted per instance, per component and per host.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasmtime::ResourceLimiter;

/// Bytes that many instances share; what an instance took it gives back when it is dropped.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes_max: usize,
    bytes_used: AtomicUsize,
}

impl Budget {
    pub(crate) fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Budget { bytes_max, bytes_used: AtomicUsize::new(0) })
    }

    pub(crate) fn bytes_used(&self) -> usize {
        self.bytes_used.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: usize) -> bool {
        self.bytes_used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|sum| *sum <= self.bytes_max)
            })
            .is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.bytes_used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// One instance's memory: all its linear memories together.
#[derive(Debug)]
pub(crate) struct InstanceMemory {
    bytes_max: usize,
    bytes_used: usize,
    component: Arc<Budget>,
    host: Arc<Budget>,
    refused: bool,
}

impl InstanceMemory {
    pub(crate) fn new(bytes_max: usize, component: Arc<Budget>, host: Arc<Budget>) -> Self {
        InstanceMemory { bytes_max, bytes_used: 0, component, host, refused: false }
    }

    /// Whether the instance ever asked for more than it may have; its trap is then most likely about memory.
    pub(crate) fn was_refused(&self) -> bool {
        self.refused
    }

    fn grow(&mut self, bytes: usize) -> bool {
        let within = self.bytes_used.checked_add(bytes).is_some_and(|sum| sum <= self.bytes_max);
        if !within || !self.component.take(bytes) {
            return false;
        }
        if !self.host.take(bytes) {
            self.component.give_back(bytes);
            return false;
        }
        self.bytes_used += bytes;
        true
    }
}

impl ResourceLimiter for InstanceMemory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = self.grow(desired.saturating_sub(current));
        self.refused |= !allowed;
        Ok(allowed)
    }

    /// The pooling allocator bounds a table's elements already.
    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

impl Drop for InstanceMemory {
    fn drop(&mut self) {
        self.component.give_back(self.bytes_used);
        self.host.give_back(self.bytes_used);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_gets_no_more_than_its_own_bound() {
        let mut memory = InstanceMemory::new(100, Budget::new(1_000), Budget::new(1_000));
        assert!(memory.memory_growing(0, 60, None).unwrap());
        assert!(!memory.memory_growing(0, 60, None).unwrap());
        assert!(memory.was_refused());
        assert!(memory.memory_growing(60, 100, None).unwrap());
    }

    #[test]
    fn two_instances_share_their_components_and_their_hosts_bound() {
        let (component, host) = (Budget::new(150), Budget::new(120));
        let mut one = InstanceMemory::new(100, component.clone(), host.clone());
        let mut two = InstanceMemory::new(100, component.clone(), host.clone());
        assert!(one.memory_growing(0, 100, None).unwrap());
        assert!(!two.memory_growing(0, 30, None).unwrap());
        assert_eq!(component.bytes_used(), 100);
    }

    #[test]
    fn a_dropped_instance_gives_everything_back() {
        let (component, host) = (Budget::new(150), Budget::new(150));
        let mut memory = InstanceMemory::new(100, component.clone(), host.clone());
        assert!(memory.memory_growing(0, 100, None).unwrap());
        drop(memory);
        assert_eq!((component.bytes_used(), host.bytes_used()), (0, 0));
    }
}

//! How many requests are in flight: per component and in total.

use crate::metrics::InFlight;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime_wasi_http::Error;

/// The two bounds, shared by the host.
pub(crate) struct Slots {
    all: Arc<Semaphore>,
    component_requests_max: usize,
    components: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// A request's place under both bounds; given back when dropped.
pub(crate) struct Slot {
    _component: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
    _in_flight: InFlight,
}

impl Slots {
    pub(crate) fn new(requests_max: usize, component_requests_max: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(requests_max)),
            component_requests_max,
            components: Mutex::default(),
        }
    }

    /// The bound that all instances of `component` share. One entry per component of the app.
    pub(crate) fn of_component(&self, component: &str) -> Arc<Semaphore> {
        let mut components = self.components.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slots) = components.get(component) {
            return Arc::clone(slots);
        }
        let slots = Arc::new(Semaphore::new(self.component_requests_max));
        components.insert(component.to_owned(), Arc::clone(&slots));
        slots
    }

    /// Waits for a place, the component's own first: who is over its own bound takes nothing from the others.
    pub(crate) async fn take(
        &self,
        component: Arc<Semaphore>,
        wait: Duration,
        in_flight: impl FnOnce() -> InFlight,
    ) -> Result<Slot, Error> {
        let both = async {
            let component = component.acquire_owned().await;
            let all = Arc::clone(&self.all).acquire_owned().await;
            component.and_then(|component| Ok((component, all?)))
        };
        match tokio::time::timeout(wait, both).await {
            Ok(Ok((component, all))) => {
                Ok(Slot { _component: component, _all: all, _in_flight: in_flight() })
            }
            // The semaphores are never closed, so an error is as good as no place.
            Ok(Err(_)) | Err(_) => Err(Error::ConnectionLimitReached),
        }
    }
}

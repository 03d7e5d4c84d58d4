//! Room for instances: whoever finds none lets those go that only wait for another request, whatever their component.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, timeout};
use wasmtime::PoolConcurrencyLimitError;

/// From one call for room to the next.
const AGAIN_MS: u64 = 20;

/// What all instances of a host know of each other.
#[derive(Default)]
pub(crate) struct Room {
    wanted: Arc<Notify>,
    left: Notify,
}

impl Room {
    /// Ready when an instance at rest should go.
    pub(crate) fn wanted(&self) -> OwnedNotified {
        self.wanted.clone().notified_owned()
    }

    /// An instance has gone, and its place is free.
    pub(crate) fn left(&self) {
        self.left.notify_waiters();
    }

    /// Makes `attempt` until it meets something else than the lack of a place, or the wait is over: its outcome then.
    pub(crate) async fn find<T, F: Future<Output = wasmtime::Result<T>>>(
        &self,
        wait_ms_max: u64,
        attempt: impl Fn() -> F,
    ) -> wasmtime::Result<T> {
        let until = Instant::now() + Duration::from_millis(wait_ms_max);
        loop {
            // Who leaves during the attempt is not missed.
            let left = self.left.notified();
            match attempt().await {
                Err(error) if error.is::<PoolConcurrencyLimitError>() && Instant::now() < until => {
                    self.wanted.notify_waiters();
                    // Who comes to rest only now has not heard it: it is said again after a while.
                    let _ = timeout(Duration::from_millis(AGAIN_MS), left).await;
                }
                outcome => return outcome,
            }
        }
    }
}

//! Places inside components: so many requests at once, a bounded queue before them, then no.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bound on requests inside components.
pub(crate) struct Places {
    free: Arc<Semaphore>,
    places_max: usize,
    waiting: AtomicUsize,
    waiting_max: usize,
    wait: Duration,
}

/// No place within the time, or too many wait already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Places {
    pub(crate) fn new(places_max: usize, waiting_max: usize, wait_ms_max: u64) -> Self {
        Places {
            free: Arc::new(Semaphore::new(places_max)),
            places_max,
            waiting: AtomicUsize::new(0),
            waiting_max,
            wait: Duration::from_millis(wait_ms_max),
        }
    }

    /// A place, given back when the permit is dropped.
    pub(crate) async fn take(&self) -> Result<OwnedSemaphorePermit, Full> {
        if let Ok(place) = self.free.clone().try_acquire_owned() {
            return Ok(place);
        }
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(&self.waiting);
        if before >= self.waiting_max {
            return Err(Full);
        }
        match tokio::time::timeout(self.wait, self.free.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(Full),
        }
    }

    /// Requests inside components now, and requests that wait.
    pub(crate) fn in_use(&self) -> (usize, usize) {
        (self.places_max - self.free.available_permits(), self.waiting.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_that_is_given_back_goes_to_the_one_that_waits() {
        let places = Arc::new(Places::new(1, 1, 5_000));
        let first = places.take().await.unwrap();
        let second = tokio::spawn({
            let places = places.clone();
            async move { places.take().await.is_ok() }
        });
        tokio::task::yield_now().await;
        drop(first);
        assert!(second.await.unwrap());
    }

    #[tokio::test]
    async fn beyond_the_queue_the_answer_is_no_at_once() {
        let places = Places::new(1, 0, 60_000);
        let _first = places.take().await.unwrap();
        assert_eq!(places.take().await.err(), Some(Full));
        assert_eq!(places.in_use(), (1, 0));
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_bound() {
        let places = Places::new(1, 5, 10);
        let _first = places.take().await.unwrap();
        assert_eq!(places.take().await.err(), Some(Full));
    }
}

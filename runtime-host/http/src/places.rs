//! Places inside components: so many requests at once, a bounded queue before them, then no.
//!
//! A client can be slow on purpose, with a request's body or in taking an answer, and a place that waits for a client
//! does nothing for anybody. So what depends on its client has a pool of its own, and can keep only its like out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// For one place of what waits for its client, so many ordinary ones.
const ORDINARY_PER_SLOW: usize = 4;

/// The bounds on requests inside components.
pub(crate) struct Places {
    ordinary: Pool,
    slow: Pool,
}

/// Which places a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// It is there as a whole.
    Ordinary,
    /// Its body, or the client that takes its answer, may be waited for.
    Slow,
}

/// A place, given back when dropped.
pub(crate) struct Place {
    pace: Pace,
    _permit: OwnedSemaphorePermit,
}

/// No place within the time, or too many wait already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Places {
    /// `places_max` ordinary ones and, beside them, a quarter of that for slow requests; each with a queue.
    pub(crate) fn new(places_max: usize, waiting_max: usize, wait_ms_max: u64) -> Self {
        let slow_max = (places_max / ORDINARY_PER_SLOW).max(1);
        Places {
            ordinary: Pool::new(places_max, waiting_max, wait_ms_max),
            slow: Pool::new(slow_max, waiting_max, wait_ms_max),
        }
    }

    pub(crate) async fn take(&self, pace: Pace) -> Result<Place, Full> {
        let pool = match pace {
            Pace::Ordinary => &self.ordinary,
            Pace::Slow => &self.slow,
        };
        Ok(Place { pace, _permit: pool.take().await? })
    }

    /// A slow place for an ordinary one, when one is free.
    pub(crate) fn slow_down(&self, place: Place) -> Place {
        match place.pace {
            Pace::Slow => place,
            Pace::Ordinary => match self.slow.free.clone().try_acquire_owned() {
                Ok(permit) => Place { pace: Pace::Slow, _permit: permit },
                Err(_) => place,
            },
        }
    }

    /// Requests inside components now, and requests that wait.
    pub(crate) fn in_use(&self) -> (usize, usize) {
        let ((ordinary, slow), (before_ordinary, before_slow)) =
            ((self.ordinary.taken(), self.slow.taken()), (self.ordinary.waiting(), self.slow.waiting()));
        (ordinary + slow, before_ordinary + before_slow)
    }
}

struct Pool {
    free: Arc<Semaphore>,
    places_max: usize,
    waiting: AtomicUsize,
    waiting_max: usize,
    wait: Duration,
}

struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Pool {
    fn new(places_max: usize, waiting_max: usize, wait_ms_max: u64) -> Self {
        Pool {
            free: Arc::new(Semaphore::new(places_max)),
            places_max,
            waiting: AtomicUsize::new(0),
            waiting_max,
            wait: Duration::from_millis(wait_ms_max),
        }
    }

    async fn take(&self) -> Result<OwnedSemaphorePermit, Full> {
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

    fn taken(&self) -> usize {
        self.places_max - self.free.available_permits()
    }

    fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_that_is_given_back_goes_to_the_one_that_waits() {
        let places = Arc::new(Places::new(1, 1, 5_000));
        let first = places.take(Pace::Ordinary).await.ok().unwrap();
        let second = tokio::spawn({
            let places = places.clone();
            async move { places.take(Pace::Ordinary).await.is_ok() }
        });
        tokio::task::yield_now().await;
        drop(first);
        assert!(second.await.unwrap());
    }

    #[tokio::test]
    async fn beyond_the_queue_the_answer_is_no_at_once() {
        let places = Places::new(1, 0, 60_000);
        let _first = places.take(Pace::Ordinary).await.ok().unwrap();
        assert_eq!(places.take(Pace::Ordinary).await.err(), Some(Full));
        assert_eq!(places.in_use(), (1, 0));
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_bound() {
        let places = Places::new(1, 5, 10);
        let _first = places.take(Pace::Ordinary).await.ok().unwrap();
        assert_eq!(places.take(Pace::Ordinary).await.err(), Some(Full));
    }

    #[tokio::test]
    async fn slow_requests_fill_a_quarter_and_keep_no_ordinary_one_out() {
        let places = Places::new(8, 0, 10);
        let _slow =
            [places.take(Pace::Slow).await.ok().unwrap(), places.take(Pace::Slow).await.ok().unwrap()];
        assert_eq!(places.take(Pace::Slow).await.err(), Some(Full));
        for _ in 0..8 {
            assert!(places.take(Pace::Ordinary).await.is_ok());
        }
    }

    #[tokio::test]
    async fn an_ordinary_place_is_free_again_once_its_request_slows_down() {
        let places = Places::new(1, 0, 10);
        let slowed = places.slow_down(places.take(Pace::Ordinary).await.ok().unwrap());
        let ordinary = places.take(Pace::Ordinary).await.ok().unwrap();
        let kept = places.slow_down(ordinary);
        assert_eq!(kept.pace, Pace::Ordinary, "no slow place is free");
        drop(slowed);
        assert_eq!(places.slow_down(kept).pace, Pace::Slow);
    }
}

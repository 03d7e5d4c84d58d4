//! What stops a statement that runs too long, or that nobody waits for any more.
//!
//! SQLite asks every few thousand steps, and before each wait for a lock. Unlike an interrupt from outside, the answer
//! can only ever stop the statement it is meant for.

use crate::authorizer::Moment;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Steps of SQLite's virtual machine between two questions; a few hundred of them take a microsecond at worst.
pub(crate) const STEPS_BETWEEN_QUESTIONS: i32 = 4_000;
const LOCK_POLL: Duration = Duration::from_millis(2);

/// Shared by a connection's hooks and whoever runs its statements.
#[derive(Debug)]
pub(crate) struct Watch {
    job: Mutex<Option<Job>>,
    preparing: AtomicBool,
    instance_gone: Arc<AtomicBool>,
}

#[derive(Clone, Debug)]
struct Job {
    deadline: Instant,
    given_up: Arc<AtomicBool>,
}

impl Watch {
    /// `instance_gone`: set when the component instance is dropped.
    pub(crate) fn new(instance_gone: Arc<AtomicBool>) -> Self {
        Self { job: Mutex::default(), preparing: AtomicBool::new(false), instance_gone }
    }

    /// A statement begins, with its deadline and its caller's word that it is still wanted.
    pub(crate) fn begin(&self, deadline: Instant, given_up: Arc<AtomicBool>) {
        *self.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(Job { deadline, given_up });
    }

    /// True when the current statement should stop.
    pub(crate) fn must_stop(&self) -> bool {
        if self.instance_gone.load(Ordering::Relaxed) {
            return true;
        }
        let job = self.job.lock().unwrap_or_else(PoisonError::into_inner);
        job.as_ref().is_some_and(|job| job.given_up.load(Ordering::Relaxed) || Instant::now() >= job.deadline)
    }

    /// Another connection holds a lock: waits a little; true when SQLite should try again.
    pub(crate) fn wait_for_lock(&self) -> bool {
        if self.must_stop() {
            return false;
        }
        std::thread::sleep(LOCK_POLL);
        true
    }

    /// Runs `prepare`, known to the authorizer as the guest's own statement.
    pub(crate) fn preparing<R>(&self, prepare: impl FnOnce() -> R) -> R {
        self.preparing.store(true, Ordering::Relaxed);
        let prepared = prepare();
        self.preparing.store(false, Ordering::Relaxed);
        prepared
    }

    pub(crate) fn moment(&self) -> Moment {
        if self.preparing.load(Ordering::Relaxed) { Moment::Preparing } else { Moment::Running }
    }
}

/// Tells, when dropped, that its statement is no longer wanted.
#[derive(Debug, Default)]
pub(crate) struct GiveUpOnDrop(Arc<AtomicBool>);

impl GiveUpOnDrop {
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        self.0.clone()
    }

    /// The statement may go on without whoever held this.
    pub(crate) fn disarm(&mut self) {
        self.0 = Arc::default();
    }
}

impl Drop for GiveUpOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

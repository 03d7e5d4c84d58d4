//! One instance's life under wasmtime's handler: which requests it takes, when it ends, what it leaves behind.

use crate::failure::{self, CpuSpent, Failure};
use crate::metrics::Counters;
use crate::room::Room;
use crate::settings::Settings;
use crate::state::InstanceState;
use futures::task::AtomicWaker;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::futures::OwnedNotified;
use tokio::sync::oneshot;
use tokio::time::Sleep;
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut, UpdateDeadline};
use wasmtime_wasi_http::handler::{ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus};

/// What a request brings to its instance.
pub(crate) struct Ticket {
    /// Resolves (with an error) when nobody waits for the answer any more.
    pub(crate) abandoned: oneshot::Receiver<()>,
    /// Told when the instance ends before the request does.
    pub(crate) failed: oneshot::Sender<Failure>,
    /// Counts the answer's body while it is being sent.
    pub(crate) shared: oneshot::Sender<Arc<Shared>>,
}

/// What an instance and its requests know of each other.
#[derive(Default)]
pub(crate) struct Shared {
    cpu_ticks: AtomicU64,
    abandoned: AtomicBool,
    bodies_open: AtomicUsize,
    failed: AtomicBool,
    expiration: AtomicWaker,
}

impl Shared {
    /// Notes an answer's body; the instance outlives abandoned requests as long as one is open.
    pub(crate) fn body_opened(&self) {
        self.bodies_open.fetch_add(1, Ordering::AcqRel);
    }

    /// The counterpart of [`Shared::body_opened`].
    pub(crate) fn body_closed(&self) {
        self.bodies_open.fetch_sub(1, Ordering::AcqRel);
        self.expiration.wake();
    }

    /// Whether the instance failed; a body that ends with it is cut, not complete.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// The epoch callback: a tick of CPU time; stops the guest when it had its share, else lets others run.
    pub(crate) fn on_epoch(&self, ticks_max: u64) -> wasmtime::Result<UpdateDeadline> {
        if self.cpu_ticks.fetch_add(1, Ordering::Relaxed) >= ticks_max {
            return Err(CpuSpent.into());
        }
        Ok(UpdateDeadline::Yield(1))
    }
}

/// When an instance ends although it did not fail.
pub(crate) struct Expiration {
    shared: Arc<Shared>,
    request: Duration,
    post_return: Duration,
    idle: Duration,
    sleep: Pin<Box<Sleep>>,
    room: Arc<Room>,
    /// While the instance is at rest: that its place is wanted.
    wanted: Option<Pin<Box<OwnedNotified>>>,
}

impl Expiration {
    pub(crate) fn new(shared: Arc<Shared>, room: Arc<Room>, settings: &Settings) -> Self {
        // The request's own deadline is watched from inside the instance; this one, a little later, also catches an
        // instance that is too busy to look at its clock.
        const GRACE: Duration = Duration::from_millis(250);
        Expiration {
            shared,
            request: Duration::from_millis(settings.request_ms_max) + GRACE,
            post_return: Duration::from_millis(settings.post_return_ms_max),
            idle: Duration::from_millis(settings.idle_ms_max),
            sleep: Box::pin(tokio::time::sleep(Duration::from_millis(settings.idle_ms_max))),
            room,
            wanted: None,
        }
    }
}

impl WorkerExpiration for Expiration {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, status: WorkerStatus, start: Instant) -> Poll<()> {
        let this = self.get_mut();
        this.shared.expiration.register(cx.waker());
        if !matches!(status, WorkerStatus::Idle) {
            this.wanted = None;
        }
        let time = match status {
            WorkerStatus::Idle => {
                let wanted = this.wanted.get_or_insert_with(|| Box::pin(this.room.wanted()));
                if wanted.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                this.idle
            }
            WorkerStatus::Requests => this.request,
            WorkerStatus::PostReturn => {
                let given_up = this.shared.abandoned.load(Ordering::Acquire);
                if given_up && this.shared.bodies_open.load(Ordering::Acquire) == 0 {
                    return Poll::Ready(());
                }
                this.post_return
            }
        };
        let deadline = tokio::time::Instant::from_std(start + time);
        if deadline != this.sleep.deadline() {
            this.sleep.as_mut().reset(deadline);
        }
        this.sleep.as_mut().poll(cx)
    }
}

/// One instance, as wasmtime's handler sees it.
pub(crate) struct Worker {
    pub(crate) component: Arc<str>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) room: Arc<Room>,
    pub(crate) waiting: Mutex<Vec<oneshot::Sender<Failure>>>,
    pub(crate) together_max: usize,
    pub(crate) requests_max: usize,
}

impl Worker {
    /// Tells every request that still waits for this instance why it will get nothing; gives their number.
    fn fail_waiting(&self, failure: &Failure) -> u64 {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.into_iter().map(|request| u64::from(request.send(failure.clone()).is_ok())).sum()
    }
}

/// Whether a worker was dropped where it stood, as those at rest are when the host ends: wasmtime's handler calls that a
/// panic, too.
fn ended_with_the_host(error: &wasmtime::Error) -> bool {
    !std::thread::panicking() && error.to_string() == "worker panicked"
}

impl WorkerState for Worker {
    type StoreData = InstanceState;
    type RequestData = Ticket;

    fn should_accept_request(&self, together: usize, so_far: usize) -> ShouldAccept {
        if so_far >= self.requests_max {
            ShouldAccept::Never
        } else if together >= self.together_max {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _store: StoreContextMut<'_, InstanceState>,
        ticket: Ticket,
        _task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        let Ticket { abandoned, failed, shared } = ticket;
        self.shared.cpu_ticks.store(0, Ordering::Relaxed);
        // Refused only when the request was abandoned before it began; the select below notices.
        let _ = shared.send(self.shared.clone());
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|request| !request.is_closed());
        waiting.push(failed);
        drop(waiting);
        let instance = self.shared.clone();
        let time = Duration::from_millis(self.settings.request_ms_max);
        Box::pin(async move {
            // Either the time is over or nobody waits any more: both mean that the guest's work is for nothing.
            let _ = tokio::time::timeout(time, abandoned).await;
            instance.abandoned.store(true, Ordering::Release);
        })
    }

    fn drop(&self, store: Store<InstanceState>, result: Result<(), wasmtime::Error>) {
        self.counters.instance_ended();
        let Err(error) = result else {
            drop(store);
            return self.room.left();
        };
        let failure = failure::of_worker(&error, store.data().memory_was_refused());
        // Before the store goes, and with it the open bodies: they look here when they end.
        self.shared.failed.store(true, Ordering::Release);
        drop(store);
        self.room.left();
        let requests = self.fail_waiting(&failure);
        if requests == 0 && ended_with_the_host(&error) {
            return;
        }
        self.counters.instance_failed(&self.component, &failure, requests);
        // Each request's own line says why it failed; an instance that failed with no request waiting has only this.
        if requests == 0 {
            tracing::error!(component = &*self.component, cause = %failure, guest = failure.guest(), "instance stopped");
        }
    }
}

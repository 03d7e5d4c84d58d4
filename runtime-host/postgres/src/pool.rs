//! The sessions of one database: a few that all components share, and some that one owner at a time has for itself
//! ([`Lease`]).

use crate::counters::Fill;
use crate::error::connection_failed;
use crate::interface::Error;
use crate::lease::Lease;
use crate::server::Server;
use crate::session::{Call, Session};
use crate::settings::Settings;
use arc_swap::ArcSwap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) struct Pool {
    pub(crate) server: Arc<Server>,
    shared: ArcSwap<Vec<Arc<Session>>>,
    /// Held while the list above changes.
    editing: Mutex<()>,
    /// Held by the one that opens the first shared session; the others wait for it.
    connecting: tokio::sync::Mutex<()>,
    growing: AtomicBool,
    dedicated_permits: Arc<Semaphore>,
    dedicated_idle: Mutex<Vec<Arc<Session>>>,
    waiting: AtomicUsize,
}

impl Pool {
    pub(crate) fn new(server: Server) -> Self {
        let dedicated_permits = Arc::new(Semaphore::new(server.settings.dedicated_max));
        Self {
            server: Arc::new(server),
            shared: ArcSwap::default(),
            editing: Mutex::new(()),
            connecting: tokio::sync::Mutex::new(()),
            growing: AtomicBool::new(false),
            dedicated_permits,
            dedicated_idle: Mutex::default(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// A place in the pipeline of the least busy shared session, of this event loop's own if it has any.
    pub(crate) async fn share(self: &Arc<Self>) -> Result<Call, Error> {
        if let Some(call) = self.pick() {
            return Ok(call);
        }
        let _turn = self.connecting.lock().await;
        if let Some(call) = self.pick() {
            return Ok(call);
        }
        let session = self.server.connect().await?;
        let call = Call::begin(&session);
        self.add(session);
        Ok(call)
    }

    fn pick(self: &Arc<Self>) -> Option<Call> {
        let sessions = self.shared.load();
        let mut best: Option<(Rank, &Arc<Session>)> = None;
        let (mut usable, mut here) = (0, 0);
        for session in sessions.iter().filter(|session| session.is_usable()) {
            let rank = Rank { is_elsewhere: !session.is_here(), load: session.load() };
            usable += 1;
            here += usize::from(!rank.is_elsewhere);
            if best.as_ref().is_none_or(|(least, _)| rank < *least) {
                best = Some((rank, session));
            }
        }
        let (rank, best) = best?;
        let Settings { connections_max, event_loops, .. } = *self.server.settings;
        let is_busy = best.calls() > 0 || rank.is_elsewhere;
        if is_busy && usable < connections_max && here < connections_max.div_ceil(event_loops.max(1)) {
            self.grow();
        }
        Some(Call::begin(best))
    }

    /// Opens one more shared session in the background; one at a time.
    fn grow(self: &Arc<Self>) {
        if self.growing.swap(true, Ordering::Relaxed) {
            return;
        }
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            // A failure is counted and logged where it happens; the sessions there are carry on.
            if let Ok(session) = pool.server.connect().await {
                pool.add(session);
            }
            pool.growing.store(false, Ordering::Relaxed);
        });
    }

    fn add(&self, session: Arc<Session>) {
        let _editing = self.editing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sessions: Vec<_> =
            self.shared.load().iter().filter(|session| session.is_usable()).cloned().collect();
        sessions.push(session);
        self.shared.store(Arc::new(sessions));
    }

    /// No call goes to a session of now any more: the server that they lead to has fallen silent.
    pub(crate) fn abandon(&self) {
        let _editing = self.editing.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = self.shared.swap(Arc::default());
        let idle = std::mem::take(&mut *self.dedicated_idle.lock().unwrap_or_else(PoisonError::into_inner));
        shared.iter().chain(&idle).for_each(|session| session.retire());
    }

    /// A session of one's own; waits for one up to the bound, then fails as busy.
    pub(crate) async fn lease(self: &Arc<Self>) -> Result<Lease, Error> {
        let permits = Arc::clone(&self.dedicated_permits);
        if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
            return self.lease_with(permit).await;
        }
        let settings = &self.server.settings;
        let bound = Duration::from_millis(settings.busy_wait_ms);
        let granted = {
            let _waiting = Waiting::begin(&self.waiting);
            tokio::time::timeout(bound, permits.acquire_owned()).await
        };
        match granted {
            Ok(Ok(permit)) => self.lease_with(permit).await,
            Ok(Err(_closed)) => Err(connection_failed("the pool is closed")),
            Err(_elapsed) => {
                self.server.counters.busy.add();
                Err(connection_failed(format_args!(
                    "busy: all {} dedicated connections are in use, waited {} ms",
                    settings.dedicated_max, settings.busy_wait_ms
                )))
            }
        }
    }

    /// A session of one's own if there is one right now.
    pub(crate) async fn try_lease(self: &Arc<Self>) -> Option<Lease> {
        let permit = Arc::clone(&self.dedicated_permits).try_acquire_owned().ok()?;
        self.lease_with(permit).await.ok()
    }

    async fn lease_with(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Result<Lease, Error> {
        let idle = {
            let mut idle = self.dedicated_idle.lock().unwrap_or_else(PoisonError::into_inner);
            std::iter::from_fn(|| idle.pop()).find(|session| session.is_usable())
        };
        let session = match idle {
            Some(session) => session,
            None => self.server.connect().await?,
        };
        Ok(Lease::new(session, Arc::clone(self), permit))
    }

    /// Makes a clean session free for the next owner.
    pub(crate) fn put_back(&self, session: Arc<Session>, permit: Option<OwnedSemaphorePermit>) {
        self.dedicated_idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        // After the session: who gets the permit finds it.
        drop(permit);
    }

    /// True when a session that answers is there, or can be had.
    pub(crate) async fn check(self: &Arc<Self>) -> Result<(), Error> {
        let call = self.share().await?;
        self.server.faults.pass().await.map_err(connection_failed)?;
        let alive = call.session().client.check_connection().await;
        call.finish();
        alive.map_err(|error| crate::error::cannot_connect(&error))
    }

    pub(crate) fn fill(&self) -> Fill {
        let sessions = self.shared.load();
        let calls = || sessions.iter().filter(|session| session.is_usable()).map(|session| session.calls());
        let shared_used = calls().filter(|&calls| calls > 0).count();
        let free = self.dedicated_permits.available_permits();
        Fill {
            shared_used,
            shared_idle: calls().count() - shared_used,
            calls: calls().sum(),
            dedicated_used: self.server.settings.dedicated_max.saturating_sub(free),
            dedicated_idle: self.dedicated_idle.lock().unwrap_or_else(PoisonError::into_inner).len(),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }
}

/// What to prefer a session by, best first: one that this event loop drives, then the least loaded.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_elsewhere: bool,
    load: (bool, usize),
}

/// One caller in the queue, for as long as it stays there.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

//! A session for one owner at a time, and its way back: only a session whose reset the server has confirmed goes to the
//! next owner.

use crate::pool::Pool;
use crate::session::Session;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// Brings a session back to how it was opened, apart from what its owner prepared by name: the driver's own prepared
/// statements must stay.
const RESET_SQL: &str = "ROLLBACK; CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; \
     SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES; ";

/// What a lease's owner has done to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    /// Nothing that stays.
    Clean,
    /// What a reset undoes.
    Touched,
    /// What a reset might not undo.
    Spent,
}

/// A session that its holder has for itself. When dropped, the session goes back only after the server has confirmed
/// its reset; otherwise it is closed.
pub(crate) struct Lease {
    session: Arc<Session>,
    returned_to: Arc<Pool>,
    permit: Option<OwnedSemaphorePermit>,
    use_: Mutex<Use>,
}

impl Lease {
    pub(crate) fn new(session: Arc<Session>, returned_to: Arc<Pool>, permit: OwnedSemaphorePermit) -> Self {
        Self { session, returned_to, permit: Some(permit), use_: Mutex::new(Use::Clean) }
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Notes what the session is about to be used for.
    pub(crate) fn note(&self, use_: Use) {
        let mut noted = self.use_.lock().unwrap_or_else(PoisonError::into_inner);
        *noted = (*noted).max(use_);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let use_ = *self.use_.lock().unwrap_or_else(PoisonError::into_inner);
        let (pool, session, permit) =
            (Arc::clone(&self.returned_to), Arc::clone(&self.session), self.permit.take());
        if !session.is_usable() {
            return;
        }
        match use_ {
            Use::Clean if session.calls() == 0 => pool.put_back(session, permit),
            Use::Clean | Use::Touched => {
                session.runtime().clone().spawn(pool.reset(session, permit));
            }
            Use::Spent => {
                session.runtime().clone().spawn(discard(session, permit));
            }
        }
    }
}

impl Pool {
    async fn reset(self: Arc<Self>, session: Arc<Session>, permit: Option<OwnedSemaphorePermit>) {
        let bound = Duration::from_millis(self.server.settings.reset_ms);
        let reset = tokio::time::timeout(bound, async {
            if session.calls() > 0 && session.cancel().await.is_err() {
                return false;
            }
            let sql = format!("{RESET_SQL}{}", self.server.session_bounds_sql());
            session.client.batch_execute(&sql).await.is_ok()
        });
        if reset.await == Ok(true) && session.is_usable() {
            self.server.counters.resets.add();
            self.put_back(session, permit);
        } else {
            session.retire();
        }
    }
}

/// Closes a session. What it still does is stopped first: the server might not notice for a while, and would keep locks.
async fn discard(session: Arc<Session>, permit: Option<OwnedSemaphorePermit>) {
    session.retire();
    if session.calls() > 0 {
        let bound = Duration::from_millis(session.server.settings.reset_ms);
        // The session is closed whether or not the server heard.
        let _ = tokio::time::timeout(bound, session.cancel()).await;
    }
    drop(permit);
}

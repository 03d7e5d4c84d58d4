//! One session on the server: its driver task, its prepared statements, and the calls in flight on it.
//!
//! Calls are pipelined: a session takes any number at once and answers them in order. A call is counted from before it
//! is sent until the server has answered it, also when nobody waits for the answer any more ([`Call`]).

use crate::address::Target;
use crate::bounded_map::BoundedMap;
use crate::error::{BadParameterCase, chain};
use crate::interface::Error;
use crate::server::Server;
use crate::sql::texts::Text;
use crate::values::column::Reading;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio::task::AbortHandle;
use tokio_postgres::{Client, Connection, Statement};

/// A statement that a session has prepared.
pub(crate) struct Prepared {
    pub(crate) statement: Statement,
    pub(crate) readings: Box<[Reading]>,
}

type Preparing = Arc<OnceCell<Arc<Prepared>>>;

pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) server: Arc<Server>,
    target: Target,
    statements: Mutex<BoundedMap<u64, Preparing>>,
    calls: AtomicUsize,
    /// Calls among them that others had better not queue behind: large results, abandoned calls.
    slow_calls: AtomicUsize,
    retired: AtomicBool,
    driver: AbortHandle,
    runtime: Handle,
}

impl Session {
    /// Takes a connection over: drives it in a task of its own until it ends or the session is dropped.
    pub(crate) fn start<S, T>(
        client: Client,
        mut connection: Connection<S, T>,
        server: Arc<Server>,
        target: Target,
    ) -> Arc<Self>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
        T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let label = server.label.clone();
        let driver = tokio::spawn(async move {
            // Notices and notifications may repeat data: they are read and dropped.
            loop {
                match std::future::poll_fn(|cx| connection.poll_message(cx)).await {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => {
                        tracing::info!(database = %label, error = %chain(&error), "database connection ended");
                        return;
                    }
                    None => return,
                }
            }
        });
        Arc::new(Self {
            client,
            target,
            statements: Mutex::new(BoundedMap::new(server.settings.statements_max)),
            server,
            calls: AtomicUsize::new(0),
            slow_calls: AtomicUsize::new(0),
            retired: AtomicBool::new(false),
            driver: driver.abort_handle(),
            runtime: Handle::current(),
        })
    }

    /// Takes new calls.
    pub(crate) fn is_usable(&self) -> bool {
        !self.retired.load(Ordering::Relaxed) && !self.client.is_closed()
    }

    /// No new calls from now on; those in flight end by themselves.
    pub(crate) fn retire(&self) {
        if !self.retired.swap(true, Ordering::Relaxed) {
            self.server.counters.discarded.add();
        }
    }

    /// Why a statement failed, for the guest. A session whose end the server announced takes no call: it may look open.
    pub(crate) fn failed(&self, error: &tokio_postgres::Error, bad_parameter: BadParameterCase) -> Error {
        if crate::error::ends_session(error) {
            self.retire();
        }
        crate::error::statement_failed(error, bad_parameter)
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// What to prefer a session by: those without slow calls, then those with the fewest calls.
    pub(crate) fn load(&self) -> (bool, usize) {
        (self.slow_calls.load(Ordering::Relaxed) > 0, self.calls())
    }

    /// Whether the event loop that asks is the one that drives it: then no other thread has to be woken for a call.
    pub(crate) fn is_here(&self) -> bool {
        self.runtime.id() == Handle::current().id()
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// The text, prepared on this session; many first uses at once prepare it once, and a caller that goes away does
    /// not stop it.
    pub(crate) async fn prepared(
        self: &Arc<Self>,
        text: &Arc<Text>,
    ) -> Result<Arc<Prepared>, tokio_postgres::Error> {
        let (cell, forgotten) = {
            let mut statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
            match statements.get(&text.id) {
                Some(cell) => match cell.get() {
                    Some(prepared) => return Ok(Arc::clone(prepared)),
                    None => (Arc::clone(cell), Vec::new()),
                },
                None => {
                    let cell = Preparing::default();
                    let forgotten = statements.insert(text.id, Arc::clone(&cell));
                    (cell, forgotten)
                }
            }
        };
        // Their end is a message to the server each: sent with the lock given back.
        drop(forgotten);
        let (session, text) = (Arc::clone(self), Arc::clone(text));
        let preparing = self.runtime.spawn(async move {
            let prepared = cell.get_or_try_init(|| session.prepare(&text.sql)).await.map(Arc::clone);
            if prepared.is_err() {
                session.forget(text.id);
            }
            prepared
        });
        match preparing.await {
            Ok(prepared) => prepared,
            Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
            // The session's runtime is shutting down: the caller's deadline is the answer.
            Err(_) => std::future::pending().await,
        }
    }

    async fn prepare(&self, sql: &str) -> Result<Arc<Prepared>, tokio_postgres::Error> {
        self.server.counters.prepares.add();
        let statement = self.client.prepare(sql).await?;
        let readings = statement.columns().iter().map(|column| Reading::of(column.type_())).collect();
        Ok(Arc::new(Prepared { statement, readings }))
    }

    /// The next use prepares the text again.
    pub(crate) fn forget(&self, text_id: u64) {
        let forgotten = self.statements.lock().unwrap_or_else(PoisonError::into_inner).remove(&text_id);
        drop(forgotten);
    }

    /// Asks the server to stop what this session does. Only for a session of one owner: on a shared one it could hit
    /// another's statement.
    pub(crate) async fn cancel(&self) -> Result<(), Error> {
        let stream = self.server.dial(&self.target).await?;
        let tls = self.server.tls_to(&self.target)?;
        self.client
            .cancel_token()
            .cancel_query_raw(stream, tls)
            .await
            .map_err(|error| crate::error::cannot_connect(&error))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Without calls in flight the driver says goodbye and ends, once the client is gone. Otherwise it would read
        // on to the end of whatever is left.
        if self.retired.load(Ordering::Relaxed) {
            self.driver.abort();
        }
    }
}

/// A call in flight on a session. Dropped before [`Call::finish`], it stays counted until the server is through with
/// it; if that takes long, the session is retired.
pub(crate) struct Call {
    session: Arc<Session>,
    finished: bool,
    slow: bool,
}

impl Call {
    pub(crate) fn begin(session: &Arc<Session>) -> Self {
        session.calls.fetch_add(1, Ordering::Relaxed);
        Self { session: Arc::clone(session), finished: false, slow: false }
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Others had better not queue behind this one.
    pub(crate) fn set_slow(&mut self) {
        if !self.slow {
            self.slow = true;
            self.session.slow_calls.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The server has answered, or nothing was sent.
    pub(crate) fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.finished || self.session.client.is_closed() {
            if self.slow {
                self.session.slow_calls.fetch_sub(1, Ordering::Relaxed);
            }
            self.session.calls.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        self.set_slow();
        // Finished as far as this guard goes: should the runtime end first, nothing is spawned again.
        let rest = Self { session: Arc::clone(&self.session), finished: true, slow: true };
        self.session.runtime.spawn(drain(rest));
    }
}

/// Answers come in order: when an empty request sent now is answered, what was abandoned before it is over.
async fn drain(abandoned: Call) {
    let session = &abandoned.session;
    let settings = &session.server.settings;
    let step = Duration::from_millis(settings.drain_ms.max(1));
    let over = session.client.check_connection();
    tokio::pin!(over);
    if tokio::time::timeout(step, &mut over).await.is_ok() {
        return;
    }
    session.retire();
    // Calls that queued behind it still hope for their answers; the server ends it at `statement_timeout`.
    let mut waited_ms = settings.drain_ms;
    while session.calls() > 1 && waited_ms < settings.call_ms {
        if tokio::time::timeout(step, &mut over).await.is_ok() {
            return;
        }
        waited_ms += settings.drain_ms.max(1);
    }
}

//! A guest's connection: a light handle on the pool that keeps the meaning of a session of its own.
//!
//! Statements that need nothing of a session run on the shared ones. The first that does gives the handle a dedicated
//! session, and from then on everything runs there, until the handle is dropped.

use crate::call::{End, Place, Started};
use crate::error::{BadParameterCase, connection_failed, is_stale_statement, query_failed};
use crate::interface::{Column, Error, ParameterValue, Row};
use crate::lease::{Lease, Use};
use crate::pool::Pool;
use crate::silence;
use crate::sql::classify::Class;
use crate::sql::texts::{Text, Texts};
use crate::stream::{RowReader, feed};
use crate::values::parameter::Parameter;
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::sync::{OnceCell, oneshot};
use tracing::Instrument;

/// How much later than the server the host gives a call up, so that the server's own words come first.
const DEADLINE_GRACE_MS: u64 = 500;

/// Where a component's statements may run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sessions {
    /// Judged by each statement's text: shared where it needs nothing of its session.
    #[default]
    AsNeeded,
    /// A session of its own for each connection, from its first statement on, exactly as on Spin. For components whose
    /// SQL functions change their session, which a statement's text does not show.
    Dedicated,
}

/// The resource behind the interface's `connection`. Cheap to clone; clones are the same connection.
#[derive(Clone)]
pub struct Connection(Arc<Handle>);

struct Handle {
    pool: Arc<Pool>,
    texts: Arc<Texts>,
    sessions: Sessions,
    pinned: OnceCell<Arc<Lease>>,
    /// Calls that are about to get the handle its own session: later calls wait for it.
    pinning: AtomicUsize,
}

/// Rows that a query gave.
pub enum Rows {
    /// All of them, and how the result ended.
    Whole(Vec<Row>, Result<(), Error>),
    /// They come as they are read; at the end, how the result ended.
    Streaming(RowReader, oneshot::Receiver<Result<(), Error>>),
}

/// A query's answer.
pub struct Answer {
    /// Names and types, also when there are no rows.
    pub columns: Vec<Column>,
    /// The rows, or where they come from.
    pub rows: Rows,
}

impl Connection {
    pub(crate) fn new(pool: Arc<Pool>, texts: Arc<Texts>, sessions: Sessions) -> Self {
        Self(Arc::new(Handle {
            pool,
            texts,
            sessions,
            pinned: OnceCell::new(),
            pinning: AtomicUsize::new(0),
        }))
    }

    /// Runs a statement and returns all its rows; errors when they are more than the bound.
    pub async fn query_whole(
        &self,
        sql: &str,
        parameters: &[ParameterValue],
    ) -> Result<(Vec<Column>, Vec<Row>), Error> {
        self.0
            .timed(sql, |text| async move {
                let mut started = self.0.start(&text, parameters, BadParameterCase::OfQuery).await?;
                let bytes_max = self.0.pool.server.settings.result_bytes_max;
                let (rows, end) = started.collect(bytes_max).await;
                match end {
                    End::Complete => started.place.call.finish(),
                    End::More => {
                        return Err(query_failed(format_args!(
                            "query result exceeds limit of {bytes_max} bytes"
                        )));
                    }
                    End::Failed(error) => {
                        started.place.call.finish();
                        return Err(error);
                    }
                    End::Undecodable(error) => return Err(error),
                }
                Ok((started.prepared.describe(), rows))
            })
            .await
    }

    /// Runs a statement; a small result is whole in the answer, a larger one streams behind it.
    pub async fn query(&self, sql: &str, parameters: &[ParameterValue]) -> Result<Answer, Error> {
        self.0
            .timed(sql, |text| async move {
                let mut started = self.0.start(&text, parameters, BadParameterCase::OfQuery).await?;
                let (rows, end) = started.collect(self.0.pool.server.settings.inline_bytes_max).await;
                let columns = started.prepared.describe();
                let rows = match end {
                    End::Complete => {
                        text.set_large(false);
                        started.place.call.finish();
                        Rows::Whole(rows, Ok(()))
                    }
                    End::Failed(error) => {
                        started.place.call.finish();
                        Rows::Whole(rows, Err(error))
                    }
                    End::Undecodable(error) => Rows::Whole(rows, Err(error)),
                    End::More => {
                        text.set_large(true);
                        let (reader, outcome) = feed(started, rows);
                        Rows::Streaming(reader, outcome)
                    }
                };
                Ok(Answer { columns, rows })
            })
            .await
    }

    /// Runs a statement and returns how many rows it touched.
    pub async fn execute(&self, sql: &str, parameters: &[ParameterValue]) -> Result<u64, Error> {
        self.0
            .timed(sql, |text| async move {
                let mut started = self.0.start(&text, parameters, BadParameterCase::OfExecute).await?;
                let mut failed = None;
                while let Some(row) = started.rows.next().await {
                    failed = row.err();
                    if failed.is_some() {
                        break;
                    }
                }
                let outcome = match failed {
                    None => Ok(started.rows.rows_affected().unwrap_or(0)),
                    Some(error) => {
                        Err(started.place.call.session().failed(&error, BadParameterCase::OfExecute))
                    }
                };
                started.place.call.finish();
                outcome
            })
            .await
    }
}

impl Handle {
    /// Puts a call under its deadline, counts and times it.
    async fn timed<R, F: Future<Output = Result<R, Error>>>(
        &self,
        sql: &str,
        call: impl FnOnce(Arc<Text>) -> F,
    ) -> Result<R, Error> {
        let server = &self.pool.server;
        server.faults.pass().await.map_err(connection_failed)?;
        let text = self.texts.get(sql);
        let span = tracing::debug_span!("postgres", statement = format_args!("{:016x}", text.fingerprint));
        let bound_ms = server.settings.call_ms + DEADLINE_GRACE_MS;
        let begun = Instant::now();
        let call = call(text).instrument(span);
        let outcome = silence::watched(&self.pool, bound_ms, call).await;
        server.counters.statements.add();
        server
            .counters
            .statement_micros
            .add_many(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
        if outcome.is_err() {
            server.counters.statement_errors.add();
        }
        outcome
    }

    /// Sends the statement. What fails before the server executed anything, and outside of a session that the guest
    /// sees, is tried once more.
    async fn start(
        &self,
        text: &Arc<Text>,
        parameters: &[ParameterValue],
        bad_parameter: BadParameterCase,
    ) -> Result<Started, Error> {
        let mut is_retry = false;
        loop {
            let place = self.place(text).await?;
            let session = place.call.session();
            let (error, is_unsent) = match session.prepared(text).await {
                Ok(prepared) => {
                    let sent =
                        session.client.query_raw(&prepared.statement, parameters.iter().map(Parameter));
                    match sent.await {
                        Ok(rows) => return Ok(Started { place, prepared, rows: Box::pin(rows) }),
                        Err(error) => (error, false),
                    }
                }
                Err(error) => (error, true),
            };
            let is_stale = is_stale_statement(&error);
            if is_stale {
                session.forget(text.id);
                self.pool.server.counters.stale_statements.add();
            }
            let is_pinned = place.is_pinned;
            let told = session.failed(&error, bad_parameter);
            place.call.finish();
            if is_retry || is_pinned || !(is_stale || (is_unsent && error.is_closed())) {
                return Err(told);
            }
            is_retry = true;
        }
    }

    async fn place(&self, text: &Text) -> Result<Place, Error> {
        let use_ = match (text.class, self.sessions) {
            (Class::Refused, _) => return Err(query_failed("COPY is not possible through this interface")),
            (Class::SessionOnce, _) => Some(Use::Spent),
            (Class::Session, _) | (Class::Shared, Sessions::Dedicated) => Some(Use::Touched),
            (Class::Shared, Sessions::AsNeeded) => None,
        };
        let is_pinned = self.pinned.initialized() || self.pinning.load(Ordering::Acquire) > 0;
        if use_.is_some() || is_pinned {
            let lease = self.pinned().await?;
            if lease.session().client.is_closed() {
                return Err(connection_failed(
                    "the session of this connection is lost: open a new connection",
                ));
            }
            lease.note(use_.unwrap_or(Use::Touched));
            return Ok(Place::pinned(lease));
        }
        if text.is_large()
            && let Some(lease) = self.pool.try_lease().await
        {
            return Ok(Place::aside(lease));
        }
        Ok(Place::shared(self.pool.share().await?))
    }

    /// The handle's own session, got at the first need.
    async fn pinned(&self) -> Result<Arc<Lease>, Error> {
        if let Some(lease) = self.pinned.get() {
            return Ok(Arc::clone(lease));
        }
        let _pinning = Pinning::begin(&self.pinning);
        let lease = self.pinned.get_or_try_init(|| async { self.pool.lease().await.map(Arc::new) }).await?;
        Ok(Arc::clone(lease))
    }
}

struct Pinning<'a>(&'a AtomicUsize);

impl<'a> Pinning<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Pinning<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

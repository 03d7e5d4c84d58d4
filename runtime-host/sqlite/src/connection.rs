//! One opened connection: an SQLite connection of its own (so transactions, temporary tables and the last row id are
//! its own), whose statements run one after the other on blocking threads.

use crate::rows::{RowSender, RowStream};
use crate::statement::{After, Allowance, run};
use crate::watch::{GiveUpOnDrop, STEPS_BETWEEN_QUESTIONS, Watch};
use crate::{QueryError, QueryResult, Settings, Shared, Value, authorizer};
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;
use rusqlite::hooks::AuthContext;
use rusqlite::limits::Limit;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, oneshot};

/// An opened connection. Clones are the same connection; it is closed, and an open transaction undone, with the last.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    /// Taken out when dropped.
    open: Option<Open>,
    watch: Arc<Watch>,
    last: Arc<LastChange>,
}

/// The SQLite connection, and its place among those that may be open.
struct Open {
    database: Arc<Mutex<rusqlite::Connection>>,
    _permit: OwnedSemaphorePermit,
}

/// Closing may write to the file (the last connection empties the log), which is no work for an asynchronous thread.
impl Drop for Inner {
    fn drop(&mut self) {
        let open = self.open.take();
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || drop(open))),
            Err(_) => drop(open),
        }
    }
}

/// Kept beside the connection, so that asking never waits for a statement.
#[derive(Default)]
struct LastChange {
    rowid: AtomicI64,
    changes: AtomicU64,
}

impl LastChange {
    /// Called before anyone is told that a statement ended.
    fn note(&self, database: &rusqlite::Connection) {
        self.rowid.store(database.last_insert_rowid(), Ordering::Relaxed);
        self.changes.store(database.changes(), Ordering::Relaxed);
    }
}

/// How long a statement that was told to stop may take to do so before its caller is answered without it.
const STOP_MS: u64 = 500;

/// A statement's turn: the connection, a thread to run on, and until when.
struct Turn {
    database: OwnedMutexGuard<rusqlite::Connection>,
    thread: OwnedSemaphorePermit,
    deadline: Instant,
}

impl Connection {
    pub(crate) async fn open(
        shared: Arc<Shared>,
        label: &str,
        instance_gone: Arc<AtomicBool>,
    ) -> Result<Self, QueryError> {
        let permit = shared.connections.clone().try_acquire_owned();
        let permit = permit.map_err(|_| QueryError::TooMany("connections opened"))?;
        let watch = Arc::new(Watch::new(instance_gone));
        let path = shared.settings.folder.join(format!("{label}.db"));
        let (settings, hooks) = (shared.settings.clone(), watch.clone());
        let opening = tokio::task::spawn_blocking(move || {
            hooks.begin(Instant::now() + Duration::from_millis(settings.call_ms), Arc::default());
            open_file(&path, &settings, &hooks)
                .map_err(|error| QueryError::from_sqlite(&error, settings.call_ms))
        });
        let database = opening.await.map_err(|error| QueryError::Unavailable(error.to_string()))??;
        let open = Some(Open { database: Arc::new(Mutex::new(database)), _permit: permit });
        Ok(Self(Arc::new(Inner { shared, open, watch, last: Arc::default() })))
    }

    /// Runs `sql` (one statement) to its end; all its rows at once.
    pub async fn execute(&self, sql: String, parameters: Vec<Value>) -> Result<QueryResult, QueryError> {
        self.counted(self.execute_uncounted(sql, parameters)).await
    }

    async fn execute_uncounted(
        &self,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<QueryResult, QueryError> {
        let allowance = self.allowance(self.0.shared.settings.call_ms);
        let turn = self.turn(allowance.within_ms).await?;
        let give_up = GiveUpOnDrop::default();
        let running = self.start(turn, give_up.flag(), move |database, watch| {
            let mut result = QueryResult { columns: Vec::new(), rows: Vec::new() };
            let mut bytes_left = allowance.result_bytes_max;
            run(
                database,
                watch,
                allowance,
                &sql,
                parameters,
                |columns| result.columns = columns,
                |row, bytes| {
                    bytes_left = bytes_left
                        .checked_sub(bytes)
                        .ok_or(QueryError::ResultTooLarge(allowance.result_bytes_max))?;
                    result.rows.push(row);
                    Ok(After::GoOn)
                },
            )?;
            Ok(result)
        });
        within(running, allowance.within_ms).await
    }

    /// Runs `sql` (one statement), its rows as a stream: the column names once it is prepared, then the rows as fast
    /// as they are read. A reader that goes away ends the statement at its next row, not before.
    pub async fn stream(
        &self,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<(Vec<String>, RowStream), QueryError> {
        self.counted(self.stream_uncounted(sql, parameters)).await
    }

    async fn stream_uncounted(
        &self,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<(Vec<String>, RowStream), QueryError> {
        let allowance = self.allowance(self.0.shared.settings.stream_ms);
        let turn = self.turn(self.0.shared.settings.call_ms).await?;
        let turn = Turn { deadline: Instant::now() + Duration::from_millis(allowance.within_ms), ..turn };
        let (columns_sender, columns) = oneshot::channel();
        let (mut rows, stream) = RowSender::new(turn.deadline, allowance.within_ms);
        let mut give_up = GiveUpOnDrop::default();
        let (keep_open, metrics, last) = (self.clone(), self.0.shared.metrics.clone(), self.0.last.clone());
        let running = self.start(turn, give_up.flag(), move |database, watch| {
            let mut head = Some(columns_sender);
            let send_head = |columns| drop(head.take().map(|head| head.send(Ok(columns))));
            let result = run(database, watch, allowance, &sql, parameters, send_head, |row, bytes| {
                rows.push(row, bytes)
            });
            last.note(database);
            match (result, head) {
                (Err(error), Some(head)) => drop(head.send(Err(error))),
                (result, _) => {
                    if result.is_err() {
                        metrics.failures.inc();
                    }
                    rows.finish(result);
                }
            }
            drop(keep_open);
            Ok(())
        });
        let head = tokio::select! {
            head = columns => head.map_err(|_| QueryError::Unavailable("the statement's thread ended".to_owned()))?,
            () = tokio::time::sleep(Duration::from_millis(allowance.within_ms + STOP_MS)) => {
                return Err(QueryError::Deadline(allowance.within_ms));
            }
        };
        drop(running);
        give_up.disarm();
        Ok((head?, stream))
    }

    /// The row id of the latest successful `INSERT` on this connection; 0 before there was one.
    pub fn last_insert_rowid(&self) -> i64 {
        self.0.last.rowid.load(Ordering::Relaxed)
    }

    /// Rows that the latest completed `INSERT`, `UPDATE` or `DELETE` on this connection changed.
    pub fn changes(&self) -> u64 {
        self.0.last.changes.load(Ordering::Relaxed)
    }

    fn allowance(&self, within_ms: u64) -> Allowance {
        Allowance { within_ms, result_bytes_max: self.0.shared.settings.result_bytes_max }
    }

    /// Waits for the connection's earlier statements, then for a thread.
    async fn turn(&self, within_ms: u64) -> Result<Turn, QueryError> {
        let shared = &self.0.shared;
        shared.faults.pass().await.map_err(|injected| QueryError::Unavailable(injected.to_string()))?;
        let deadline = Instant::now() + Duration::from_millis(within_ms);
        let turn = async {
            let open = self.0.open.as_ref()?;
            let database = open.database.clone().lock_owned().await;
            let thread = shared.threads.clone().acquire_owned().await.ok()?;
            Some(Turn { database, thread, deadline })
        };
        match tokio::time::timeout_at(deadline.into(), turn).await {
            Ok(Some(turn)) => Ok(turn),
            Ok(None) => Err(QueryError::Unavailable("no more statements are run".to_owned())),
            Err(_) => Err(QueryError::TooMany("statements wait for their turn")),
        }
    }

    fn start<R: Send + 'static>(
        &self,
        turn: Turn,
        given_up: Arc<AtomicBool>,
        work: impl FnOnce(&rusqlite::Connection, &Watch) -> Result<R, QueryError> + Send + 'static,
    ) -> tokio::task::JoinHandle<Result<R, QueryError>> {
        let (watch, last) = (self.0.watch.clone(), self.0.last.clone());
        tokio::task::spawn_blocking(move || {
            let Turn { database, thread, deadline } = turn;
            watch.begin(deadline, given_up);
            let result = if watch.must_stop() {
                Err(QueryError::Unavailable("nobody waits for the statement".to_owned()))
            } else {
                work(&database, &watch)
            };
            last.note(&database);
            drop((database, thread));
            result
        })
    }

    async fn counted<R>(&self, call: impl Future<Output = Result<R, QueryError>>) -> Result<R, QueryError> {
        let metrics = &self.0.shared.metrics;
        metrics.calls.inc();
        let result = call.await;
        if result.is_err() {
            metrics.failures.inc();
        }
        result
    }
}

/// The statement stops itself at its deadline; this is for one that sits in the operating system.
async fn within<R>(
    running: tokio::task::JoinHandle<Result<R, QueryError>>,
    within_ms: u64,
) -> Result<R, QueryError> {
    match tokio::time::timeout(Duration::from_millis(within_ms + STOP_MS), running).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(QueryError::Unavailable(panic.to_string())),
        Err(_) => Err(QueryError::Deadline(within_ms)),
    }
}

fn open_file(path: &Path, settings: &Settings, watch: &Arc<Watch>) -> rusqlite::Result<rusqlite::Connection> {
    // No URI names: a label is only ever a file in the folder.
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut database = rusqlite::Connection::open_with_flags(path, flags)?;
    let (steps, locks, questions) = (watch.clone(), watch.clone(), watch.clone());
    database.busy_handler(Some(move |_tries| locks.wait_for_lock()))?;
    database.progress_handler(STEPS_BETWEEN_QUESTIONS, Some(move || steps.must_stop()))?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    let page_bytes: u64 = database.pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0))?.into();
    for (schema, bytes_max) in [("main", settings.file_bytes_max), ("temp", settings.temporary_bytes_max)] {
        let pages = i64::try_from((bytes_max / page_bytes).max(1)).unwrap_or(i64::MAX);
        database.pragma_update_and_check(Some(schema), "max_page_count", pages, |_| Ok(()))?;
    }
    database
        .set_limit(Limit::SQLITE_LIMIT_LENGTH, i32::try_from(settings.value_bytes_max).unwrap_or(i32::MAX))?;
    database.set_limit(
        Limit::SQLITE_LIMIT_SQL_LENGTH,
        i32::try_from(settings.statement_bytes_max).unwrap_or(i32::MAX),
    )?;
    database.set_prepared_statement_cache_capacity(settings.prepared_max);
    database.authorizer(Some(move |context: AuthContext<'_>| {
        authorizer::authorize(context.action, questions.moment())
    }))?;
    Ok(database)
}

//! Spin's SQLite interface: one database file per label, shared by the components that are granted it.
//!
//! * [`Sqlite`] is made once per host: the labels and the bounds that all connections share.
//! * [`Connection`] is one opened connection; its statements run on blocking threads, one after the other.
//! * [`SqliteInstance`] is what one component instance was granted; `instance.rs` joins it to the interface.
//!
//! It never lets SQL reach beyond its database file (`authorizer.rs`), never blocks an asynchronous thread, and never
//! runs a statement beyond its deadline (`watch.rs`). It replaces no damaged file: contents are meant to last.

mod authorizer;
mod connection;
mod instance;
mod metrics;
mod query_error;
mod rows;
mod settings;
mod statement;
mod watch;

use host_faults::FaultSwitch;
use metrics::Metrics;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

pub use bindings::spin::sqlite::sqlite::{Error, QueryResult, RowResult, Value};
pub use connection::Connection;
pub use instance::{SqliteInstance, SqliteView, add_to_linker};
pub use query_error::{Failure, QueryError};
pub use rows::RowStream;
pub use settings::{DEFAULT_LABEL, Settings};

mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

/// The bound of [`Sqlite::ready`].
pub const READY_MS: u64 = 1_000;

/// SQLite for the whole host; clones share threads, bounds and counters.
#[derive(Clone)]
pub struct Sqlite(Arc<Shared>);

struct Shared {
    settings: Arc<Settings>,
    threads: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    metrics: Metrics,
    faults: FaultSwitch,
}

/// Settings that no database can be opened with.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A label that makes no file name.
    #[error("database label {0:?}: only lower-case letters, digits, '-' and '_' are allowed")]
    Label(String),
    /// The folder is missing and cannot be made.
    #[error("{folder}: {source}")]
    Folder {
        /// The folder.
        folder: String,
        /// The operating system's words.
        source: std::io::Error,
    },
}

impl Sqlite {
    /// Checks the labels and makes the folder; opens no database yet.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let is_plain = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_');
        if let Some(label) =
            settings.databases.iter().find(|label| label.is_empty() || !label.chars().all(is_plain))
        {
            return Err(SettingsError::Label(label.clone()));
        }
        std::fs::create_dir_all(&settings.folder).map_err(|source| SettingsError::Folder {
            folder: settings.folder.display().to_string(),
            source,
        })?;
        Ok(Self(Arc::new(Shared {
            threads: Arc::new(Semaphore::new(settings.threads_max.max(1))),
            connections: Arc::new(Semaphore::new(settings.connections_max)),
            metrics: Metrics::default(),
            faults: FaultSwitch::default(),
            settings: Arc::new(settings),
        })))
    }

    /// The test switch, asked before each statement.
    pub fn faults(&self) -> &FaultSwitch {
        &self.0.faults
    }

    /// Adds the `sqlite_*` metrics.
    pub fn register_metrics(&self, registry: &mut prometheus_client::registry::Registry) {
        self.0.metrics.register(registry);
    }

    /// The labels of all databases: what a component may be granted.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.settings.databases.iter().map(String::as_str)
    }

    /// Ok while the folder of the database files is there. Takes at most [`READY_MS`].
    pub async fn ready(&self) -> Result<(), String> {
        let folder = &self.0.settings.folder;
        let looking = async {
            self.0.faults.pass().await.map_err(|injected| injected.to_string())?;
            let found = tokio::fs::metadata(folder).await.map_err(|error| error.to_string())?;
            if found.is_dir() { Ok(()) } else { Err("not a folder".to_owned()) }
        };
        let fault = match tokio::time::timeout(Duration::from_millis(READY_MS), looking).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(fault)) => fault,
            Err(_) => format!("no answer within {READY_MS} ms"),
        };
        Err(format!("sqlite: {}: {fault}", folder.display()))
    }

    /// One component instance's state; `granted`: the labels in its `sqlite_databases`.
    pub fn instance(&self, granted: Arc<BTreeSet<String>>) -> SqliteInstance {
        SqliteInstance::new(self.clone(), granted)
    }
}

//! One embedded store: a table in a database file. Reads run on blocking threads, writes on the file's writer.

use crate::file::{DatabaseFile, OpenFailure};
use crate::metrics::Metrics;
use crate::writer::{self, Change, Write, entries};
use crate::{Settings, StoreError};
use redb::{ReadableDatabase, TableError};
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// A database file with its writer; shared by all stores in it.
#[derive(Clone)]
pub(crate) struct Embedded {
    file: Arc<DatabaseFile>,
    writes: mpsc::Sender<Write>,
    reads: Arc<Semaphore>,
}

/// One store in the file.
pub(crate) struct Table {
    embedded: Embedded,
    name: Arc<str>,
}

impl Embedded {
    pub(crate) fn open(path: &Path, settings: &Settings, metrics: &Metrics) -> Result<Self, OpenFailure> {
        let file = Arc::new(DatabaseFile::open(path, settings.cache_bytes)?);
        let writes = writer::start(file.clone(), settings, metrics.clone());
        let writes = writes.map_err(|error| OpenFailure::new(path, &error))?;
        Ok(Self { file, writes, reads: Arc::new(Semaphore::new(settings.reads_max.max(1))) })
    }

    /// The store that `label` names.
    pub(crate) fn table(&self, label: &str) -> Table {
        Table { embedded: self.clone(), name: format!("store:{label}").into() }
    }
}

type OpenTable = redb::ReadOnlyTable<&'static str, &'static [u8]>;

impl Table {
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let key = key.to_owned();
        self.read(move |table| Ok(table.get(key.as_str())?.map(|value| value.value().to_vec())))
            .await
            .map(Option::flatten)
    }

    pub(crate) async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        let key = key.to_owned();
        let found = self.read(move |table| Ok(table.get(key.as_str())?.is_some())).await?;
        Ok(found.unwrap_or(false))
    }

    /// At most `keys_max` keys in order, those after `after`.
    pub(crate) async fn keys_after(
        &self,
        after: Option<String>,
        keys_max: usize,
    ) -> Result<Vec<String>, StoreError> {
        let keys = self.read(move |table| {
            let start = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let range = table.range::<&str>((start, Bound::Unbounded))?;
            range.take(keys_max).map(|entry| Ok(entry?.0.value().to_owned())).collect()
        });
        Ok(keys.await?.unwrap_or_default())
    }

    pub(crate) async fn write(&self, key: &str, change: Change) -> Result<(), StoreError> {
        let (done, committed) = oneshot::channel();
        let write = Write { table: self.name.clone(), key: key.to_owned(), change, done };
        let ended = || StoreError::Unavailable("the writer has ended".to_owned());
        self.embedded.writes.send(write).await.map_err(|_| ended())?;
        committed.await.map_err(|_| ended())?
    }

    /// `None` when nothing was ever written.
    async fn read<R: Send + 'static>(
        &self,
        read: impl FnOnce(&OpenTable) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<Option<R>, StoreError> {
        let permit = self.embedded.reads.clone().acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::Unavailable("no more reads".to_owned()))?;
        let (file, name) = (self.embedded.file.clone(), self.name.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            file.with(|database| match database.begin_read()?.open_table(entries(&name)) {
                Ok(table) => read(&table).map(Some),
                Err(TableError::TableDoesNotExist(_)) => Ok(None),
                Err(error) => Err(error.into()),
            })
        });
        reading.await.map_err(|error| StoreError::Unavailable(error.to_string()))?
    }
}

//! Group commit: one thread per database file writes; writes that arrive while it commits share the next commit.

use crate::file::DatabaseFile;
use crate::metrics::Metrics;
use crate::{Settings, StoreError};
use redb::{ReadableTable, TableDefinition};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// One store's entries.
pub(crate) fn entries(table: &str) -> TableDefinition<'_, &'static str, &'static [u8]> {
    TableDefinition::new(table)
}

/// The bytes that each store holds, keys and values together.
const SIZES: TableDefinition<'static, &'static str, u64> = TableDefinition::new("sizes");

/// One change of one key.
pub(crate) struct Write {
    pub(crate) table: Arc<str>,
    pub(crate) key: String,
    pub(crate) change: Change,
    pub(crate) done: oneshot::Sender<Result<(), StoreError>>,
}

/// What becomes of a key.
pub(crate) enum Change {
    Set(Vec<u8>),
    Delete,
}

/// Starts the thread; it ends when every sender is gone.
pub(crate) fn start(
    file: Arc<DatabaseFile>,
    settings: &Settings,
    metrics: Metrics,
) -> std::io::Result<mpsc::Sender<Write>> {
    let (sender, receiver) = mpsc::channel(settings.writes_waiting_max.max(1));
    let bounds = Bounds {
        store_bytes: settings.store_bytes_max,
        commit_writes: settings.commit_writes_max.max(1),
        commit_bytes: settings.commit_bytes_max,
    };
    std::thread::Builder::new()
        .name("key-value-writer".to_owned())
        .spawn(move || write_until_closed(&file, receiver, bounds, &metrics))?;
    Ok(sender)
}

#[derive(Clone, Copy)]
struct Bounds {
    store_bytes: u64,
    commit_writes: usize,
    commit_bytes: usize,
}

fn write_until_closed(
    file: &DatabaseFile,
    mut writes: mpsc::Receiver<Write>,
    bounds: Bounds,
    metrics: &Metrics,
) {
    while let Some(first) = writes.blocking_recv() {
        let mut bytes = first.change.bytes();
        let mut batch = vec![first];
        while batch.len() < bounds.commit_writes && bytes < bounds.commit_bytes {
            let Ok(next) = writes.try_recv() else { break };
            bytes += next.change.bytes();
            batch.push(next);
        }
        // Whoever asked may have gone meanwhile.
        batch.retain(|write| !write.done.is_closed());
        if !batch.is_empty() {
            metrics.commits.inc();
            commit(file, batch, bounds.store_bytes);
        }
    }
}

fn commit(file: &DatabaseFile, batch: Vec<Write>, store_bytes_max: u64) {
    let committed = file.with(|database| {
        let transaction = database.begin_write()?;
        let mut results = Vec::with_capacity(batch.len());
        for write in &batch {
            results.push(match apply(&transaction, write, store_bytes_max) {
                Err(refused @ StoreError::Full(_)) => Err(refused),
                applied => Ok(applied?),
            });
        }
        transaction.commit()?;
        Ok(results)
    });
    let results = committed.unwrap_or_else(|error| batch.iter().map(|_| Err(error.clone())).collect());
    for (write, result) in batch.into_iter().zip(results) {
        // Nobody waits any more: the write stands all the same.
        let _gone = write.done.send(result);
    }
}

fn apply(
    transaction: &redb::WriteTransaction,
    write: &Write,
    store_bytes_max: u64,
) -> Result<(), StoreError> {
    let mut table = transaction.open_table(entries(&write.table))?;
    let mut sizes = transaction.open_table(SIZES)?;
    let entry_bytes = |value_bytes: usize| (write.key.len() + value_bytes) as u64;
    let held = sizes.get(&*write.table)?.map_or(0, |bytes| bytes.value());
    let old = table.get(write.key.as_str())?.map_or(0, |value| entry_bytes(value.value().len()));
    let new = match &write.change {
        Change::Set(value) => entry_bytes(value.len()),
        Change::Delete => 0,
    };
    let holds = held.saturating_sub(old).saturating_add(new);
    if new > old && holds > store_bytes_max {
        return Err(StoreError::Full(store_bytes_max));
    }
    match &write.change {
        Change::Set(value) => drop(table.insert(write.key.as_str(), value.as_slice())?),
        Change::Delete => drop(table.remove(write.key.as_str())?),
    }
    sizes.insert(&*write.table, holds)?;
    Ok(())
}

impl Change {
    fn bytes(&self) -> usize {
        match self {
            Self::Set(value) => value.len(),
            Self::Delete => 0,
        }
    }
}

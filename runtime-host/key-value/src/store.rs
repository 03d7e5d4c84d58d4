//! One opened store, whatever it lies in: bounds, deadline and counting are here.

use crate::embedded::Table;
use crate::remote::Remote;
use crate::writer::Change;
use crate::{Shared, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// An opened store. Clones are the same store.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
    place: Arc<Place>,
}

/// Where a store's contents lie.
pub(crate) enum Place {
    Embedded(Table),
    Remote(Remote),
}

/// Where a listing of keys goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cursor {
    Start,
    After(String),
    Scan(Vec<u8>),
}

/// Some keys, and where to go on if there are more.
pub(crate) type Page = (Vec<String>, Option<Cursor>);

impl Store {
    pub(crate) fn new(shared: Arc<Shared>, place: Arc<Place>) -> Self {
        Self { shared, place }
    }

    /// The value of `key`; `None` when there is none.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.call(key, async {
            match &*self.place {
                Place::Embedded(table) => table.get(key).await,
                Place::Remote(remote) => remote.get(key).await,
            }
        })
        .await
    }

    /// Sets `key`; once this returns, the value outlives a crash of the host (in Redis: as durable as Redis is set up).
    pub async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), StoreError> {
        let bytes_max = self.shared.settings.value_bytes_max;
        self.call(key, async {
            if value.len() > bytes_max {
                return Err(StoreError::TooLarge { what: "value", bytes_max });
            }
            match &*self.place {
                Place::Embedded(table) => table.write(key, Change::Set(value)).await,
                Place::Remote(remote) => remote.set(key, &value).await,
            }
        })
        .await
    }

    /// Deletes `key`; no error when there is none.
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.call(key, async {
            match &*self.place {
                Place::Embedded(table) => table.write(key, Change::Delete).await,
                Place::Remote(remote) => remote.delete(key).await,
            }
        })
        .await
    }

    /// True when `key` has a value.
    pub async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.call(key, async {
            match &*self.place {
                Place::Embedded(table) => table.exists(key).await,
                Place::Remote(remote) => remote.exists(key).await,
            }
        })
        .await
    }

    /// Every key, in no particular order, all in memory; for streams of keys there is [`Self::page`].
    ///
    /// Errors when they take more memory than one list may.
    pub async fn keys(&self) -> Result<Vec<String>, StoreError> {
        let bytes_max = self.shared.settings.list_bytes_max;
        let mut all = Vec::new();
        let mut bytes = 0;
        let mut cursor = Some(Cursor::Start);
        while let Some(from) = cursor {
            let (keys, next) = self.page(from).await?;
            bytes += keys.iter().map(|key| size_of::<String>() + key.len()).sum::<usize>();
            if bytes > bytes_max {
                return Err(StoreError::TooLarge { what: "list of keys", bytes_max });
            }
            all.extend(keys);
            cursor = next;
        }
        Ok(all)
    }

    pub(crate) async fn page(&self, from: Cursor) -> Result<Page, StoreError> {
        let keys_max = self.shared.settings.page_keys.max(1);
        self.call("", async {
            match &*self.place {
                Place::Embedded(table) => {
                    let after = match from {
                        Cursor::Start | Cursor::Scan(_) => None,
                        Cursor::After(key) => Some(key),
                    };
                    let keys = table.keys_after(after, keys_max).await?;
                    let next = keys.last().filter(|_| keys.len() == keys_max).cloned().map(Cursor::After);
                    Ok((keys, next))
                }
                Place::Remote(remote) => {
                    let cursor = match from {
                        Cursor::Start | Cursor::After(_) => b"0".to_vec(),
                        Cursor::Scan(cursor) => cursor,
                    };
                    let (keys, next) = remote.scan(cursor, keys_max).await?;
                    Ok((keys, next.map(Cursor::Scan)))
                }
            }
        })
        .await
    }

    async fn call<R>(
        &self,
        key: &str,
        work: impl Future<Output = Result<R, StoreError>>,
    ) -> Result<R, StoreError> {
        let Shared { settings, metrics, faults, .. } = &*self.shared;
        metrics.calls.inc();
        let bounded = async {
            let bytes_max = settings.key_bytes_max;
            if key.len() > bytes_max {
                return Err(StoreError::TooLarge { what: "key", bytes_max });
            }
            faults.pass().await.map_err(|injected| StoreError::Unavailable(injected.to_string()))?;
            work.await
        };
        let result = match tokio::time::timeout(Duration::from_millis(settings.call_ms), bounded).await {
            Ok(result) => result,
            Err(_) => Err(StoreError::Deadline(settings.call_ms)),
        };
        if result.is_err() {
            metrics.failures.inc();
        }
        result
    }
}

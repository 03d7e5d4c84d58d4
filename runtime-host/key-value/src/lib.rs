//! Spin's key-value interface: small things that may vanish, in an embedded database file or in Redis.
//!
//! * [`KeyValue`] is made once per host: it holds every database file open, each with one writing thread.
//! * [`Store`] is one store as a component, or another part of the host, sees it.
//! * [`KeyValueInstance`] is what one component instance was granted; `instance.rs` joins it to the interface.
//!
//! It never blocks an asynchronous thread, never loses a write that it confirmed, and never stops the host because a
//! file is damaged (`file.rs`). How writes share commits is in `writer.rs`.

mod embedded;
mod file;
mod instance;
mod keys;
mod metrics;
mod remote;
mod settings;
mod store;
mod store_error;
mod version_2;
mod writer;

use embedded::Embedded;
use host_egress::Grants;
use host_faults::FaultSwitch;
use host_redis::Redis;
use metrics::Metrics;
use remote::Remote;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::Place;

pub use bindings::spin::key_value::key_value::Error;
pub use file::OpenFailure;
pub use instance::{KeyValueInstance, KeyValueView, add_to_linker};
pub use settings::{Backend, DEFAULT_LABEL, Settings};
pub use store::Store;
pub use store_error::{Failure, StoreError};

mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

/// The bound of [`KeyValue::ready`].
pub const READY_MS: u64 = 1_000;

/// Key-value stores for the whole host; clones share them.
#[derive(Clone)]
pub struct KeyValue(Arc<Shared>);

struct Shared {
    settings: Settings,
    places: BTreeMap<String, Arc<Place>>,
    metrics: Metrics,
    faults: FaultSwitch,
}

impl KeyValue {
    /// Opens every database file, creating what is missing and replacing what is damaged; blocks, so it belongs
    /// before the port opens. Redis stores are dialled when first used, over `redis`.
    ///
    /// Errors when a file cannot be used (no permission, open elsewhere) or a Redis address is malformed.
    pub fn new(settings: Settings, redis: &Redis) -> Result<Self, OpenFailure> {
        let metrics = Metrics::default();
        let mut files: BTreeMap<PathBuf, Embedded> = BTreeMap::new();
        let mut places = BTreeMap::new();
        for (label, backend) in &settings.stores {
            let place = match backend {
                Backend::Embedded(path) => {
                    let embedded = match files.get(path) {
                        Some(embedded) => embedded.clone(),
                        None => Embedded::open(path, &settings, &metrics)?,
                    };
                    let table = embedded.table(label);
                    files.insert(path.clone(), embedded);
                    Place::Embedded(table)
                }
                Backend::Redis(address) => {
                    Place::Remote(Remote::new(redis.clone(), address, grant(label, address)?, label))
                }
            };
            places.insert(label.clone(), Arc::new(place));
        }
        Ok(Self(Arc::new(Shared { settings, places, metrics, faults: FaultSwitch::default() })))
    }

    /// The test switch, asked before each call to a store.
    pub fn faults(&self) -> &FaultSwitch {
        &self.0.faults
    }

    /// Adds the `key_value_*` metrics.
    pub fn register_metrics(&self, registry: &mut prometheus_client::registry::Registry) {
        self.0.metrics.register(registry);
    }

    /// The labels of all stores: what a component may be granted.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.places.keys().map(String::as_str)
    }

    /// Ok when every store answers; otherwise which ones do not, and why. Takes at most [`READY_MS`].
    pub async fn ready(&self) -> Result<(), String> {
        let all = async {
            let mut faults = Vec::new();
            for label in self.labels() {
                let answer = match self.store(label) {
                    Ok(store) => store.exists("").await,
                    Err(error) => Err(error),
                };
                if let Err(error) = answer {
                    faults.push(format!("key-value store {label:?}: {error}"));
                }
            }
            if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
        };
        match tokio::time::timeout(Duration::from_millis(READY_MS), all).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("key-value: no answer within {READY_MS} ms")),
        }
    }

    /// One component instance's state; `granted`: the labels in its `key_value_stores`.
    pub fn instance(&self, granted: Arc<BTreeSet<String>>) -> KeyValueInstance {
        KeyValueInstance::new(self.clone(), granted)
    }

    /// The store `label`, without asking for a grant.
    pub fn store(&self, label: &str) -> Result<Store, StoreError> {
        let place = self.0.places.get(label).ok_or(StoreError::NoSuchStore)?;
        Ok(Store::new(self.0.clone(), place.clone()))
    }
}

/// The host grants itself the one server that its operator named.
fn grant(label: &str, address: &str) -> Result<Grants, OpenFailure> {
    let malformed =
        || OpenFailure::at(&format!("key-value store {label:?}"), "its Redis address is malformed");
    let parsed = url::Url::parse(address).map_err(|_| malformed())?;
    let (scheme, host) = (parsed.scheme(), parsed.host_str().ok_or_else(malformed)?);
    let port = parsed.port().unwrap_or(REDIS_PORT);
    Grants::parse([format!("{scheme}://{host}:{port}").as_str()]).map_err(|_| malformed())
}

const REDIS_PORT: u16 = 6379;

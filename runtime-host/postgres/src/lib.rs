//! PostgreSQL for components: `spin:postgres/postgres@4.2.0`, and the versions before it (`earlier.rs`).
//!
//! * What it is: one pool per database address for the whole app. Autocommit statements of all components are pipelined
//!   on a few shared connections, each with its own cache of prepared statements; a statement that needs a session of
//!   its own (a transaction, a setting, a lock, …) gets the guest's connection a dedicated one.
//! * What it never does: log a parameter or a statement's text, retry what the server may have executed, hand a
//!   connection on before the server has confirmed that it is clean, read an address that the component was not granted.
//! * Where to look next: `connection.rs` (a call's way), `pool.rs` and `lease.rs` (who runs where), `session.rs` (one server session),
//!   `stream.rs` (large results), `sql/classify.rs` (what may share a session), `values.rs` (types).

#![expect(
    clippy::result_large_err,
    reason = "the error is the interface's: bindgen makes it as large as it is"
)]

mod address;
mod bounded_map;
mod call;
mod connection;
mod counters;
mod earlier;
mod error;
mod host;
mod lease;
mod pool;
mod readiness;
mod server;
mod session;
mod settings;
mod silence;
mod sql;
mod stream;
mod tls;
mod values;

mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}
/// The interface's types, as `spin:postgres/postgres@4.2.0` names them.
pub mod interface {
    pub use crate::bindings::spin::postgres::postgres::{
        Column, DbDataType, DbError, DbValue, Error, Interval, ParameterValue, QueryError, RangeBoundKind,
        Row, RowSet,
    };
}

pub use connection::{Answer, Connection, Rows, Sessions};
pub use counters::Fill;
pub use host::ConnectionBuilder;
pub use settings::Settings;
pub use stream::RowReader;
pub use tls::CaRoot;

use address::Address;
use counters::Counters;
use error::connection_failed;
use host_egress::Grants;
use host_faults::FaultSwitch;
use interface::Error;
use pool::Pool;
use server::Server;
use sql::texts::Texts;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use wasmtime::component::{Linker, ResourceTable};

/// The capability's state for the whole host: pools, counters, known statements. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct Postgres(Arc<Shared>);

struct Shared {
    settings: Arc<Settings>,
    counters: Arc<Counters>,
    faults: FaultSwitch,
    texts: Arc<Texts>,
    /// By address; pools of one address differ in the authority that they trust.
    pools: RwLock<HashMap<Box<str>, Vec<Arc<Pool>>>>,
    /// Those that [`Postgres::ready`] asks also before any component does.
    expected: Mutex<Vec<Arc<Pool>>>,
}

/// What one component may use.
#[derive(Clone, Debug, Default)]
pub struct PostgresGrants {
    /// Its `allowed_outbound_hosts`.
    pub hosts: Grants,
    /// Where its statements may run.
    pub sessions: Sessions,
}

impl From<Grants> for PostgresGrants {
    fn from(hosts: Grants) -> Self {
        Self { hosts, sessions: Sessions::default() }
    }
}

/// The capability's state for one instance of a component. The connections that the guest opens lie in the store's
/// resource table and go with it.
#[derive(Clone)]
pub struct PostgresInstance {
    postgres: Postgres,
    grants: Arc<PostgresGrants>,
}

/// What the interface's functions work on, borrowed from a store's data.
pub struct PostgresView<'a> {
    /// The instance's state.
    pub instance: &'a mut PostgresInstance,
    /// The store's resource table.
    pub table: &'a mut ResourceTable,
}

/// Adds `spin:postgres/postgres@4.2.0`, and the versions before it, to a linker.
///
/// Errors when the linker has one of them already.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> PostgresView<'_>,
) -> wasmtime::Result<()> {
    bindings::spin::postgres::postgres::add_to_linker::<T, host::Capability>(linker, view)?;
    earlier::add_to_linker(linker, view)
}

impl Postgres {
    /// Opens nothing yet: a pool begins with the first connection that a guest opens.
    pub fn new(settings: Settings) -> Self {
        let texts = Arc::new(Texts::new(settings.texts_max));
        Self(Arc::new(Shared {
            settings: Arc::new(settings),
            counters: Arc::default(),
            faults: FaultSwitch::default(),
            texts,
            pools: RwLock::default(),
            expected: Mutex::default(),
        }))
    }

    /// Makes calls fail, for tests.
    pub fn faults(&self) -> &FaultSwitch {
        &self.0.faults
    }

    /// Registers the counters and the pools' gauges; their label `database` is `host:port/name` of the address.
    pub fn register_metrics(&self, registry: &mut prometheus_client::registry::Registry) {
        registry.register_collector(Box::new(self.clone()));
    }

    /// The state for a new instance of a component that has these grants.
    pub fn instance(&self, grants: impl Into<PostgresGrants>) -> PostgresInstance {
        self.instance_with(Arc::new(grants.into()))
    }

    /// The same without an allocation: a component's grants are made once and shared by its instances.
    pub fn instance_with(&self, grants: Arc<PostgresGrants>) -> PostgresInstance {
        PostgresInstance { postgres: self.clone(), grants }
    }

    /// How full each pool is, by `host:port/name`.
    pub fn fill(&self) -> Vec<(String, Fill)> {
        self.pools().iter().map(|pool| (pool.server.label.clone(), pool.fill())).collect()
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    fn pools(&self) -> Vec<Arc<Pool>> {
        self.0.pools.read().unwrap_or_else(PoisonError::into_inner).values().flatten().cloned().collect()
    }

    fn known_pool(&self, address: &str, ca_root: Option<&CaRoot>) -> Option<Arc<Pool>> {
        let pools = self.0.pools.read().unwrap_or_else(PoisonError::into_inner);
        pools.get(address)?.iter().find(|pool| pool.server.ca_root.as_ref() == ca_root).cloned()
    }

    fn new_pool(&self, text: &str, address: Address, ca_root: Option<CaRoot>) -> Result<Arc<Pool>, Error> {
        let Shared { settings, counters, faults, .. } = &*self.0;
        let server = Server::new(
            address,
            ca_root.clone(),
            Arc::clone(settings),
            Arc::clone(counters),
            faults.clone(),
        )?;
        let mut pools = self.0.pools.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) =
            pools.get(text).and_then(|pools| pools.iter().find(|pool| pool.server.ca_root == ca_root))
        {
            return Ok(Arc::clone(pool));
        }
        if pools.values().map(Vec::len).sum::<usize>() >= settings.pools_max {
            pools.retain(|_, pools| {
                pools.retain(|pool| Arc::strong_count(pool) > 1);
                !pools.is_empty()
            });
        }
        if pools.values().map(Vec::len).sum::<usize>() >= settings.pools_max {
            return Err(connection_failed(format_args!("busy: {} databases are in use", settings.pools_max)));
        }
        let pool = Arc::new(Pool::new(server));
        pools.entry(text.into()).or_default().push(Arc::clone(&pool));
        Ok(pool)
    }
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

impl PostgresInstance {
    /// Opens a connection: granted, well-formed, and to a server that answers. What the interface's `open` does, and
    /// with an authority what `connection-builder` does.
    ///
    /// Errors with `connection-failed`, within a second when the server is away.
    pub async fn open(&self, address: &str, ca_root: Option<CaRoot>) -> Result<Connection, Error> {
        let Postgres(shared) = &self.postgres;
        let pool = match self.postgres.known_pool(address, ca_root.as_ref()) {
            Some(pool) => {
                pool.server.address.check(&self.grants.hosts)?;
                pool
            }
            None => {
                let parsed = Address::parse(address)?;
                parsed.check(&self.grants.hosts)?;
                self.postgres.new_pool(address, parsed, ca_root)?
            }
        };
        shared.faults.pass().await.map_err(connection_failed)?;
        pool.share().await?.finish();
        Ok(Connection::new(pool, Arc::clone(&shared.texts), self.grants.sessions))
    }
}

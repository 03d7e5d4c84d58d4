//! Spin's Redis interface on a few pipelined connections per address that the whole app shares.
//!
//! * [`Redis`] is made once per host: it knows every address in use, its connections and its outage.
//! * [`Session`] is one opened connection as a component, or another part of the host, sees it.
//! * [`RedisInstance`] is what one component instance may do; `instance.rs` joins it to the interface.
//!
//! It never retries a command (it cannot know whether the first one ran), never waits for a server that is known to be
//! away, and never logs addresses with their passwords, keys or values. Which commands may share a connection is in
//! `commands.rs`; how connections are made, kept and given up in `server.rs`.

mod address;
mod call_error;
mod commands;
mod instance;
mod link;
mod metrics;
mod outage;
mod reply;
mod server;
mod session;
mod settings;
mod version_2;

use address::{Address, AddressKey};
use host_egress::Grants;
use host_faults::FaultSwitch;
use metrics::Metrics;
use server::{Lease, Server};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

pub use bindings::spin::redis::redis::{Error, RedisParameter as Parameter, RedisResult};
pub use call_error::{CallError, Failure};
pub use commands::{Route, route};
pub use instance::{RedisInstance, RedisView, add_to_linker};
pub use session::Session;
pub use settings::{CONNECT_MS, READY_MS, Settings};

mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

/// Redis for the whole host; clones share connections, bounds and counters.
#[derive(Clone)]
pub struct Redis(Arc<Shared>);

struct Shared {
    settings: Arc<Settings>,
    tls: Arc<rustls::ClientConfig>,
    faults: FaultSwitch,
    metrics: Metrics,
    servers: Mutex<HashMap<AddressKey, Arc<Server>>>,
    dedicated: Arc<Semaphore>,
    /// Places on servers that [`Redis::ready`] asks also before any component does.
    expected: Mutex<HashMap<AddressKey, Lease>>,
}

impl Shared {
    async fn pass_faults(&self) -> Result<(), CallError> {
        self.faults.pass().await.map_err(|injected| CallError::Unavailable(injected.to_string()))
    }
}

impl Redis {
    /// Opens nothing yet: connections are made when a component first asks for them.
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(Shared {
            tls: settings.tls.clone().unwrap_or_else(link::public_tls),
            faults: FaultSwitch::default(),
            metrics: Metrics::default(),
            servers: Mutex::default(),
            dedicated: Arc::new(Semaphore::new(settings.dedicated_connections_max)),
            expected: Mutex::default(),
            settings: Arc::new(settings),
        }))
    }

    /// From now on, [`Redis::ready`] asks the server at `text` too, if it is a complete address and `grants` allow it.
    /// For what the components' configuration names, before any of them has connected.
    pub fn expect(&self, text: &str, grants: &Grants) {
        let Some(address) = Address::parse(text) else { return };
        if grants.check(address.scheme(), &address.host, address.port).is_err() {
            return;
        }
        let key = address.key();
        let mut expected = self.0.expected.lock().unwrap_or_else(PoisonError::into_inner);
        if !expected.contains_key(&key)
            && let Ok(lease) = self.lease(address)
        {
            expected.insert(key, lease);
        }
    }

    /// The test switch, asked before each call that leaves the host.
    pub fn faults(&self) -> &FaultSwitch {
        &self.0.faults
    }

    /// Adds the `redis_*` metrics.
    pub fn register_metrics(&self, registry: &mut prometheus_client::registry::Registry) {
        self.0.metrics.register(registry);
    }

    /// Ok when every server that is in use or expected answers; otherwise which ones do not, and why. Takes at most [`READY_MS`].
    pub async fn ready(&self) -> Result<(), String> {
        self.0.pass_faults().await.map_err(|error| format!("redis: {error}"))?;
        let servers: Vec<_> = self.servers().values().filter(|server| server.is_used()).cloned().collect();
        let mut answers = tokio::task::JoinSet::new();
        for server in servers {
            answers.spawn(async move { server.ping().await });
        }
        let all = async {
            let mut faults = Vec::new();
            while let Some(answer) = answers.join_next().await {
                match answer {
                    Ok(Ok(())) => {}
                    Ok(Err(fault)) => faults.push(fault),
                    Err(panic) => faults.push(panic.to_string()),
                }
            }
            if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
        };
        match tokio::time::timeout(Duration::from_millis(READY_MS), all).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("redis: no answer within {READY_MS} ms")),
        }
    }

    /// One component instance's state; `grants`: its `allowed_outbound_hosts`.
    pub fn instance(&self, grants: Grants) -> RedisInstance {
        RedisInstance::new(self.clone(), grants)
    }

    /// Opens a connection: checks the address, then the grant, then makes sure that the server answers.
    ///
    /// Errors within [`Settings::connect_ms`] when it does not, and at once while it is known not to.
    pub async fn open(&self, grants: &Grants, address: &str) -> Result<Session, CallError> {
        let opened = self.try_open(grants, address).await;
        if let Err(error) = &opened {
            self.0.metrics.failed(error);
        }
        opened
    }

    async fn try_open(&self, grants: &Grants, address: &str) -> Result<Session, CallError> {
        let address = Address::parse(address).ok_or(CallError::InvalidAddress)?;
        grants.check(address.scheme(), &address.host, address.port)?;
        self.0.pass_faults().await?;
        let lease = self.lease(address)?;
        lease.connected().await?;
        Ok(Session::new(self.0.clone(), lease))
    }

    fn lease(&self, address: Address) -> Result<Lease, CallError> {
        let key = address.key();
        let mut servers = self.servers();
        if let Some(server) = servers.get(&key) {
            return Ok(server.lease());
        }
        if servers.len() >= self.0.settings.addresses_max {
            servers.retain(|_, server| server.is_used());
        }
        if servers.len() >= self.0.settings.addresses_max {
            return Err(CallError::TooMany("Redis addresses"));
        }
        let Shared { settings, tls, metrics, .. } = &*self.0;
        let server = Arc::new(Server::new(address, settings.clone(), tls.clone(), metrics.clone()));
        let lease = server.lease();
        servers.insert(key, server);
        Ok(lease)
    }

    fn servers(&self) -> std::sync::MutexGuard<'_, HashMap<AddressKey, Arc<Server>>> {
        self.0.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

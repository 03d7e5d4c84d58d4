//! The host in this process: what it is started with, and what a caller can do with it while it runs.

use anyhow::{Context, Result};
use host_engine::{App, Capabilities, ChainedApp, Host};
use host_http::{Dependency, Drain, Ports, Server};
use host_key_value::KeyValue;
use host_manifest::{Inputs, Problem, Problems};
use host_outbound_http::{Chain, OutboundHttp};
use host_postgres::Postgres;
use host_redis::Redis;
use host_sqlite::Sqlite;
use host_telemetry::{GuestLogSettings, GuestLogs};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Weak};

/// Everything that a host is started with. [`Start::new`] gives every bound its documented default.
#[derive(Clone)]
pub struct Start {
    /// The Spin manifest.
    pub manifest: PathBuf,
    /// Manifests whose components and routes are added to it.
    pub overlays: Vec<PathBuf>,
    /// Values of application variables, by name.
    pub values: BTreeMap<String, String>,
    /// The front door's bounds and addresses.
    pub http: host_http::Settings,
    /// The engine's bounds.
    pub engine: host_engine::Settings,
    /// The database capability's bounds.
    pub postgres: host_postgres::Settings,
    /// The Redis capability's bounds.
    pub redis: host_redis::Settings,
    /// The key-value capability's bounds and back-end.
    pub key_value: host_key_value::Settings,
    /// The SQLite capability's bounds and folder.
    pub sqlite: host_sqlite::Settings,
    /// The bounds of outbound HTTP.
    pub outbound_http: host_outbound_http::Settings,
    /// Which resolved addresses outbound HTTP may reach.
    pub addresses: host_egress::AddressPolicy,
    /// The bounds of what components print.
    pub guest_logs: GuestLogSettings,
}

/// Values hold secrets, and so do addresses: their names are shown.
impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start")
            .field("manifest", &self.manifest)
            .field("overlays", &self.overlays)
            .field("values", &self.values.keys())
            .field("http", &self.http)
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}

impl Start {
    /// `manifest` with defaults everywhere, keeping its state under `state`.
    pub fn new(manifest: impl Into<PathBuf>, state: impl Into<PathBuf>) -> Self {
        let state = state.into();
        Start {
            manifest: manifest.into(),
            overlays: Vec::new(),
            values: BTreeMap::new(),
            http: host_http::Settings::default(),
            engine: host_engine::Settings {
                cache_dir: Some(state.join("compiled")),
                ..host_engine::Settings::default()
            },
            postgres: host_postgres::Settings::default(),
            redis: host_redis::Settings::default(),
            key_value: host_key_value::Settings {
                stores: BTreeMap::from([(
                    host_key_value::DEFAULT_LABEL.to_owned(),
                    host_key_value::Backend::Embedded(state.join("key-value.redb")),
                )]),
                ..host_key_value::Settings::default()
            },
            sqlite: host_sqlite::Settings {
                folder: state.join("sqlite"),
                ..host_sqlite::Settings::default()
            },
            outbound_http: host_outbound_http::Settings::default(),
            addresses: host_egress::AddressPolicy::default(),
            guest_logs: GuestLogSettings::default(),
        }
    }

    /// Reads the manifest and its overlays and checks them against the values; nothing is compiled.
    ///
    /// Errors with every problem of every manifest.
    pub fn read(&self) -> Result<host_manifest::App, Problems> {
        let inputs = Inputs { values: &self.values, check_values: true, check_sources: true };
        let app = self.manifest_with_overlays(&inputs)?;
        let unknown: Vec<Problem> = host_manifest::unknown_values(&app, &self.values);
        if unknown.is_empty() { Ok(app) } else { Err(Problems(unknown)) }
    }

    fn capabilities(&self) -> Result<Capabilities> {
        let redis = Redis::new(self.redis.clone());
        Ok(Capabilities {
            key_value: KeyValue::new(self.key_value.clone(), &redis)?,
            redis,
            postgres: Postgres::new(host_postgres::Settings {
                event_loops: self.http.event_loops,
                ..self.postgres.clone()
            }),
            sqlite: Sqlite::new(self.sqlite.clone())?,
            outbound_http: OutboundHttp::builder(self.outbound_http.clone())
                .addresses(self.addresses.clone())
                .trace_headers(Arc::new(host_telemetry::pass_on))
                .build()
                .context("preparing outbound HTTP")?,
            guest_logs: GuestLogs::new(self.guest_logs),
        })
    }

    /// Takes the ports, compiles, and serves. Every problem of the manifest and its components comes before the first
    /// request; a port in use before any of them.
    pub async fn run(self) -> Result<Running> {
        let ports = Ports::take(&self.http)?;
        self.run_on(ports).await
    }

    /// [`Start::run`] on ports that were taken before, for values that depend on them.
    pub async fn run_on(self, ports: Ports) -> Result<Running> {
        let (app_address, admin_address) = (ports.app_address(), ports.admin_address());
        let manifest = self.read()?;
        let starting = ports.probes()?;
        let capabilities = self.capabilities()?;
        expect_servers(&capabilities, &manifest);
        let host = Arc::new(Host::new(self.engine.clone(), capabilities)?);
        let chain = Arc::new(ChainedApp::default());
        let weak: Weak<ChainedApp> = Arc::downgrade(&chain);
        host.capabilities().outbound_http.set_chain(weak as Weak<dyn Chain>);
        let app = Arc::new(host.load(manifest).await?);
        chain.set(app.clone());
        let mut metrics = host_telemetry::Metrics::new();
        host.register_metrics(metrics.registry_mut());
        let dependencies = dependencies(host.capabilities());
        let server = Server::start(self.http.clone(), starting, app.clone(), dependencies, metrics)?;
        Ok(Running { start: self, host, chain, first: app, server, app_address, admin_address })
    }
}

/// `/readyz` asks the servers whose addresses stand in components' variables, before any component has connected: an
/// instance that cannot reach its database is not ready for its first request either.
fn expect_servers(capabilities: &Capabilities, manifest: &host_manifest::App) {
    for component in manifest.components.values() {
        for value in component.variables.values() {
            capabilities.postgres.expect(value, &component.grants);
            capabilities.redis.expect(value, &component.grants);
        }
    }
}

/// What `/readyz` asks.
fn dependencies(capabilities: &Capabilities) -> Vec<Dependency> {
    let Capabilities { key_value, redis, postgres, .. } = capabilities.clone();
    vec![
        Dependency {
            name: "postgres",
            ready: Box::new(move || {
                let postgres = postgres.clone();
                Box::pin(async move { postgres.ready().await })
            }),
        },
        Dependency {
            name: "redis",
            ready: Box::new(move || {
                let redis = redis.clone();
                Box::pin(async move { redis.ready().await })
            }),
        },
        Dependency {
            name: "key-value",
            ready: Box::new(move || {
                let key_value = key_value.clone();
                Box::pin(async move { key_value.ready().await })
            }),
        },
    ]
}

/// A host that serves.
pub struct Running {
    start: Start,
    host: Arc<Host>,
    chain: Arc<ChainedApp>,
    first: Arc<App>,
    server: Server,
    app_address: SocketAddr,
    admin_address: SocketAddr,
}

impl Running {
    /// Where the app listens.
    pub fn app_address(&self) -> SocketAddr {
        self.app_address
    }

    /// `http://` and the app's address.
    pub fn url(&self) -> String {
        format!("http://{}", self.app_address)
    }

    /// Where `/livez`, `/readyz` and `/metrics` are.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// The capabilities, for their fault switches.
    pub fn capabilities(&self) -> &Capabilities {
        self.host.capabilities()
    }

    /// The manifest as it was read at start, overlays included.
    pub fn manifest(&self) -> &host_manifest::App {
        self.first.manifest()
    }

    /// How many components are served.
    pub fn components(&self) -> usize {
        self.first.manifest().components.len()
    }

    /// What it was started with.
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// Reads the manifests again, compiles what changed, and serves the result from the next request on; the port,
    /// the pools and requests under way are not touched. On error the old app goes on.
    pub async fn reload(&self) -> Result<()> {
        let manifest = self.start.read()?;
        expect_servers(self.host.capabilities(), &manifest);
        let app: Arc<App> = Arc::new(self.host.load(manifest).await?);
        self.chain.set(app.clone());
        self.server.swap(app);
        Ok(())
    }

    /// The way down, for whoever waits for it.
    pub fn drain(&self) -> Drain {
        self.server.drain()
    }

    /// Goes down in good order; whether every request under way ended by itself.
    pub async fn stop(self) -> bool {
        self.server.stop().await
    }
}

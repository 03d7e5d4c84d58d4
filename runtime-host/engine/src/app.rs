//! An app, loaded: every component compiled and linked, every problem of that found before the first request.

use crate::cache::{Cache, Origin};
use crate::compile::{self, CompileThreads};
use crate::compose::{self, Link};
use crate::files::Mount;
use crate::handler::{ComponentHandler, Template};
use crate::memory_figures::{Budgets, Figures};
use crate::metrics::Counters;
use crate::refuse;
use crate::room::Room;
use crate::settings::Settings;
use crate::state::{self, Capabilities, Grants, InstanceState};
use anyhow::{Context, Result};
use host_manifest::{Component as Declared, Place, RouteMatch, RouteTable};
use host_variables::Variables;
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::Instant;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi_http::handler::ProxyPre;
use wasmtime_wasi_http::{p2, p3};

/// The engine and what all apps on it share; one per host.
pub struct Host {
    engine: Engine,
    settings: Arc<Settings>,
    capabilities: Capabilities,
    linker: Linker<InstanceState>,
    cache: Option<Cache>,
    threads: CompileThreads,
    counters: Arc<Counters>,
    memory: Arc<Budgets>,
    room: Arc<Room>,
}

/// A component that cannot be served, in words for the person who wrote the manifest.
#[derive(Debug, thiserror::Error)]
#[error("{place}: component {component:?}: {problem}")]
pub struct Unservable {
    /// Where the manifest declares it.
    pub place: Place,
    /// Its id in the manifest.
    pub component: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

/// Every component of an app that cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct UnservableComponents(pub Vec<Unservable>);

impl Host {
    /// An engine with `settings`, lending `capabilities`.
    pub fn new(settings: Settings, capabilities: Capabilities) -> Result<Self> {
        let engine = compile::engine(&settings)?;
        let mut linker = Linker::new(&engine);
        state::add_to_linker(&mut linker)?;
        Ok(Host {
            cache: settings.cache_dir.as_deref().map(Cache::open).transpose()?,
            threads: CompileThreads::new(settings.compile_threads)?,
            memory: Budgets::new(settings.host_memory_bytes_max),
            counters: Arc::default(),
            room: Arc::default(),
            settings: Arc::new(settings),
            capabilities,
            engine,
            linker,
        })
    }

    /// The capabilities' shared state.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Puts the engine's and the capabilities' figures into `registry`.
    pub fn register_metrics(&self, registry: &mut Registry) {
        self.counters.register(registry);
        registry.register_collector(Box::new(Figures(self.memory.clone())));
        self.capabilities.key_value.register_metrics(registry);
        self.capabilities.redis.register_metrics(registry);
        self.capabilities.postgres.register_metrics(registry);
        self.capabilities.sqlite.register_metrics(registry);
        self.capabilities.outbound_http.register_metrics(registry);
        self.capabilities.guest_logs.register_metrics(registry);
    }

    /// Compiles (or finds in the cache) and links every component of `manifest`, on the compile threads.
    ///
    /// Errors hold all components that cannot be served ([`UnservableComponents`]).
    pub async fn load(self: &Arc<Self>, manifest: host_manifest::App) -> Result<App> {
        let began = Instant::now();
        let loading: Vec<_> = manifest
            .components
            .values()
            .cloned()
            .map(|declared| {
                let host = self.clone();
                let (id, place) = (declared.id.clone(), declared.declared.clone());
                let threads = self.threads.clone();
                async move { (id, place, threads.run(move || host.prepare(&declared)).await) }
            })
            .collect();
        let mut handlers = BTreeMap::new();
        let mut problems = Vec::new();
        let mut compiled = 0_usize;
        for (component, place, prepared) in futures::future::join_all(loading).await {
            match prepared? {
                Ok((handler, origin)) => {
                    compiled += usize::from(origin == Origin::Compiled);
                    handlers.insert(component, handler);
                }
                Err(problem) => {
                    problems.push(Unservable { place, component, problem: format!("{problem:#}") })
                }
            }
        }
        if !problems.is_empty() {
            return Err(UnservableComponents(problems).into());
        }
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(components = handlers.len(), compiled, ms, "app loaded");
        Ok(App { table: RouteTable::new(&manifest), handlers, manifest })
    }

    fn prepare(self: &Arc<Self>, declared: &Declared) -> Result<(ComponentHandler, Origin)> {
        let wasm = self.composed(declared)?;
        let (component, origin) = match &self.cache {
            Some(cache) => cache.component(&self.engine, &wasm)?,
            None => (Component::new(&self.engine, &wasm)?, Origin::Compiled),
        };
        let pre = self.link(&component)?;
        let id: Arc<str> = declared.id.as_str().into();
        let template = Template {
            room: self.room.clone(),
            reuse: self.settings.reuse_of.get(&declared.declared_id).copied().unwrap_or(self.settings.reuse),
            grants: self.grants(&id, declared)?,
            component_memory: self.memory.of_component(&id, self.settings.component_memory_bytes_max),
            host_memory: self.memory.host().clone(),
            component: id,
            pre,
            settings: self.settings.clone(),
            counters: self.counters.clone(),
        };
        Ok((ComponentHandler::new(template), origin))
    }

    /// The component's bytes, behind its middleware if it has any.
    fn composed(&self, declared: &Declared) -> Result<Vec<u8>> {
        let read =
            |path: &std::path::Path| fs::read(path).with_context(|| format!("reading {}", path.display()));
        let links = declared
            .middleware
            .iter()
            .map(|middleware| {
                Ok(Link {
                    name: middleware.name.clone(),
                    wasm: read(&middleware.source)?,
                    inherits: middleware.inherits.clone(),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        compose::compose(read(&declared.source)?, links)
    }

    fn link(&self, component: &Component) -> Result<ProxyPre<InstanceState>> {
        crate::imports::check(&self.engine, component)?;
        let mut linker = self.linker.clone();
        refuse::define_refusals(&self.engine, component, &mut linker)?;
        let pre = linker.instantiate_pre(component)?;
        let ty = component.component_type();
        let exports: Vec<&str> = ty.exports(&self.engine).map(|(name, _)| name).collect();
        if exports.iter().any(|name| name.starts_with("wasi:http/handler@0.3")) {
            return Ok(ProxyPre::P3(p3::bindings::ServicePre::new(pre)?));
        }
        if exports.iter().any(|name| name.starts_with("wasi:http/incoming-handler@0.2")) {
            return Ok(ProxyPre::P2(p2::bindings::ProxyPre::new(pre)?));
        }
        anyhow::bail!(
            "it exports no HTTP handler: found {}; allowed: wasi:http/handler@0.3 or wasi:http/incoming-handler@0.2",
            if exports.is_empty() { "no export".to_owned() } else { exports.join(", ") }
        )
    }

    fn grants(&self, id: &Arc<str>, declared: &Declared) -> Result<Grants> {
        Ok(Grants {
            component: id.clone(),
            capabilities: self.capabilities.clone(),
            postgres: Arc::new(declared.grants.clone().into()),
            egress: declared.grants.clone(),
            variables: Variables::new(declared.variables.clone()),
            key_value_stores: Arc::new(declared.key_value_stores.clone()),
            sqlite_databases: Arc::new(declared.sqlite_databases.clone()),
            environment: declared.environment.clone(),
            files: Mount::of(&declared.files)?,
        })
    }
}

/// A loaded app: its routes and, behind them, its components.
pub struct App {
    manifest: host_manifest::App,
    table: RouteTable,
    handlers: BTreeMap<String, ComponentHandler>,
}

impl App {
    /// The route that answers `path`, and its component.
    pub fn find<'a, 'p>(&'a self, path: &'p str) -> Option<(RouteMatch<'a, 'p>, &'a ComponentHandler)> {
        let found = self.table.find(path)?;
        let handler = self.handlers.get(found.component)?;
        Some((found, handler))
    }

    /// A component by its id, for service chaining; also one that no public route leads to.
    pub fn component(&self, id: &str) -> Option<&ComponentHandler> {
        self.handlers.get(id)
    }

    /// Public route patterns with their components.
    pub fn routes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.manifest.routes.iter().filter_map(|route| match &route.exposure {
            host_manifest::Exposure::Public(pattern) => Some((pattern.raw(), route.component.as_str())),
            host_manifest::Exposure::Private => None,
        })
    }

    /// `application.name`
    pub fn name(&self) -> &str {
        &self.manifest.name
    }

    /// `application.version`
    pub fn version(&self) -> &str {
        &self.manifest.version
    }

    /// The manifest it was loaded from.
    pub fn manifest(&self) -> &host_manifest::App {
        &self.manifest
    }
}

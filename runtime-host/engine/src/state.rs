//! What one instance carries through its life, and the shared state that it is made from.

use crate::files::Mount;
use crate::memory::InstanceMemory;
use host_egress::Grants as Egress;
use host_key_value::{KeyValue, KeyValueInstance, KeyValueView};
use host_outbound_http::{OutboundHttp, OutboundHttpInstance};
use host_postgres::{Postgres, PostgresGrants, PostgresInstance, PostgresView};
use host_redis::{Redis, RedisInstance, RedisView};
use host_sqlite::{Sqlite, SqliteInstance, SqliteView};
use host_telemetry::{GuestLogs, GuestStream};
use host_variables::{Variables, VariablesInstance, VariablesView};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use wasmtime::ResourceLimiter;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::sockets::SocketAddrUse;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

/// The capabilities' shared state: pools, stores, clients; one of each per host.
#[derive(Clone)]
pub struct Capabilities {
    /// `spin:key-value`
    pub key_value: KeyValue,
    /// `spin:redis`
    pub redis: Redis,
    /// `spin:postgres`
    pub postgres: Postgres,
    /// `spin:sqlite`
    pub sqlite: Sqlite,
    /// `wasi:http` on its way out
    pub outbound_http: OutboundHttp,
    /// What components print
    pub guest_logs: GuestLogs,
}

/// What one component was granted, ready to be handed to each of its instances.
pub(crate) struct Grants {
    pub(crate) component: Arc<str>,
    pub(crate) capabilities: Capabilities,
    pub(crate) egress: Egress,
    pub(crate) postgres: Arc<PostgresGrants>,
    pub(crate) variables: Variables,
    pub(crate) key_value_stores: Arc<BTreeSet<String>>,
    pub(crate) sqlite_databases: Arc<BTreeSet<String>>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) files: Option<Mount>,
}

/// The data of one instance's store.
pub(crate) struct InstanceState {
    table: ResourceTable,
    wasi: WasiCtx,
    memory: InstanceMemory,
    outbound_http: OutboundHttpInstance,
    variables: VariablesInstance,
    key_value: KeyValueInstance,
    redis: RedisInstance,
    postgres: PostgresInstance,
    sqlite: SqliteInstance,
}

impl Grants {
    /// The state of a new instance.
    pub(crate) fn instance(&self, memory: InstanceMemory) -> wasmtime::Result<InstanceState> {
        let capabilities = &self.capabilities;
        Ok(InstanceState {
            table: ResourceTable::new(),
            wasi: self.wasi()?,
            memory,
            outbound_http: capabilities.outbound_http.instance(&self.component, self.egress.clone()),
            variables: self.variables.instance(),
            key_value: capabilities.key_value.instance(self.key_value_stores.clone()),
            redis: capabilities.redis.instance(self.egress.clone()),
            postgres: capabilities.postgres.instance_with(self.postgres.clone()),
            sqlite: capabilities.sqlite.instance(self.sqlite_databases.clone()),
        })
    }

    fn wasi(&self) -> wasmtime::Result<WasiCtx> {
        let mut wasi = WasiCtx::builder();
        for (name, value) in &self.environment {
            wasi.env(name, value);
        }
        if let Some(mount) = &self.files {
            wasi.preopened_dir(mount.folder(), "/", FsPerms::ReadOnly)?;
        }
        let logs = &self.capabilities.guest_logs;
        wasi.stdout(logs.stream(&self.component, GuestStream::Stdout));
        wasi.stderr(logs.stream(&self.component, GuestStream::Stderr));
        let egress = self.egress.clone();
        // Each address is asked for below; a component without any grant has no sockets at all.
        let some = !egress.is_empty();
        wasi.allow_tcp(some).allow_udp(some).allow_ip_name_lookup(some);
        wasi.socket_addr_check(move |address, usage| {
            let allowed = socket_allowed(&egress, address, usage);
            Box::pin(async move { allowed })
        });
        Ok(wasi.build())
    }
}

/// Sockets go out where an entry with scheme `*` (or `tcp`, `udp`) names the address; they never listen.
fn socket_allowed(egress: &Egress, address: SocketAddr, usage: SocketAddrUse) -> bool {
    let scheme = match usage {
        SocketAddrUse::TcpConnect => "tcp",
        SocketAddrUse::UdpSend | SocketAddrUse::UdpReceive => "udp",
        // Binding to a wildcard address is how a client socket begins; it lets no one in.
        SocketAddrUse::UdpBind => return address.ip().is_unspecified() && address.port() == 0,
        SocketAddrUse::TcpBind => return address.ip().is_unspecified() && address.port() == 0,
        SocketAddrUse::TcpListen | SocketAddrUse::TcpAccept => return false,
    };
    egress.check(scheme, &address.ip().to_string(), address.port()).is_ok()
}

impl InstanceState {
    pub(crate) fn memory(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.memory
    }

    pub(crate) fn memory_was_refused(&self) -> bool {
        self.memory.was_refused()
    }
}

impl WasiView for InstanceState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for InstanceState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.outbound_http.view(&mut self.table)
    }
}

/// Lends every capability; what an instance may use of it, its own state says.
pub(crate) fn add_to_linker(linker: &mut Linker<InstanceState>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    wasmtime_wasi::p3::add_to_linker(linker)?;
    host_outbound_http::add_to_linker(linker, |state| state.http())?;
    host_variables::add_to_linker(linker, |state| VariablesView { instance: &mut state.variables })?;
    host_key_value::add_to_linker(linker, |state| KeyValueView {
        instance: &mut state.key_value,
        table: &mut state.table,
    })?;
    host_redis::add_to_linker(linker, |state| RedisView {
        instance: &mut state.redis,
        table: &mut state.table,
    })?;
    host_postgres::add_to_linker(linker, |state| PostgresView {
        instance: &mut state.postgres,
        table: &mut state.table,
    })?;
    host_sqlite::add_to_linker(linker, |state| SqliteView {
        instance: &mut state.sqlite,
        table: &mut state.table,
    })
}

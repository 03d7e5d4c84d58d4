//! Outbound HTTP for components: `wasi:http` 0.3 (`client`) and 0.2 (`outgoing-handler`) on one pooled client.
//!
//! Every request is judged alone: first its name against the component's grants ([`host_egress::Grants`]), then each
//! address that the name resolved to against the host's [`host_egress::AddressPolicy`], and the address that was
//! judged is the one that is dialled. Requests to the own app (`self.alt`) and to `<component>.spin.internal` go to a
//! [`Chain`] and never to a socket.
//!
//! It never follows a redirect (a guest that does is judged again), never lets a guest lengthen a deadline, and keeps
//! no state between requests but idle connections. A refusal is an error the guest can handle, never a trap.
//!
//! Where to look next: `target.rs` (may it be sent, and where to), `send.rs` (one request's life), `dial.rs` (names,
//! addresses, TLS), `body.rs` (bounds of an answer), `failure.rs` (what a guest is told).

mod body;
mod chain;
mod dial;
mod failure;
mod hooks;
mod metrics;
mod refusals;
mod send;
mod settings;
mod slots;
mod target;

pub use chain::{Callee, Chain};
pub use dial::{Resolve, SystemResolver};
pub use hooks::{OutboundHooks, OutboundHttpInstance};
pub use settings::Settings;
pub use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpCtxView};

use host_egress::{AddressPolicy, Grants};
use host_faults::FaultSwitch;
use http::HeaderMap;
use prometheus_client::registry::Registry;
use std::sync::{Arc, Weak};
use tracing::Span;
use wasmtime::component::Linker;
use wasmtime_wasi_http::{WasiHttp, p2, p3};

/// Makes a request, whose headers these are, a part of a trace: the one it names, or its span's.
pub type TraceHeaders = Arc<dyn Fn(&Span, &mut HeaderMap) + Send + Sync>;

/// The shared state: clients with their pools, bounds, counters. Made once per host, cheap to clone.
#[derive(Clone)]
pub struct OutboundHttp(pub(crate) Arc<send::Shared>);

/// What an [`OutboundHttp`] is made of, before its first request.
pub struct Builder {
    settings: Settings,
    addresses: AddressPolicy,
    resolver: Arc<dyn Resolve>,
    trace_headers: TraceHeaders,
}

impl Builder {
    /// Which resolved addresses may be dialled; the default blocks none.
    #[must_use]
    pub fn addresses(self, addresses: AddressPolicy) -> Self {
        Self { addresses, ..self }
    }

    /// How names become addresses; the default asks the system.
    #[must_use]
    pub fn resolver(self, resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, ..self }
    }

    /// Called with the span of each request that may be sent; the default leaves its headers as they are.
    #[must_use]
    pub fn trace_headers(self, trace_headers: TraceHeaders) -> Self {
        Self { trace_headers, ..self }
    }

    /// Prepares the clients; opens no connection. Errors when an extra root certificate cannot be read.
    pub fn build(self) -> Result<OutboundHttp, rustls::Error> {
        send::Shared::new(self.settings, self.addresses, self.resolver, self.trace_headers)
            .map(|shared| OutboundHttp(Arc::new(shared)))
    }
}

impl OutboundHttp {
    /// Starts from `settings`; see [`Builder`] for what else can be given.
    pub fn builder(settings: Settings) -> Builder {
        Builder {
            settings,
            addresses: AddressPolicy::default(),
            resolver: Arc::new(SystemResolver),
            trace_headers: Arc::new(|_, _| {}),
        }
    }

    /// Who answers requests to the own app. Held weakly, since whoever answers usually holds this host's engine and
    /// with it this value. Until it is set, and after it is gone, such requests end in `DestinationNotFound`.
    pub fn set_chain(&self, chain: Weak<dyn Chain>) {
        self.0.set_chain(chain);
    }

    /// The switch that tests turn; asked before each request that would leave the host. A chained request does not.
    pub fn faults(&self) -> &FaultSwitch {
        &self.0.faults
    }

    /// Adds the counters (`outbound_http_*`) to `registry`.
    pub fn register_metrics(&self, registry: &mut Registry) {
        self.0.metrics.register(registry);
    }

    /// The state of one component instance: what `component` may reach. Instances of a component share its bound on
    /// concurrent requests.
    pub fn instance(&self, component: &str, grants: Grants) -> OutboundHttpInstance {
        OutboundHttpInstance::new(OutboundHooks::new(Arc::clone(&self.0), component, grants))
    }
}

/// Adds `wasi:http/client` 0.3, `wasi:http/outgoing-handler` 0.2 and the `wasi:http/types` of both.
///
/// The 0.2 interfaces need `wasi:io`, which the linker gets from `wasmtime-wasi`.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> WasiHttpCtxView<'_>,
) -> wasmtime::Result<()> {
    p3::bindings::http::client::add_to_linker::<T, WasiHttp>(linker, view)?;
    p3::bindings::http::types::add_to_linker::<T, WasiHttp>(linker, view)?;
    let options = p2::bindings::LinkOptions::default();
    p2::bindings::http::outgoing_handler::add_to_linker::<T, WasiHttp>(linker, view)?;
    p2::bindings::http::types::add_to_linker::<T, WasiHttp>(linker, &(&options).into(), view)
}

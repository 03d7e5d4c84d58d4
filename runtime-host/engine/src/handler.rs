//! One component, ready to be asked.

use crate::failure::Failure;
use crate::memory::{Budget, InstanceMemory};
use crate::metrics::Counters;
use crate::room::Room;
use crate::settings::{Reuse, Settings};
use crate::state::{Grants, InstanceState};
use crate::worker::{Expiration, Shared, Ticket, Worker};
use arc_swap::ArcSwap;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::runtime;
use tokio::sync::oneshot;
use wasmtime::Store;
use wasmtime_wasi_http::handler::{
    ExpirationError, HandlerState, Instance, InstantiationError, ProxyHandler, ProxyPre, TrapOrPanicError,
};
use wasmtime_wasi_http::{WasiBody, WasiHttpView};

/// What all instances of one component have in common.
pub(crate) struct Template {
    pub(crate) component: Arc<str>,
    pub(crate) pre: ProxyPre<InstanceState>,
    pub(crate) grants: Grants,
    pub(crate) settings: Arc<Settings>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) component_memory: Arc<Budget>,
    pub(crate) host_memory: Arc<Budget>,
    pub(crate) reuse: Reuse,
    pub(crate) room: Arc<Room>,
}

/// The instances of a component on one event loop: a request is answered on the loop that read it.
struct OnLoop(Arc<Template>);

impl HandlerState for OnLoop {
    type StoreData = InstanceState;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<InstanceState, Expiration, Worker>> {
        self.0.room.find(self.0.settings.instance_wait_ms_max, || self.0.instantiate()).await
    }
}

impl Template {
    async fn instantiate(&self) -> wasmtime::Result<Instance<InstanceState, Expiration, Worker>> {
        let Template { settings, component_memory, host_memory, .. } = self;
        let memory =
            InstanceMemory::new(settings.memory_bytes_max, component_memory.clone(), host_memory.clone());
        let state = self.grants.instance(memory)?;
        let engine = match &self.pre {
            ProxyPre::P2(pre) => pre.engine(),
            ProxyPre::P3(pre) => pre.engine(),
        };
        let mut store = Store::new(engine, state);
        store.limiter(|state| state.memory());
        let shared = Arc::new(Shared::default());
        let ticking = shared.clone();
        let ticks_max = settings.cpu_ms_max.div_ceil(crate::compile::EPOCH_MS);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| ticking.on_epoch(ticks_max));
        let proxy = self.pre.instantiate_async(&mut store).await?;
        self.counters.instance_started();
        Ok(Instance {
            store,
            proxy,
            view: |state| state.http(),
            expiration: Expiration::new(shared.clone(), self.room.clone(), settings),
            state: Worker {
                component: self.component.clone(),
                settings: settings.clone(),
                counters: self.counters.clone(),
                shared,
                room: self.room.clone(),
                waiting: Mutex::default(),
                together_max: self.reuse.together_max(),
                requests_max: self.reuse.requests_max(),
            },
        })
    }
}

/// A component and its instances; clones share them.
#[derive(Clone)]
pub struct ComponentHandler(Arc<Loops>);

struct Loops {
    template: Arc<Template>,
    /// By event loop; a few, and only ever more.
    known: ArcSwap<Vec<(runtime::Id, ProxyHandler<OnLoop>)>>,
    adding: Mutex<()>,
}

impl ComponentHandler {
    pub(crate) fn new(template: Template) -> Self {
        let (known, adding) = (ArcSwap::default(), Mutex::default());
        ComponentHandler(Arc::new(Loops { template: Arc::new(template), known, adding }))
    }

    /// The component's id in the manifest.
    pub fn component(&self) -> &str {
        &self.0.template.component
    }

    /// Bytes of linear memory that this component's instances hold now.
    pub fn memory_bytes(&self) -> usize {
        self.0.template.component_memory.bytes_used()
    }

    /// The instances on the event loop that asks.
    fn here(&self) -> ProxyHandler<OnLoop> {
        let here = runtime::Handle::current().id();
        let find = || self.0.known.load().iter().find(|(id, _)| *id == here).map(|(_, found)| found.clone());
        if let Some(found) = find() {
            return found;
        }
        let _adding = self.0.adding.lock().unwrap_or_else(PoisonError::into_inner);
        find().unwrap_or_else(|| {
            let added = ProxyHandler::new(OnLoop(self.0.template.clone()));
            let mut known = Vec::clone(&self.0.known.load());
            known.push((here, added.clone()));
            self.0.known.store(Arc::new(known));
            added
        })
    }

    /// Gives `request` to an instance and waits for the head of its answer.
    ///
    /// Dropping the future (the client hung up) ends the guest's work on it.
    pub async fn handle(
        &self,
        request: http::Request<WasiBody>,
    ) -> Result<http::Response<GuestBody>, Failure> {
        let (_present, abandoned) = oneshot::channel();
        let (failed, mut failure) = oneshot::channel();
        let (shared, instance) = oneshot::channel();
        self.0.template.counters.request_given();
        match self.here().handle(Ticket { abandoned, failed, shared }, request).await {
            Ok(response) => {
                let instance = instance.await.ok();
                Ok(response.map(|body| GuestBody::new(body, instance)))
            }
            Err(error) if error.is::<TrapOrPanicError>() => {
                // The instance says why when it is dropped, a moment after it let go of its requests.
                Err((&mut failure).await.unwrap_or_else(|_| Failure::Trapped {
                    cause: "the host's worker panicked".into(),
                    guest: Vec::new(),
                    memory_refused: false,
                }))
            }
            Err(error) if error.is::<ExpirationError>() => Err(Failure::TimedOut),
            Err(error) => Err(match error.downcast_ref::<InstantiationError<Ticket>>() {
                Some(problem) => Failure::NoInstance(format!("{:#}", problem.error)),
                None => {
                    match error.downcast_ref::<wasmtime_wasi_http::p3::bindings::http::types::ErrorCode>() {
                        Some(code) => Failure::Refused(format!("{code:?}")),
                        None => crate::failure::of_worker(&error, false),
                    }
                }
            }),
        }
    }
}

/// The body of a component's answer, as it streams out of its instance.
pub struct GuestBody {
    inner: WasiBody,
    instance: Option<Arc<Shared>>,
}

impl GuestBody {
    fn new(inner: WasiBody, instance: Option<Arc<Shared>>) -> Self {
        if let Some(instance) = &instance {
            instance.body_opened();
        }
        GuestBody { inner, instance }
    }
}

impl Drop for GuestBody {
    fn drop(&mut self) {
        if let Some(instance) = &self.instance {
            instance.body_closed();
        }
    }
}

impl Body for GuestBody {
    type Data = Bytes;
    type Error = wasmtime_wasi_http::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, wasmtime_wasi_http::Error>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_frame(cx) {
            // A client must be able to tell a cut answer from a whole one.
            Poll::Ready(None) if this.instance.as_ref().is_some_and(|instance| instance.has_failed()) => {
                Poll::Ready(Some(Err(wasmtime_wasi_http::Error::HttpResponseIncomplete)))
            }
            frame => frame,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

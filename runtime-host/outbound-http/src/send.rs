//! One request's life: wait for a place, connect, send, wait for the head, bound the body.

use crate::body::{BoundedBody, Bounds, IntoFailure};
use crate::chain::{Callee, Chain};
use crate::dial::{Dialer, Resolve};
use crate::metrics::{Metrics, Outcome};
use crate::refusals::Refusals;
use crate::settings::{Deadlines, HEAD_BYTES_MIN, Settings};
use crate::slots::{Slot, Slots};
use crate::target::Target;
use crate::{TraceHeaders, failure};
use bytes::Bytes;
use host_egress::AddressPolicy;
use host_faults::FaultSwitch;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};
use wasmtime_wasi_http::{Error, WasiBody};

/// What a body holds on to until it ends.
pub(crate) type InFlightCall = Slot;

/// What all instances of the host share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) faults: FaultSwitch,
    pub(crate) metrics: Metrics,
    pub(crate) refusals: Refusals,
    pub(crate) slots: Slots,
    pub(crate) trace_headers: TraceHeaders,
    client: Client<Dialer, WasiBody>,
    chain: RwLock<Option<Weak<dyn Chain>>>,
}

/// One granted request.
pub(crate) struct Call {
    pub(crate) request: Request<WasiBody>,
    pub(crate) target: Target,
    pub(crate) deadlines: Deadlines,
    pub(crate) component_slots: Arc<Semaphore>,
}

impl Shared {
    pub(crate) fn new(
        mut settings: Settings,
        addresses: AddressPolicy,
        resolver: Arc<dyn Resolve>,
        trace_headers: TraceHeaders,
    ) -> Result<Self, rustls::Error> {
        let metrics = Metrics::new();
        let connect = Duration::from_millis(settings.connect_ms);
        let extra_roots = std::mem::take(&mut settings.extra_roots);
        let dialer = Dialer::new(resolver, addresses, connect, extra_roots, metrics.connections.clone())?;
        let head_bytes_max = settings.response_head_bytes_max.max(HEAD_BYTES_MIN);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_millis(settings.idle_ms))
            .pool_max_idle_per_host(settings.idle_connections_per_host_max as usize)
            .http1_max_buf_size(head_bytes_max as usize)
            .http1_max_headers(usize::from(settings.response_headers_max))
            .http2_max_header_list_size(head_bytes_max)
            .http2_adaptive_window(true)
            .build(dialer);
        Ok(Self {
            slots: Slots::new(settings.requests_max as usize, settings.component_requests_max as usize),
            settings,
            faults: FaultSwitch::default(),
            metrics,
            refusals: Refusals::default(),
            trace_headers,
            client,
            chain: RwLock::new(None),
        })
    }

    pub(crate) fn set_chain(&self, chain: Weak<dyn Chain>) {
        *self.chain.write().unwrap_or_else(PoisonError::into_inner) = Some(chain);
    }

    /// Sends one request and counts how it ended.
    pub(crate) async fn send(&self, call: Call) -> Result<Response<WasiBody>, Error> {
        let attempt = self.metrics.start();
        let ends_at = Instant::now() + call.deadlines.total;
        let answer = match timeout_at(ends_at, self.exchange(call, ends_at)).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::HttpResponseTimeout),
        };
        attempt.finish(answer.as_ref().map_or_else(Outcome::of, |_| Outcome::Answered));
        answer
    }

    async fn exchange(&self, call: Call, ends_at: Instant) -> Result<Response<WasiBody>, Error> {
        let Call { request, target, deadlines, component_slots } = call;
        let slot = self.slots.take(component_slots, deadlines.wait, || self.metrics.in_flight()).await?;
        let bounds = Bounds {
            bytes_max: self.settings.response_bytes_max,
            between_bytes: deadlines.between_bytes,
            ends_at,
        };
        match target {
            Target::Remote => {
                self.faults.pass().await.map_err(|_| Error::ConnectionRefused)?;
                self.bounded(self.request(request, deadlines).await?, slot, bounds)
            }
            Target::Chained(callee) => {
                let answering = self.chained(callee, request)?;
                let answer = timeout(deadlines.first_byte, answering)
                    .await
                    .map_err(|_| Error::ConnectionReadTimeout)??;
                self.bounded(answer, slot, bounds)
            }
        }
    }

    /// Sends a request over the pool; each phase has its own deadline.
    async fn request(
        &self,
        mut request: Request<WasiBody>,
        deadlines: Deadlines,
    ) -> Result<Response<hyper::body::Incoming>, Error> {
        let mut connection = capture_connection(&mut request);
        let mut head = pin!(self.client.request(request));
        let connected = async { drop(connection.wait_for_connection_metadata().await) };
        let answer = tokio::select! {
            biased;
            answer = &mut head => answer,
            () = connected => timeout(deadlines.first_byte, head)
                .await
                .map_err(|_| Error::ConnectionReadTimeout)?,
            () = tokio::time::sleep(deadlines.connect) => return Err(Error::ConnectionTimeout),
        };
        answer.map_err(|error| {
            tracing::debug!(error = &error as &dyn std::error::Error, "outbound HTTP request failed");
            failure::of_request(&error)
        })
    }

    fn chained(
        &self,
        callee: Callee,
        request: Request<WasiBody>,
    ) -> Result<futures::future::BoxFuture<'static, Result<Response<WasiBody>, Error>>, Error> {
        let chain = self.chain.read().unwrap_or_else(PoisonError::into_inner).clone();
        let chain = chain.and_then(|chain| chain.upgrade()).ok_or(Error::DestinationNotFound)?;
        Ok(chain.call(callee, request))
    }

    fn bounded<B>(&self, answer: Response<B>, slot: Slot, bounds: Bounds) -> Result<Response<WasiBody>, Error>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: IntoFailure,
    {
        let (head, body) = answer.into_parts();
        let body = BoundedBody::new(body, slot, bounds, self.metrics.clone())?;
        Ok(Response::from_parts(head, body.boxed_unsync()))
    }
}

//! What wasmtime asks for each request of a guest.

use crate::send::{Call, Shared};
use crate::settings::Deadlines;
use crate::target::{Stop, Target};
use host_egress::Grants;
use http::header::HOST;
use http::{Request, Response};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tracing::Instrument as _;
use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks};

/// The end of the part of a request or an answer that comes after its head, as wasmtime wants it.
type Afterwards = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sending = Box<dyn Future<Output = Result<(Response<WasiBody>, Afterwards), Error>> + Send>;

/// The outbound HTTP of one component instance.
pub struct OutboundHooks {
    shared: Arc<Shared>,
    component: Arc<str>,
    component_slots: Arc<Semaphore>,
    grants: Grants,
}

impl OutboundHooks {
    pub(crate) fn new(shared: Arc<Shared>, component: &str, grants: Grants) -> Self {
        let component_slots = shared.slots.of_component(component);
        Self {
            shared,
            component: component.into(),
            component_slots,
            grants: grants.with_component(component),
        }
    }

    /// Judges a request and prepares it; nothing is sent until the returned future is polled.
    ///
    /// Dropping the future, or the answer's body, at any time closes or returns the connection.
    pub fn send(
        &self,
        mut request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> impl Future<Output = Result<Response<WasiBody>, Error>> + Send + use<> {
        let span = tracing::info_span!(
            "outbound_http",
            otel.kind = "client",
            otel.name = request.method().as_str(),
            http.request.method = request.method().as_str(),
            server.address = request.uri().host().unwrap_or_default(),
            server.port = request.uri().port_u16(),
            http.response.status_code = tracing::field::Empty,
        );
        let judged =
            Target::of(request.method(), request.uri(), &self.grants).map_err(|stop| self.refuse(stop));
        // HTTP/2 has no such header, and for HTTP/1.1 the client writes it from the URI that was judged.
        request.headers_mut().remove(HOST);
        if judged.is_ok() {
            (self.shared.trace_headers)(&span, request.headers_mut());
        }
        let deadlines = Deadlines::new(&self.shared.settings, options);
        let component_slots = Arc::clone(&self.component_slots);
        let shared = Arc::clone(&self.shared);
        async move {
            let answer = shared.send(Call { request, target: judged?, deadlines, component_slots }).await?;
            tracing::Span::current().record("http.response.status_code", answer.status().as_u16());
            Ok(answer)
        }
        .instrument(span)
    }

    fn refuse(&self, stop: Stop) -> Error {
        let error = match stop {
            Stop::Denied(text) => {
                self.shared.refusals.tell(&self.component, &text);
                Error::HttpRequestDenied
            }
            Stop::Malformed(error) => error,
        };
        self.shared.metrics.count(&error);
        error
    }
}

impl WasiHttpHooks for OutboundHooks {
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        // What the guest makes of the answer; the answer's body is dropped with it, which is all that is needed here.
        _consumed: Afterwards,
    ) -> Sending {
        let answer = self.send(request, options);
        Box::new(async move {
            let answer = answer.await?;
            // The client drives its connections itself and reports their errors through the body.
            Ok((answer, Box::new(std::future::ready(Ok(()))) as Afterwards))
        })
    }
}

/// [`OutboundHooks`] with the context that wasmtime keeps beside it.
pub struct OutboundHttpInstance {
    ctx: WasiHttpCtx,
    hooks: OutboundHooks,
}

impl OutboundHttpInstance {
    pub(crate) fn new(hooks: OutboundHooks) -> Self {
        Self { ctx: WasiHttpCtx::new(), hooks }
    }

    /// The view for the linker, and for `wasmtime_wasi_http::WasiHttpView`.
    pub fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView { hooks: &mut self.hooks, table, ctx: &mut self.ctx }
    }

    /// The hooks alone, for host code that sends a request in the component's name.
    pub fn hooks(&mut self) -> &mut OutboundHooks {
        &mut self.hooks
    }
}

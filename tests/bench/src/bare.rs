//! A bare wasmtime host: the same component on wasmtime's own handler, without routes, bounds, logs or capabilities.
//! The distance from native to here is wasmtime's; the distance from here to Moalog's host is ours.

use anyhow::Result;
use http_body_util::BodyExt;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::net::TcpListener;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, GuestTaskId, Linker, ResourceTable, ResourceType};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, StoreContextMut};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ProxyHandler, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

/// As the host reuses instances by default.
const REQUESTS_MAX: usize = 128;
const TOGETHER_MAX: usize = 16;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    component: PathBuf,
}

struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: NothingGoesOut,
}

struct NothingGoesOut;

type Afterwards = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for NothingGoesOut {
    fn send_request(
        &mut self,
        _: hyper::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Afterwards,
    ) -> Box<dyn Future<Output = Result<(hyper::Response<WasiBody>, Afterwards), Error>> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}

struct Template(ServicePre<State>);
struct Forever;
struct Reused;

impl WorkerExpiration for Forever {
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>, _: WorkerStatus, _: Instant) -> Poll<()> {
        Poll::Pending
    }
}

impl WorkerState for Reused {
    type StoreData = State;
    type RequestData = ();

    fn should_accept_request(&self, together: usize, so_far: usize) -> ShouldAccept {
        match (so_far >= REQUESTS_MAX, together >= TOGETHER_MAX) {
            (true, _) => ShouldAccept::Never,
            (false, true) => ShouldAccept::No,
            (false, false) => ShouldAccept::Yes,
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, State>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        Box::pin(std::future::pending())
    }

    fn drop(&self, _: Store<State>, _: Result<(), wasmtime::Error>) {}
}

impl HandlerState for Template {
    type StoreData = State;
    type WorkerExpiration = Forever;
    type WorkerState = Reused;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Forever, Reused>> {
        let state = State {
            table: ResourceTable::new(),
            wasi: WasiCtx::builder().build(),
            http: WasiHttpCtx::new(),
            hooks: NothingGoesOut,
        };
        let mut store = Store::new(self.0.engine(), state);
        let proxy = wasmtime_wasi_http::handler::Proxy::P3(self.0.instantiate_async(&mut store).await?);
        Ok(Instance { store, proxy, view: |state| state.http(), expiration: Forever, state: Reused })
    }
}

/// Spin's interfaces, each function of which stops the instance: the empty answer calls none.
fn trap_capabilities(engine: &Engine, component: &Component, linker: &mut Linker<State>) -> Result<()> {
    for (name, item) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(interface) = item.ty else { continue };
        if !name.starts_with("spin:") {
            continue;
        }
        let mut instance = linker.instance(name)?;
        for (name, item) in interface.exports(engine) {
            match item.ty {
                ComponentItem::ComponentFunc(function) if function.async_() => {
                    instance.func_new_concurrent(name, |_, _, _, _| {
                        Box::pin(async { Err(wasmtime::format_err!("no capabilities here")) })
                    })?;
                }
                ComponentItem::ComponentFunc(_) => {
                    instance
                        .func_new(name, |_, _, _, _| Err(wasmtime::format_err!("no capabilities here")))?;
                }
                ComponentItem::Resource(_) => {
                    instance.resource(name, ResourceType::host::<State>(), |_, _| Ok(()))?
                }
                _ => {}
            }
        }
    }
    Ok(())
}

pub(crate) async fn serve(args: Args) -> Result<()> {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(PoolingAllocationConfig::new()));
    let engine = Engine::new(&config)?;
    let component = Component::from_file(&engine, &args.component)?;
    let mut linker = Linker::<State>::new(&engine);
    trap_capabilities(&engine, &component, &mut linker)?;
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    let pre = ServicePre::new(linker.instantiate_pre(&component)?)?;
    let handler = ProxyHandler::new(Template(pre));
    let listener = TcpListener::bind(args.listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let handler = handler.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                let handler = handler.clone();
                async move {
                    let (mut parts, body) = request.into_parts();
                    let mut uri = parts.uri.into_parts();
                    uri.scheme = Some(hyper::http::uri::Scheme::HTTP);
                    uri.authority = Some(hyper::http::uri::Authority::from_static("bench"));
                    parts.uri = hyper::Uri::from_parts(uri)?;
                    let body = body.map_err(wasmtime_wasi_http::Error::from).boxed_unsync();
                    let answer = handler.handle((), hyper::Request::from_parts(parts, body)).await;
                    answer.map_err(|error| anyhow::anyhow!(error))
                }
            });
            // A connection's end is the generator's doing.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

//! A small HTTP server for tests, and the shapes of requests that they send.

use bytes::Bytes;
use futures::future::BoxFuture;
use host_egress::Grants;
use host_outbound_http::{Error, OutboundHttp, OutboundHttpInstance, Resolve, Settings, WasiBody};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A server on a free port of the loopback interface; stops when dropped.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    pub(crate) accepted: Arc<AtomicUsize>,
    pub(crate) closed: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Origin {
    /// Answers each request with what `answer` makes of it.
    pub(crate) async fn start<A, F>(answer: A) -> Self
    where
        A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = Response<WasiBody>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let closed = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn({
            let (accepted, closed) = (Arc::clone(&accepted), Arc::clone(&closed));
            async move {
                let mut connections = JoinSet::new();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    accepted.fetch_add(1, Ordering::SeqCst);
                    let (answer, closed) = (answer.clone(), Arc::clone(&closed));
                    connections.spawn(async move {
                        let service = service_fn(move |request| {
                            let answer = answer(request);
                            async move { Ok::<_, Infallible>(answer.await) }
                        });
                        let server = auto::Builder::new(TokioExecutor::new());
                        drop(server.serve_connection(TokioIo::new(stream), service).await);
                        closed.fetch_add(1, Ordering::SeqCst);
                    });
                }
            }
        });
        Self { address, accepted, closed, task }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    pub(crate) fn closed(&self) -> usize {
        self.closed.load(Ordering::SeqCst)
    }
}

pub(crate) fn text(text: &str) -> WasiBody {
    Full::new(Bytes::copy_from_slice(text.as_bytes())).map_err(Error::from).boxed_unsync()
}

pub(crate) fn nothing() -> WasiBody {
    Empty::new().map_err(Error::from).boxed_unsync()
}

pub(crate) fn get(url: &str) -> Request<WasiBody> {
    Request::get(url).body(nothing()).unwrap()
}

/// An instance of component `shop` that may reach everything on the loopback address.
pub(crate) fn shop(outbound: &OutboundHttp) -> OutboundHttpInstance {
    granted(outbound, &["http://127.0.0.1:*", "https://127.0.0.1:*"])
}

pub(crate) fn granted(outbound: &OutboundHttp, grants: &[&str]) -> OutboundHttpInstance {
    outbound.instance("shop", Grants::parse(grants.iter().copied()).unwrap())
}

pub(crate) fn outbound(settings: Settings) -> OutboundHttp {
    OutboundHttp::builder(settings).build().unwrap()
}

pub(crate) async fn body_text(response: Response<WasiBody>) -> Result<String, Error> {
    let bytes = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

/// Answers each lookup with the next of the given lists, the last one for ever.
pub(crate) struct StubResolver {
    answers: Vec<Vec<IpAddr>>,
    pub(crate) asked: AtomicUsize,
}

impl StubResolver {
    pub(crate) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |list: &&[&str]| list.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self { answers: answers.iter().map(parse).collect(), asked: AtomicUsize::new(0) })
    }
}

impl Resolve for StubResolver {
    fn resolve(&self, _: &str) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        let answer = self.answers[turn].clone();
        Box::pin(async move { Ok(answer) })
    }
}

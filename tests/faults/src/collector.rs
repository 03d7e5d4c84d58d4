//! A server that keeps what it is sent: a collector of traces, or any service that components call.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

type Kept = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// The server; ends when dropped.
pub struct Collector {
    address: SocketAddr,
    kept: Kept,
    task: JoinHandle<()>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Collector {
    /// On a free port.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let kept = Kept::default();
        let task = tokio::spawn(accept(listener, kept.clone()));
        Collector { address, kept, task }
    }

    /// `http://` and where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Headers and body of each request so far.
    pub fn requests(&self) -> Vec<(HeaderMap, Bytes)> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn accept(listener: TcpListener, kept: Kept) {
    while let Ok((stream, _)) = listener.accept().await {
        let kept = kept.clone();
        let service = service_fn(move |request| keep(request, kept.clone()));
        tokio::spawn(async move {
            // How a client ends its connection is its own affair.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn keep(request: Request<Incoming>, kept: Kept) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    kept.lock().unwrap_or_else(PoisonError::into_inner).push((parts.headers, body));
    Ok(Response::new(Full::from("kept")))
}

//! Servers that components call: one over HTTP, one that says a word on every plain connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{any, get, post};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

/// What the plain server says first.
pub(crate) const GREETING: &str = "hello from a socket\n";

/// A target and what it saw.
pub struct Target {
    http: SocketAddr,
    socket: SocketAddr,
    seen: Seen,
}

/// Counters of the target; clones share them.
#[derive(Clone, Default)]
struct Seen {
    requests: Arc<AtomicUsize>,
    hung_up: Arc<AtomicUsize>,
}

impl Target {
    /// Starts both servers on free loopback ports.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let seen = Seen::default();
        let http = TcpListener::bind("127.0.0.1:0").await?;
        let socket = TcpListener::bind("127.0.0.1:0").await?;
        let target = Self { http: http.local_addr()?, socket: socket.local_addr()?, seen: seen.clone() };
        tokio::spawn(axum::serve(http, routes(seen)).into_future());
        tokio::spawn(greet(socket));
        Ok(target)
    }

    /// `http://127.0.0.1:port`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Where the plain server listens.
    pub fn socket(&self) -> SocketAddr {
        self.socket
    }

    /// Requests that arrived.
    pub fn requests(&self) -> usize {
        self.seen.requests.load(Ordering::SeqCst)
    }

    /// Requests to `/hang` whose client went away before it was answered.
    pub fn hung_up(&self) -> usize {
        self.seen.hung_up.load(Ordering::SeqCst)
    }
}

fn routes(seen: Seen) -> Router {
    Router::new()
        .route("/hello", get(async || "hello"))
        .route("/echo", post(async |body: Body| body))
        .route("/headers", any(headers))
        .route("/status/{code}", any(status))
        .route("/redirect", get(async || (StatusCode::FOUND, [(header::LOCATION, "/hello")])))
        .route("/slow/{ms}", get(slow))
        .route("/big/{bytes}", get(big))
        .route("/drip/{pieces}/{ms}", get(drip))
        .route("/hang", get(hang))
        .layer(axum::middleware::from_fn_with_state(seen.clone(), count))
        .with_state(seen)
}

async fn count(
    State(seen): State<Seen>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> axum::response::Response {
    seen.requests.fetch_add(1, Ordering::SeqCst);
    next.run(request).await
}

async fn headers(headers: HeaderMap) -> axum::Json<Value> {
    let pairs =
        headers.iter().map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]));
    axum::Json(pairs.collect())
}

async fn status(Path(code): Path<u16>) -> impl IntoResponse {
    StatusCode::from_u16(code).unwrap_or_default()
}

async fn slow(Path(ms): Path<u64>) -> &'static str {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    "late"
}

async fn big(Path(bytes): Path<usize>) -> Body {
    const PIECE_BYTES: usize = 64 << 10;
    let piece = Bytes::from(vec![b'b'; PIECE_BYTES]);
    let pieces =
        (0..bytes).step_by(PIECE_BYTES).map(move |start| piece.slice(..PIECE_BYTES.min(bytes - start)));
    Body::from_stream(stream::iter(pieces.map(Ok::<_, std::io::Error>)))
}

async fn drip(Path((pieces, ms)): Path<(u64, u64)>) -> Body {
    let drops = stream::iter(0..pieces).then(move |number| async move {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Ok::<_, std::io::Error>(format!("drop {number}\n"))
    });
    Body::from_stream(drops)
}

async fn hang(State(seen): State<Seen>) {
    /// Counts when the server drops the request because its client is gone.
    struct Gone(Seen);
    impl Drop for Gone {
        fn drop(&mut self) {
            self.0.hung_up.fetch_add(1, Ordering::SeqCst);
        }
    }
    let _gone = Gone(seen);
    futures::future::pending::<()>().await;
}

async fn greet(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move { stream.write_all(GREETING.as_bytes()).await });
    }
}

//! `/livez`, `/readyz` and `/metrics`, on a thread and an event loop of their own: they answer while every other
//! thread is busy with guests or compiling.

use crate::drain::{Drain, Phase};
use crate::front_door::FrontDoor;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;

/// How long `/readyz` waits for all dependencies, in milliseconds.
const READY_MS_MAX: u64 = 1_000;
/// How long a client of the admin port may take over a request's head, in milliseconds.
const HEAD_MS_MAX: u64 = 5_000;

/// A dependency and the question whether it answers.
pub struct Dependency {
    /// Its name in `/readyz`.
    pub name: &'static str,
    /// Asks it; an error is shown to whoever may reach the admin port.
    pub ready: Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
}

/// What the admin port shows.
pub(crate) struct Admin {
    pub(crate) door: Arc<FrontDoor>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) metrics: host_telemetry::Metrics,
    /// Where the dependencies' own connections live.
    pub(crate) main: tokio::runtime::Handle,
}

/// Serves `listener` on a thread of its own until the process ends or `drain` has stopped; `admin` is empty as long as
/// the host is starting.
pub(crate) fn serve(admin: Arc<OnceLock<Admin>>, drain: Drain, listener: TcpListener) -> anyhow::Result<()> {
    let listener = listener.into_std()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("admin".into()).spawn(move || {
        runtime.block_on(async {
            match TcpListener::from_std(listener) {
                Ok(listener) => accept(&admin, &drain, listener).await,
                Err(problem) => tracing::error!(%problem, "the admin port is closed"),
            }
        });
    })?;
    Ok(())
}

async fn accept(admin: &Arc<OnceLock<Admin>>, drain: &Drain, listener: TcpListener) {
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = drain.reached(Phase::Stopped) => return,
        };
        let admin = admin.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let admin = admin.clone();
                async move { Ok::<_, Infallible>(answer(&admin, &request).await) }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_millis(HEAD_MS_MAX))
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(problem) = served {
                tracing::debug!(%problem, "admin connection ended");
            }
        });
    }
}

async fn answer(admin: &OnceLock<Admin>, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return json_answer(StatusCode::METHOD_NOT_ALLOWED, &json!({ "status": "only GET here" }));
    }
    match (request.uri().path(), admin.get()) {
        ("/livez", _) => json_answer(StatusCode::OK, &json!({ "status": "alive" })),
        ("/readyz" | "/metrics", None) => {
            json_answer(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "starting", "dependencies": {} }))
        }
        ("/readyz", Some(admin)) => ready(admin).await,
        ("/metrics", Some(admin)) => {
            admin.door.refresh_gauges();
            let accept =
                request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let (kind, text) = admin.metrics.render(accept);
            with_type(StatusCode::OK, kind, text)
        }
        _ => json_answer(StatusCode::NOT_FOUND, &json!({ "status": "try /livez, /readyz or /metrics" })),
    }
}

async fn ready(admin: &Admin) -> Response<Full<Bytes>> {
    if admin.door.drain.phase() > Phase::Up {
        return json_answer(
            StatusCode::SERVICE_UNAVAILABLE,
            &json!({ "status": "going down", "dependencies": {} }),
        );
    }
    let asked = admin.dependencies.iter().map(|dependency| {
        let question = admin.main.spawn((dependency.ready)());
        async move {
            let answer = tokio::time::timeout(Duration::from_millis(READY_MS_MAX), question).await;
            let state = match answer {
                Ok(Ok(Ok(()))) => Ok(()),
                Ok(Ok(Err(problem))) => Err(problem),
                Ok(Err(_)) => Err("the check failed".to_owned()),
                Err(_) => Err(format!("no answer within {READY_MS_MAX} ms")),
            };
            (dependency.name, state)
        }
    });
    let states = futures::future::join_all(asked).await;
    let all = states.iter().all(|(_, state)| state.is_ok());
    let dependencies: serde_json::Map<_, _> = states
        .into_iter()
        .map(|(name, state)| (name.to_owned(), json!(state.err().unwrap_or_else(|| "ready".to_owned()))))
        .collect();
    let (status, word) =
        if all { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    json_answer(status, &json!({ "status": word, "dependencies": dependencies }))
}

fn json_answer(status: StatusCode, body: &serde_json::Value) -> Response<Full<Bytes>> {
    with_type(status, "application/json", body.to_string())
}

fn with_type(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

//! Spans as a collector receives them.

use crate::capture::Log;
use host_telemetry::{Format, Settings, adopt, extract, inject_current};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What the collector got: the service's name and its spans.
#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<(String, Span)>>>);

impl Received {
    fn spans(&self) -> Vec<(String, Span)> {
        self.0.lock().unwrap().clone()
    }

    async fn take(&self, request: Request<Incoming>) {
        assert_eq!(request.uri().path(), "/v1/traces");
        assert_eq!(request.headers()["content-type"], "application/x-protobuf");
        let bytes = request.into_body().collect().await.unwrap().to_bytes();
        let export = ExportTraceServiceRequest::decode(bytes).unwrap();
        for resource in export.resource_spans {
            let attributes = resource.resource.unwrap().attributes;
            let name = attributes.iter().find(|attribute| attribute.key == "service.name").unwrap();
            let Some(Value::StringValue(service)) = name.value.clone().unwrap().value else { panic!() };
            for scope in resource.scope_spans {
                let spans = scope.spans.into_iter().map(|span| (service.clone(), span));
                self.0.lock().unwrap().extend(spans);
            }
        }
    }
}

/// A collector on `address`, in threads of its own; stops when dropped.
struct Collector {
    address: SocketAddr,
    received: Received,
    _event_loop: tokio::runtime::Runtime,
}

impl Collector {
    fn start(address: SocketAddr) -> Self {
        let event_loop =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let received = Received::default();
        let listener = event_loop.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.set_reuseaddr(true).unwrap();
            socket.bind(address).unwrap();
            socket.listen(16).unwrap()
        });
        let address = listener.local_addr().unwrap();
        let of_server = received.clone();
        event_loop.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let received = of_server.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let received = received.clone();
                        async move {
                            received.take(request).await;
                            let mut answer = Response::new(Empty::<bytes::Bytes>::new());
                            *answer.status_mut() = StatusCode::OK;
                            Ok::<_, Infallible>(answer)
                        }
                    });
                    let server = hyper::server::conn::http1::Builder::new();
                    drop(server.serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        Self { address, received, _event_loop: event_loop }
    }
}

fn log(endpoint: String) -> Log {
    Log::start(Settings {
        format: Format::Json,
        otlp_endpoint: Some(endpoint),
        service_name: "host-under-test".to_owned(),
        ..Settings::default()
    })
}

#[test]
fn a_span_is_exported_as_a_child_of_its_callers_span_and_its_children_carry_the_trace_on() {
    let collector = Collector::start("127.0.0.1:0".parse().unwrap());
    let log = log(format!("http://{}/", collector.address));
    let mut outgoing = HeaderMap::new();
    log.run(|| {
        let mut incoming = HeaderMap::new();
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        incoming.insert("traceparent", parent.parse().unwrap());
        let request = tracing::info_span!(target: "host_http", "request", otel.kind = "server", route = "/a");
        adopt(&request, &extract(&incoming).unwrap());
        let _entered = request.enter();
        let _library = tracing::info_span!(target: "h2", "not ours").entered();
        let call = tracing::info_span!(target: "host_outbound_http", "outbound_http", otel.kind = "client");
        call.in_scope(|| inject_current(&mut outgoing));
        tracing::info!("inside");
    });
    let lines = log.lines();
    assert_eq!(lines[0]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    drop(log);

    let spans = collector.received.spans();
    let names: Vec<&str> = spans.iter().map(|(_, span)| span.name.as_str()).collect();
    assert_eq!(names, ["outbound_http", "request"], "the spans of libraries are not ours");
    let ((service, call), (_, request)) = (&spans[0], &spans[1]);
    assert_eq!(service, "host-under-test");
    assert_eq!(hex(&request.trace_id), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(hex(&request.parent_span_id), "b7ad6b7169203331");
    assert_eq!(call.parent_span_id, request.span_id);
    let told = outgoing["traceparent"].to_str().unwrap();
    assert_eq!(told, format!("00-{}-{}-01", hex(&request.trace_id), hex(&call.span_id)));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_collector_that_is_away_costs_one_warning_and_its_return_one_line() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let log = log(format!("http://{address}"));
    // The exporter's threads log for the whole process, so this test is the one that takes the process's log.
    tracing::dispatcher::set_global_default(log.dispatch.clone()).unwrap();
    let started = Instant::now();
    for _ in 0..20_000 {
        tracing::info_span!(target: "host_http", "request").in_scope(|| ());
    }
    assert!(started.elapsed() < Duration::from_secs(2), "requests do not wait for the collector");
    let messages = |wanted: &str| {
        let lines = log.lines();
        lines.iter().filter(|line| line["message"].as_str().unwrap().contains(wanted)).count()
    };
    wait_until(|| messages("cannot be exported") > 0);
    for _ in 0..3 {
        tracing::info_span!(target: "host_http", "request").in_scope(|| ());
        log.text();
    }
    assert_eq!(messages("cannot be exported"), 1);

    let collector = Collector::start(address);
    wait_until(|| {
        tracing::info_span!(target: "host_http", "request").in_scope(|| ());
        messages("exported again") > 0
    });
    assert!(!collector.received.spans().is_empty());
    assert_eq!((messages("cannot be exported"), messages("exported again")), (1, 1));
}

fn wait_until(holds: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < until, "waited in vain");
        std::thread::sleep(Duration::from_millis(50));
    }
}

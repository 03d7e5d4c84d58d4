//! Trace context without an exporter: passed on as it came.

use crate::capture::Log;
use host_telemetry::{adopt, extract, inject_current, trace_id};
use http::HeaderMap;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn headers(traceparent: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", traceparent.parse().unwrap());
    headers
}

#[test]
fn a_malformed_or_doubled_traceparent_is_no_context() {
    assert!(extract(&headers(PARENT)).is_some());
    assert!(extract(&HeaderMap::new()).is_none());
    for malformed in ["", "00-0-0-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "hello"] {
        assert!(extract(&headers(malformed)).is_none(), "{malformed}");
    }
    let mut twice = headers(PARENT);
    twice.append("traceparent", PARENT.parse().unwrap());
    assert!(extract(&twice).is_none());
}

#[test]
fn without_an_exporter_the_callers_context_is_passed_on_and_logged_at_any_depth() {
    let log = Log::start(host_telemetry::Settings {
        format: host_telemetry::Format::Json,
        // The span itself is below what is logged; the context is kept all the same.
        filter: Some("warn".to_owned()),
        ..host_telemetry::Settings::default()
    });
    log.run(|| {
        let request = tracing::info_span!(target: "host_http", "request", request_id = "r-1");
        let mut incoming = headers(PARENT);
        incoming.insert("tracestate", "vendor=1".parse().unwrap());
        adopt(&request, &extract(&incoming).unwrap());
        let _entered = request.enter();
        let inner = tracing::info_span!(target: "host_outbound_http", "outbound_http");
        let _entered = inner.enter();
        let mut outgoing = HeaderMap::new();
        inject_current(&mut outgoing);
        assert_eq!(outgoing["traceparent"], PARENT);
        assert_eq!(outgoing["tracestate"], "vendor=1");
        assert_eq!(trace_id(&inner).as_deref(), Some(TRACE));
        tracing::warn!("inside");
    });
    assert_eq!(log.lines()[0]["trace_id"], TRACE);
    assert_eq!(log.lines()[0]["request_id"], "r-1");
}

#[test]
fn outside_of_any_trace_nothing_is_added() {
    let log = Log::json();
    log.run(|| {
        let span = tracing::info_span!(target: "host_http", "request");
        let _entered = span.enter();
        let mut outgoing = HeaderMap::new();
        inject_current(&mut outgoing);
        assert!(outgoing.is_empty());
        tracing::info!("inside");
    });
    assert!(log.lines()[0].get("trace_id").is_none());
}

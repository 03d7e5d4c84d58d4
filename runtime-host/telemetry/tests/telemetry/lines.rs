//! How events become lines.

use crate::capture::Log;
use host_telemetry::{Format, Settings};
use std::error::Error;
use std::fmt;

#[test]
fn a_json_line_carries_time_level_target_message_and_flat_fields() {
    let log = Log::json();
    log.run(|| {
        let span = tracing::info_span!(target: "host_http", "request", request_id = "r-1", route = "/a", status = 0);
        let _entered = span.enter();
        tracing::warn!(target: "host_http", status = 503_u64, ready = false, share = 0.5, none = f64::NAN, "no {}", "room");
    });
    let [line] = &log.lines()[..] else { panic!("one line") };
    let time = line["time"].as_str().unwrap();
    assert!(
        time.starts_with("20") && time.ends_with('Z') && time.len() == "2026-01-01T00:00:00.000000Z".len(),
        "{time}"
    );
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["target"], "host_http");
    assert_eq!(line["message"], "no room");
    assert_eq!(line["status"], 503, "the event's own field counts, not the span's");
    assert_eq!(line["ready"], false);
    assert_eq!(line["share"], 0.5);
    assert_eq!(line["none"], "NaN");
    assert_eq!((&line["request_id"], &line["route"]), (&"r-1".into(), &"/a".into()));
    assert_eq!(log.text().matches("\"status\":").count(), 1, "no name twice");
}

#[test]
fn a_value_recorded_later_replaces_the_earlier_one() {
    let log = Log::json();
    log.run(|| {
        let span = tracing::info_span!(target: "host_http", "request", status = 1, otel.kind = "server");
        span.record("status", 2);
        span.in_scope(|| tracing::info!("done"));
    });
    assert_eq!(log.lines()[0]["status"], 2);
    assert!(!log.text().contains("otel"), "fields for the trace alone are not logged");
}

#[test]
fn an_error_is_logged_with_its_causes() {
    #[derive(Debug)]
    struct Outer(fmt::Error);
    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }
    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    let log = Log::json();
    log.run(|| tracing::error!(error = &Outer(fmt::Error) as &dyn Error, "failed"));
    assert_eq!(log.lines()[0]["error"], format!("outer: {}", fmt::Error));
}

#[test]
fn no_value_can_forge_a_line() {
    let evil = "x\n{\"level\":\"ERROR\"}\r\u{1b}[2J\u{202e}";
    for format in [Format::Json, Format::Human] {
        let log = Log::start(Settings { format, ..Settings::default() });
        log.run(|| tracing::info!(agent = evil, other = ?evil, "from {evil}"));
        let text = log.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{text}");
    }
    let log = Log::json();
    log.run(|| tracing::info!(agent = evil, "hello"));
    assert_eq!(log.lines()[0]["agent"], evil, "and JSON readers see what was sent");
}

#[test]
fn a_long_line_is_cut_with_a_mark_and_keeps_the_requests_id() {
    let log = Log::start(Settings { format: Format::Json, log_line_bytes_max: 1_000, ..Settings::default() });
    let long = "가\n".repeat(10_000);
    log.run(|| {
        let span = tracing::info_span!(target: "host_http", "request", request_id = "r-1");
        let _entered = span.enter();
        tracing::info!(field = long.as_str(), "message");
        tracing::info!("{long}");
        tracing::info!(a = long.as_str(), b = long.as_str(), c = 1, "{long}");
    });
    for line in log.text().lines() {
        assert!(line.len() <= 1_000, "{} bytes: {line}", line.len());
        assert!(line.contains("…[+"), "{line}");
    }
    let lines = log.lines();
    assert_eq!(lines[1]["request_id"], "r-1");
}

#[test]
fn lines_for_people_are_short_and_without_colours_where_there_is_no_terminal() {
    let log = Log::start(Settings { format: Format::Human, ..Settings::default() });
    log.run(|| tracing::info!(target: "host_http", status = 200, path = "/a b", "answered"));
    let text = log.text();
    let (_, rest) = text.split_once(' ').unwrap();
    assert_eq!(rest, " INFO host_http: answered status=200 path=/a b\n");
}

#[test]
fn what_libraries_write_down_of_their_freight_is_never_logged() {
    let filter = Some("trace,tokio_postgres=trace".to_owned());
    let log = Log::start(Settings { format: Format::Json, filter, ..Settings::default() });
    log.run(|| {
        tracing::debug!(target: "tokio_postgres::query", "executing statement with parameters: planted");
        tracing::trace!(target: "h2::hpack", "planted");
        tracing::info!(target: "tokio_postgres::connection", "a notice");
        tracing::trace!(target: "host_http::front_door", "own");
        tracing::trace!(target: "moalog", "own");
        tracing::trace!(target: "guest", "own");
        tracing::trace!(target: "request", "own");
    });
    assert!(!log.text().contains("planted"), "{}", log.text());
    assert_eq!(log.lines().len(), 5, "{}", log.text());
}

#[test]
fn the_filter_decides_and_the_exporters_own_diagnostics_never_show() {
    let filter = Some("warn,host_http=debug".to_owned());
    let log = Log::start(Settings { format: Format::Json, filter, ..Settings::default() });
    log.run(|| {
        tracing::debug!(target: "host_http", "shown");
        tracing::info!(target: "host_engine", "hidden");
        tracing::warn!(target: "host_engine", "shown too");
        tracing::error!(target: "opentelemetry_sdk", "hidden");
    });
    let messages: Vec<_> = log.lines().iter().map(|line| line["message"].clone()).collect();
    assert_eq!(messages, ["shown", "shown too"]);
}

//! What the host tells about itself: log lines, metrics, traces.
//!
//! * Logs: every `tracing` event is one line on standard error, JSON or human, bounded and free of control characters.
//!   Writing never blocks a request: a reader that does not keep up loses lines, and is told how many.
//! * Traces: spans go to a collector by OTLP when an endpoint is configured; `traceparent` is accepted and passed on
//!   either way. A collector that is away costs one warning.
//! * Metrics: one registry that every capability adds its figures to, rendered for Prometheus.
//! * Guests: what a component prints becomes log lines of its own ([`GuestLogs`]).
//!
//! It never logs on its own what a request or an answer contains, and it never fails a request.
//!
//! Where to look next: `log.rs` (from event to line), `fields.rs`
//! and `line.rs` (its pieces, bounds and escapes), `sink.rs` (from line to
//! standard error), `trace.rs` (trace context), `export.rs` (OTLP), `metrics.rs`, `guest_log.rs`.

mod export;
mod fields;
mod guest_level;
mod guest_log;
mod line;
mod log;
mod metrics;
mod rate;
mod sink;
mod trace;

pub use guest_log::{GuestLog, GuestLogSettings, GuestLogs, GuestStream};
pub use metrics::Metrics;
pub use trace::{TraceContext, adopt, extract, inject, inject_current, pass_on, trace_id};

use anyhow::Context as _;
use fields::Style;
use log::{LogLayer, SpanLayer};
use sink::Sink;
use std::io::{IsTerminal as _, Write};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, FilterFn, LevelFilter};
use tracing_subscriber::layer::{Filter, Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What is logged when nothing else is asked for.
const FILTER_DEFAULT: &str = "info";
/// The exporter's own diagnostics: it would report every lost batch of an outage.
const FILTER_ALWAYS: [&str; 4] =
    ["opentelemetry=off", "opentelemetry_sdk=off", "opentelemetry_otlp=off", "opentelemetry_http=off"];
/// Targets of our own that are not named after a crate.
const OWN_TARGETS: [&str; 2] = ["guest", "request"];
/// The shortest bound on a line; below it, no message would be readable.
const LOG_LINE_BYTES_MIN: usize = 256;

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Human on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// One JSON object per line.
    Json,
    /// For people; coloured on a terminal.
    Human,
}

/// How the host tells about itself.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How log lines look.
    pub format: Format,
    /// Which events are logged, as `RUST_LOG` writes it (`info,host_http=debug`); the default is `info`.
    pub filter: Option<String>,
    /// Where spans go, by OTLP over HTTP, e.g. `http://127.0.0.1:4318`; none are made without it. Which share of traces
    /// is kept follows OpenTelemetry's own `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`.
    pub otlp_endpoint: Option<String>,
    /// The service's name in traces.
    pub service_name: String,
    /// Bytes of one log line, at least 256; longer values are cut with a mark.
    pub log_line_bytes_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            format: Format::Auto,
            filter: None,
            otlp_endpoint: None,
            service_name: "moalog".to_owned(),
            log_line_bytes_max: 4_096,
        }
    }
}

/// Holds logs and traces open; dropping it writes out what is left, for at most some seconds.
#[must_use = "logs and traces end when this is dropped"]
pub struct Guard {
    // Spans first: what their export has to say is still logged.
    traces: Option<export::Traces>,
    sink: Sink,
}

impl Guard {
    /// Writes out what is left, before the process ends without dropping this value.
    pub fn flush(&self) {
        if let Some(traces) = &self.traces {
            traces.flush();
        }
        self.sink.flush();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.traces.take());
        self.sink.flush();
    }
}

/// Starts logs and traces for the whole process. Call it once; it needs no event loop.
///
/// Errors when it was called before, when the filter cannot be read (the message says which part), or when the OTLP
/// endpoint is not a URL.
pub fn init(settings: Settings) -> anyhow::Result<Guard> {
    let terminal = std::io::stderr().is_terminal();
    let (subscriber, guard) = subscriber(settings, Box::new(std::io::stderr()), terminal)?;
    subscriber.try_init().context("logs were already started in this process")?;
    Ok(guard)
}

/// [`init`] without making it the process's own, with another place for the lines: for tests and for tools that
/// show logs themselves. `terminal` says whether `writer` understands colours.
pub fn subscriber(
    settings: Settings,
    writer: Box<dyn Write + Send>,
    terminal: bool,
) -> anyhow::Result<(impl Subscriber + Send + Sync + 'static, Guard)> {
    let style = match (settings.format, terminal) {
        (Format::Json, _) | (Format::Auto, false) => Style::Json,
        (Format::Human, false) => Style::Plain,
        (Format::Human | Format::Auto, true) => Style::Coloured,
    };
    let line_bytes_max = settings.log_line_bytes_max.max(LOG_LINE_BYTES_MIN);
    let (log_filter, span_filter) =
        (filter(settings.filter.as_deref())?, filter(settings.filter.as_deref())?);
    let traces = match settings.otlp_endpoint.as_deref().filter(|endpoint| !endpoint.is_empty()) {
        Some(endpoint) => Some(export::Traces::start(endpoint, &settings.service_name)?),
        None => None,
    };
    let sink =
        Sink::start(writer, move |lost| log::lost_lines(style, lost)).context("starting the log writer")?;
    let layer = traces.as_ref().map(|traces| {
        tracing_opentelemetry::layer()
            .with_tracer(traces.tracer())
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(trace::host_spans())
    });
    let subscriber = Registry::default()
        .with(layer)
        .with(SpanLayer(style).with_filter(trace::host_spans().or(discreet(span_filter))))
        .with(LogLayer::new(style, line_bytes_max, sink.clone()).with_filter(discreet(log_filter)));
    Ok((subscriber, Guard { traces, sink }))
}

fn filter(asked: Option<&str>) -> anyhow::Result<EnvFilter> {
    let asked = asked.filter(|asked| !asked.trim().is_empty()).unwrap_or(FILTER_DEFAULT);
    let mut directives: Vec<&str> = FILTER_ALWAYS.to_vec();
    // What was asked for comes last: of two directives for the same target, the later one counts.
    directives.push(asked);
    EnvFilter::builder()
        .with_default_directive(LevelFilter::ERROR.into())
        .parse(directives.join(","))
        .with_context(|| format!("log filter {asked:?} is not of the form \"info,target=debug\""))
}

/// What the host itself says, as `filter` lets it; of everything else nothing below `info`, whatever was asked for. Drivers
/// and protocol libraries write down what passes through them: statements with their parameters, headers with their tokens.
fn discreet<S: Subscriber>(filter: EnvFilter) -> impl Filter<S> {
    // Passed on, so that what no filter lets through costs its library one comparison: wasmtime says much at `trace`.
    let most = filter.max_level_hint().unwrap_or(LevelFilter::TRACE);
    let discreet = FilterFn::new(|metadata: &Metadata<'_>| {
        let target = metadata.target();
        *metadata.level() <= Level::INFO
            || target.starts_with("host_")
            || target.starts_with("moalog")
            || OWN_TARGETS.contains(&target)
    });
    filter.and(discreet.with_max_level_hint(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_filter_never_lets_through_is_not_even_asked_about() {
        for (asked, most) in [(None, LevelFilter::INFO), (Some("warn,host_http=debug"), LevelFilter::DEBUG)] {
            let settings = Settings { filter: asked.map(str::to_owned), ..Settings::default() };
            let (subscriber, _guard) = subscriber(settings, Box::new(std::io::sink()), false).unwrap();
            assert_eq!(subscriber.max_level_hint(), Some(most), "{asked:?}");
        }
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_named() {
        assert!(filter(Some("info,host_http=debug")).is_ok());
        assert!(filter(Some("")).is_ok());
        let error = filter(Some("host_http=loud")).unwrap_err();
        assert!(error.to_string().contains("host_http=loud"), "{error}");
    }
}

//! The host's figures, rendered for whoever scrapes them.

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Before every name.
const PREFIX: &str = "moalog";

/// The registry that every part of the host adds its figures to; all names begin with `moalog_`.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// An empty registry.
    pub fn new() -> Self {
        Self { registry: Registry::with_prefix(PREFIX) }
    }

    /// Where figures are added, before the first rendering.
    pub fn registry_mut(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// The content type and text of all figures, in the format that `accept` (the request's header, or empty) prefers:
    /// OpenMetrics 1.0, or the older Prometheus text for everyone who does not ask for that.
    pub fn render(&self, accept: &str) -> (&'static str, String) {
        let mut text = String::new();
        // Writing into a String cannot fail, and no metric here encodes itself by a fallible routine.
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::error!(%error, "metrics could not be rendered completely");
        }
        if prefers_open_metrics(accept) {
            (OPEN_METRICS, text)
        } else {
            (PROMETHEUS_TEXT, prometheus_text(&text))
        }
    }
}

fn prefers_open_metrics(accept: &str) -> bool {
    let weight_of = |wanted: &str| {
        let ranges = accept.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next()?;
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>);
            kind.eq_ignore_ascii_case(wanted).then_some(weight.ok()?)
        });
        ranges.fold(0.0, f32::max)
    };
    let open_metrics = weight_of("application/openmetrics-text");
    open_metrics > 0.0 && open_metrics >= weight_of("text/plain")
}

/// OpenMetrics as the older format writes it: a counter's metadata carry the sample's whole name, there are no units,
/// no exemplars and no end mark.
fn prometheus_text(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut help: Option<(&str, &str)> = None;
    for line in open_metrics.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ');
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap_or((rest, "unknown"));
            let (suffix, kind) = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                "unknown" => ("", "untyped"),
                other => ("", other),
            };
            if let Some((helped, words)) = help.take()
                && helped == name
            {
                push_line(&mut text, &["# HELP ", name, suffix, " ", words]);
            }
            push_line(&mut text, &["# TYPE ", name, suffix, " ", kind]);
        } else if !line.starts_with('#') {
            push_line(&mut text, &[without_exemplar(line)]);
        }
    }
    text
}

fn push_line(text: &mut String, pieces: &[&str]) {
    pieces.iter().for_each(|piece| text.push_str(piece));
    text.push('\n');
}

/// Cuts ` # {…}` after the value; a label's value may contain the same characters.
fn without_exemplar(sample: &str) -> &str {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in sample.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'#' if !quoted => return sample[..at].trim_end(),
            _ => {}
        }
    }
    sample
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::exemplar::CounterWithExemplar;
    use prometheus_client::metrics::family::Family;
    use prometheus_client::metrics::gauge::Gauge;
    use prometheus_client::registry::Unit;

    fn metrics() -> Metrics {
        let mut metrics = Metrics::new();
        let requests = Family::<Vec<(String, String)>, Counter>::default();
        requests.get_or_create(&vec![("route".to_owned(), "/a # {x} \"q\"".to_owned())]).inc_by(3);
        metrics.registry_mut().register("requests", "Requests", requests);
        let bytes: Gauge = Gauge::default();
        bytes.set(7);
        metrics.registry_mut().register_with_unit("memory", "Memory", Unit::Bytes, bytes);
        let traced: CounterWithExemplar<Vec<(String, String)>> = CounterWithExemplar::default();
        traced.inc_by(1, Some(vec![("trace_id".to_owned(), "abc".to_owned())]), None);
        metrics.registry_mut().register("traced", "Traced", traced);
        metrics
    }

    #[test]
    fn the_older_format_names_counters_by_their_samples_and_knows_no_exemplars() {
        let (kind, text) = metrics().render("");
        assert_eq!(kind, PROMETHEUS_TEXT);
        assert_eq!(
            text,
            "# HELP moalog_requests_total Requests.\n\
             # TYPE moalog_requests_total counter\n\
             moalog_requests_total{route=\"/a # {x} \\\"q\\\"\"} 3\n\
             # HELP moalog_memory_bytes Memory.\n\
             # TYPE moalog_memory_bytes gauge\n\
             moalog_memory_bytes 7\n\
             # HELP moalog_traced_total Traced.\n\
             # TYPE moalog_traced_total counter\n\
             moalog_traced_total 1\n"
        );
    }

    #[test]
    fn open_metrics_is_for_those_who_prefer_it() {
        let scraper =
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
        let (kind, text) = metrics().render(scraper);
        assert_eq!(kind, OPEN_METRICS);
        assert!(text.ends_with("# EOF\n"));
        assert!(text.contains("# UNIT moalog_memory_bytes bytes\n"));
        for accept in ["*/*", "text/html", "text/plain;q=1,application/openmetrics-text;q=0.2"] {
            assert_eq!(metrics().render(accept).0, PROMETHEUS_TEXT, "{accept}");
        }
    }
}

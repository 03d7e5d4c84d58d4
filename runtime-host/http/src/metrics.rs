//! What the front door counts. Labels hold components, route patterns, methods and statuses, all of them few; a path
//! that no route knows adds no series.

use http::Method;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::time::Duration;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    component: &'static str,
    route: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Clone)]
struct Durations;

impl MetricConstructor<Histogram> for Durations {
    fn new_metric(&self) -> Histogram {
        Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
    }
}

/// The front door's figures.
pub(crate) struct Metrics {
    requests: Family<Answered, Histogram, Durations>,
    pub(crate) connections_open: Gauge,
    pub(crate) connections_turned_away: Counter,
    pub(crate) accept_errors: Counter,
    pub(crate) requests_inside: Gauge,
    pub(crate) requests_waiting: Gauge,
    pub(crate) requests_refused_full: Counter,
}

impl Metrics {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let metrics = Metrics {
            requests: Family::new_with_constructor(Durations),
            connections_open: Gauge::default(),
            connections_turned_away: Counter::default(),
            accept_errors: Counter::default(),
            requests_inside: Gauge::default(),
            requests_waiting: Gauge::default(),
            requests_refused_full: Counter::default(),
        };
        registry.register(
            "http_request_duration_seconds",
            "Requests by component, route pattern, method and status; to the head of the answer",
            metrics.requests.clone(),
        );
        registry.register(
            "http_connections_open",
            "Client connections open now",
            metrics.connections_open.clone(),
        );
        registry.register(
            "http_connections_turned_away",
            "Connections beyond the bound",
            metrics.connections_turned_away.clone(),
        );
        registry.register(
            "http_accept_errors",
            "Errors of accept, the file table full",
            metrics.accept_errors.clone(),
        );
        registry.register(
            "http_requests_inside",
            "Requests inside components",
            metrics.requests_inside.clone(),
        );
        registry.register(
            "http_requests_waiting",
            "Requests waiting for a place",
            metrics.requests_waiting.clone(),
        );
        registry.register(
            "http_requests_refused_full",
            "Requests that found no place and no room to wait",
            metrics.requests_refused_full.clone(),
        );
        metrics
    }

    pub(crate) fn answered(&self, route: &RouteLabel, method: &Method, status: u16, took: Duration) {
        let labels = Answered {
            component: route.component,
            route: route.pattern,
            method: method_label(method),
            status,
        };
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

/// A route's labels; leaked once per route of a manifest, so that no request copies them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RouteLabel {
    pub(crate) component: &'static str,
    pub(crate) pattern: &'static str,
}

impl RouteLabel {
    pub(crate) const NONE: RouteLabel = RouteLabel { component: "-", pattern: "-" };
}

/// A client may invent methods; the label knows the usual ones.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

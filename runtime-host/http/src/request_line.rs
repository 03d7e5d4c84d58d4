//! The one log line of a request, whatever its end.

use crate::metrics::{Metrics, RouteLabel};
use crate::request_id::RequestId;
use host_engine::Failure;
use http::{Method, StatusCode};
use std::time::Instant;
use tracing::Span;

/// Target of these lines, so that a filter can name them.
pub const TARGET: &str = "request";

/// Gathers what the line says; written by [`RequestLine::end`], or when dropped because the client went away.
pub(crate) struct RequestLine {
    id: RequestId,
    method: Method,
    began: Instant,
    route: RouteLabel,
    failure: Option<Failure>,
    ended: bool,
}

impl RequestLine {
    pub(crate) fn begin(id: &RequestId, method: Method) -> Self {
        let (id, began) = (id.clone(), Instant::now());
        RequestLine { id, method, began, route: RouteLabel::NONE, failure: None, ended: false }
    }

    /// The route is known.
    pub(crate) fn found(&mut self, route: RouteLabel) {
        self.route = route;
    }

    /// The component failed.
    pub(crate) fn failed(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }

    /// The head of the answer is known.
    pub(crate) fn end(mut self, status: StatusCode, metrics: &Metrics, span: &Span) {
        self.ended = true;
        metrics.answered(&self.route, &self.method, status.as_u16(), self.began.elapsed());
        let RouteLabel { component, pattern: route } = self.route;
        span.record("http.route", route);
        span.record("http.response.status_code", status.as_u16());
        let _inside = span.enter();
        let (request_id, method, status, ms) =
            (self.id.as_str(), self.method.as_str(), status.as_u16(), self.ms());
        match &self.failure {
            Some(failure) => {
                let guest = failure.guest();
                tracing::error!(
                    target: TARGET, request_id, component, route, method, status, ms, cause = %failure, guest,
                    "failed"
                );
            }
            None => {
                tracing::info!(target: TARGET, request_id, component, route, method, status, ms, "answered")
            }
        }
    }

    fn ms(&self) -> f64 {
        (self.began.elapsed().as_secs_f64() * 1e6).round() / 1e3
    }
}

impl Drop for RequestLine {
    fn drop(&mut self) {
        if !self.ended {
            let RouteLabel { component, pattern: route } = self.route;
            let (request_id, method, ms) = (self.id.as_str(), self.method.as_str(), self.ms());
            tracing::info!(target: TARGET, request_id, component, route, method, ms, "client went away");
        }
    }
}

//! From a request's head to the head of its answer: id, bounds, route, place, component, log line.

use crate::activity::OpenRequest;
use crate::answer::{Answer, AnswerBody, WAITING_BYTES_MAX};
use crate::beginning::Memory;
use crate::body::{ARRIVING_BYTES_MAX, BoundedBody};
use crate::drain::{Drain, Phase};
use crate::envelope::{HostError, wants_english};
use crate::metrics::{Metrics, RouteLabel};
use crate::places::{Pace, Places};
use crate::request_id::{RequestId, X_REQUEST_ID};
use crate::request_line::RequestLine;
use crate::settings::Settings;
use crate::spin_headers;
use crate::well_known;
use host_engine::{App, Failure};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Request, Uri, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use tracing::field::Empty;
use tracing::{Instrument, Span};

/// Everything that connections share.
pub(crate) struct FrontDoor {
    pub(crate) settings: Settings,
    pub(crate) drain: Drain,
    pub(crate) metrics: Metrics,
    places: Places,
    /// For bodies that arrive before their requests have a place.
    arriving: Memory,
    /// For answers that wait for their clients after they gave their places back.
    waiting: Memory,
    app: RwLock<Arc<Served>>,
}

/// An app and the labels of its routes.
pub(crate) struct Served {
    pub(crate) app: Arc<App>,
    labels: std::collections::HashMap<String, RouteLabel>,
}

impl Served {
    fn new(app: Arc<App>) -> Arc<Self> {
        let labels = app
            .routes()
            .map(|(pattern, component)| {
                let label = RouteLabel { component: leak(component), pattern: leak(pattern) };
                (pattern.to_owned(), label)
            })
            .collect();
        Arc::new(Served { app, labels })
    }

    fn label(&self, pattern: &str) -> RouteLabel {
        self.labels.get(pattern).copied().unwrap_or(RouteLabel::NONE)
    }
}

/// Routes are few and known at start (and once per change under `--watch`), so their labels may live forever.
fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

impl FrontDoor {
    pub(crate) fn new(settings: Settings, app: Arc<App>, drain: Drain, metrics: Metrics) -> Self {
        FrontDoor {
            places: Places::new(
                settings.concurrent_requests_max,
                settings.queued_requests_max,
                settings.queue_ms_max,
            ),
            arriving: Memory::new(ARRIVING_BYTES_MAX),
            waiting: Memory::new(WAITING_BYTES_MAX),
            settings,
            drain,
            metrics,
            app: RwLock::new(Served::new(app)),
        }
    }

    /// Serves `app` from the next request on.
    pub(crate) fn swap(&self, app: Arc<App>) {
        *self.app.write().unwrap_or_else(PoisonError::into_inner) = Served::new(app);
    }

    pub(crate) fn served(&self) -> Arc<Served> {
        self.app.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Figures that are read when asked for, not counted as they change.
    pub(crate) fn refresh_gauges(&self) {
        let (inside, waiting) = self.places.in_use();
        self.metrics.requests_inside.set(i64::try_from(inside).unwrap_or(i64::MAX));
        self.metrics.requests_waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    /// Answers one request; `open` ends with the answer's last byte.
    pub(crate) async fn answer(
        &self,
        mut request: Request<Incoming>,
        client: SocketAddr,
        open: OpenRequest,
    ) -> Answer {
        let id = RequestId::settle(request.headers_mut());
        let english = wants_english(request.headers());
        let mut line = RequestLine::begin(&id, request.method().clone());
        let span = request_span(&request, &id);
        let is_http1 = request.version() <= Version::HTTP_11;
        let answered = self.route(request, client, &mut line).instrument(span.clone()).await;
        let mut response = match answered {
            Ok(response) => response,
            Err(error) => error.response(id.as_str(), english).map(AnswerBody::host),
        };
        response.headers_mut().insert(X_REQUEST_ID, id.header());
        if is_http1 && self.drain.phase() > Phase::Up {
            // The client goes elsewhere by itself, before this connection is closed under its next request.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        line.end(response.status(), &self.metrics, &span);
        response.body_mut().hold(open);
        response
    }

    async fn route(
        &self,
        mut request: Request<Incoming>,
        client: SocketAddr,
        line: &mut RequestLine,
    ) -> Result<Answer, HostError> {
        self.check_head(&request)?;
        complete_uri(&mut request)?;
        request.headers_mut().remove(CONNECTION);
        let served = self.served();
        let path = request.uri().path().to_owned();
        if let Some(answer) = well_known::answer(&path, &served.app) {
            return Ok(answer.map(AnswerBody::host));
        }
        let (route, handler) = served.app.find(&path).ok_or(HostError::NotFound)?;
        line.found(served.label(route.raw_route));
        let (parts, body) = request.into_parts();
        let (body, verdict) =
            BoundedBody::new(body, self.settings.body_bytes_max, self.settings.body_idle_ms_max);
        let body = body.begin(&self.arriving).await;
        if let Some(error) = verdict.error() {
            return Err(error);
        }
        let pace = if body.goes_on() { Pace::Slow } else { Pace::Ordinary };
        let Ok(place) = self.places.take(pace).await else {
            self.metrics.requests_refused_full.inc();
            return Err(HostError::Unavailable);
        };
        let mut request = Request::from_parts(parts, body.boxed_unsync());
        // The component sees (and passes on) this request's place in the trace, not its caller's.
        host_telemetry::inject_current(request.headers_mut());
        let uri = request.uri().clone();
        spin_headers::set(request.headers_mut(), &uri, &route, client);
        let answer = handler.handle(request).await;
        if let Some(error) = verdict.error() {
            return Err(error);
        }
        match answer {
            Ok(response) => {
                let (head, body) = response.into_parts();
                let body = AnswerBody::guest(body, place, &self.places, &self.waiting).await;
                Ok(Answer::from_parts(head, body))
            }
            Err(failure) => {
                let error = error_of(&failure);
                line.failed(failure);
                Err(error)
            }
        }
    }

    /// The bounds on a head, and on a body that announces its length.
    fn check_head(&self, request: &Request<Incoming>) -> Result<(), HostError> {
        let headers = request.headers();
        let header_bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if headers.len() > self.settings.headers_max || header_bytes > self.settings.header_bytes_max {
            return Err(HostError::HeadersTooLarge);
        }
        let uri_bytes = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
        if uri_bytes > self.settings.header_bytes_max {
            return Err(HostError::UriTooLong);
        }
        match announced_bytes(headers) {
            Some(bytes) if bytes > self.settings.body_bytes_max => Err(HostError::BodyTooLarge),
            Some(_) | None => Ok(()),
        }
    }
}

/// The request's span, a child of the caller's when a `traceparent` came along; what the component calls is inside it.
fn request_span(request: &Request<Incoming>, id: &RequestId) -> Span {
    let span = tracing::info_span!(
        "request",
        otel.kind = "server",
        otel.name = request.method().as_str(),
        request_id = id.as_str(),
        http.request.method = request.method().as_str(),
        http.route = Empty,
        http.response.status_code = Empty,
    );
    if let Some(caller) = host_telemetry::extract(request.headers()) {
        host_telemetry::adopt(&span, &caller);
    }
    span
}

fn announced_bytes(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The host's answer to a component's failure; what the failure was is for the log alone.
fn error_of(failure: &Failure) -> HostError {
    match failure {
        Failure::TimedOut | Failure::CpuSpent => HostError::GatewayTimeout,
        Failure::Trapped { .. } | Failure::Refused(_) => HostError::Internal,
        Failure::NoInstance(_) => HostError::Unavailable,
    }
}

/// Makes the URI absolute, as components expect it; the authority comes from the request line or from `Host`, and
/// the two may not differ.
fn complete_uri(request: &mut Request<Incoming>) -> Result<(), HostError> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let of_header = match hosts.next() {
        // RFC 9112 §3.2, even when they are equal: whoever stands before this host may have gone by the other.
        Some(_) if hosts.next().is_some() => return Err(HostError::BadRequest),
        Some(value) => Some(Authority::try_from(value.as_bytes()).map_err(|_| HostError::BadRequest)?),
        None => None,
    };
    let mut parts = request.uri().clone().into_parts();
    let authority = match (parts.authority.take(), of_header) {
        (Some(line), Some(header)) if line != header => return Err(HostError::BadRequest),
        (Some(authority), _) | (None, Some(authority)) => authority,
        (None, None) => return Err(HostError::BadRequest),
    };
    parts.authority = Some(authority);
    parts.scheme = Some(Scheme::HTTP);
    if parts.path_and_query.is_none() {
        parts.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
    }
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| HostError::BadRequest)?;
    Ok(())
}

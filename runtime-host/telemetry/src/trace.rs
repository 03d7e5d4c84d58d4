//! Trace context (W3C): taken from a request, given to a span, passed on with what the span sends.
//!
//! With an OTLP endpoint configured, spans are nodes of the trace. Without one the host adds none and passes the
//! caller's context on as it came, so that a trace through this host is never torn.

use http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Dispatch, Level, Metadata, Span};
use tracing_opentelemetry::{OpenTelemetrySpanExt as _, get_otel_context};
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::registry::{LookupSpan, Registry, SpanRef};

const TRACEPARENT: &str = "traceparent";

/// The trace that a request belongs to, as its caller told.
#[derive(Clone, Debug)]
pub struct TraceContext(opentelemetry::Context);

/// Reads `traceparent` and `tracestate`. Nothing when the header is absent, malformed, or there twice: the request is
/// then the first of its trace.
pub fn extract(headers: &HeaderMap) -> Option<TraceContext> {
    if headers.get_all(TRACEPARENT).iter().count() != 1 {
        return None;
    }
    let context = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    context.span().span_context().is_valid().then_some(TraceContext(context))
}

/// Makes `span` a part of its caller's trace. Call it before the span is entered: a started span has its trace.
pub fn adopt(span: &Span, parent: &TraceContext) {
    // Fails without an OTLP endpoint, and then the line below is what counts.
    let _ = span.set_parent(parent.0.clone());
    span.with_subscriber(|(id, dispatch)| {
        if let Some(registry) = dispatch.downcast_ref::<Registry>()
            && let Some(span) = registry.span(id)
        {
            span.extensions_mut().replace(parent.clone());
        }
    });
}

/// Writes the trace context of `span` into `headers`, replacing what is there. Adds nothing outside of any trace.
pub fn inject(span: &Span, headers: &mut HeaderMap) {
    let context = span.context();
    if context.span().span_context().is_valid() {
        TraceContextPropagator::new().inject_context(&context, &mut HeaderInjector(headers));
        return;
    }
    let told = span.with_subscriber(|(id, dispatch)| {
        let registry = dispatch.downcast_ref::<Registry>()?;
        told(&registry.span(id)?)
    });
    if let Some(TraceContext(context)) = told.flatten() {
        TraceContextPropagator::new().inject_context(&context, &mut HeaderInjector(headers));
    }
}

/// For the span of a request that is sent, whose headers these are: it belongs to the trace that they name, and they name
/// the span, where spans are exported. Where they name none, or not in the right form, the span's own trace counts.
pub fn pass_on(span: &Span, headers: &mut HeaderMap) {
    if let Some(named) = extract(headers) {
        adopt(span, &named);
    }
    inject(span, headers);
}

/// [`inject`] for the span that is current now.
pub fn inject_current(headers: &mut HeaderMap) {
    inject(&Span::current(), headers);
}

/// The id of the trace that `span` belongs to, 32 hexadecimal digits.
pub fn trace_id(span: &Span) -> Option<String> {
    span.with_subscriber(|(id, dispatch)| {
        let registry = dispatch.downcast_ref::<Registry>()?;
        id_of(&registry.span(id)?, dispatch)
    })
    .flatten()
}

/// [`trace_id`] for those who hold the span itself. No extension of the span may be borrowed.
pub(crate) fn id_of<S>(span: &SpanRef<'_, S>, dispatch: &Dispatch) -> Option<String>
where
    S: for<'a> LookupSpan<'a>,
{
    let context = match get_otel_context(&span.id(), dispatch) {
        Some(context) if context.span().span_context().is_valid() => context,
        Some(_) | None => told(span)?.0,
    };
    Some(context.span().span_context().trace_id().to_string())
}

/// What the caller told the span, or the nearest one around it.
fn told<S>(span: &SpanRef<'_, S>) -> Option<TraceContext>
where
    S: for<'a> LookupSpan<'a>,
{
    span.scope().find_map(|span| span.extensions().get::<TraceContext>().cloned())
}

/// The spans that make up a trace: the host's own, not those of the libraries below it.
pub(crate) fn host_spans() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    let is_ours: fn(&Metadata<'_>) -> bool = |metadata| {
        let target = metadata.target();
        metadata.is_span()
            && *metadata.level() <= Level::INFO
            && (target.starts_with("host_") || target.starts_with("moalog"))
    };
    FilterFn::new(is_ours).with_max_level_hint(Level::INFO)
}

//! From a `tracing` event to one line: its own fields, then those of the spans around it, the inner ones first.

use crate::fields::{EventVisit, SpanFields, SpanVisit, Style, end, head, head_of};
use crate::sink::Sink;
use crate::trace;
use std::cell::RefCell;
use std::sync::OnceLock;
use tracing::dispatcher::WeakDispatch;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, Registry};

thread_local! {
    static LINE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Writes every event that it is shown as one line.
pub(crate) struct LogLayer {
    style: Style,
    line_bytes_max: usize,
    sink: Sink,
    dispatch: OnceLock<WeakDispatch>,
}

impl LogLayer {
    pub(crate) fn new(style: Style, line_bytes_max: usize, sink: Sink) -> Self {
        Self { style, line_bytes_max, sink, dispatch: OnceLock::new() }
    }
}

/// Keeps each span's fields until the span ends. It is shown more spans than the log's filter lets through: a warning
/// must say which request it is about, also where only warnings are logged.
pub(crate) struct SpanLayer(pub(crate) Style);

impl<S> Layer<S> for SpanLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = SpanFields(Vec::new());
        attributes.record(&mut SpanVisit { fields: &mut fields, style: self.0 });
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        if let Some(fields) = extensions.get_mut::<SpanFields>() {
            values.record(&mut SpanVisit { fields, style: self.0 });
        }
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        // Registered once; a second registration would be of the same subscriber.
        drop(self.dispatch.set(dispatch.downgrade()));
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        LINE.with(|line| match line.try_borrow_mut() {
            Ok(mut line) => self.write(&mut line, event),
            // A value's own `Debug` logged something while it was being written.
            Err(_) => self.write(&mut String::new(), event),
        });
    }
}

impl LogLayer {
    fn write(&self, line: &mut String, event: &Event<'_>) {
        line.clear();
        head(self.style, line, event.metadata());
        let mut visit = EventVisit { style: self.style, line, line_bytes_max: self.line_bytes_max };
        event.record(&mut visit);
        if let Some(dispatch) = self.dispatch.get().and_then(WeakDispatch::upgrade) {
            spans(&mut visit, event, &dispatch);
        }
        end(self.style, line);
        self.sink.write(line);
        // One long line must not keep its memory for as long as the thread lives.
        line.shrink_to(64 * 1024);
    }
}

/// Adds the trace's id and the fields of the spans around the event. The spans are looked up in the registry itself:
/// this layer's own view has only those that the log's filter lets through.
fn spans(visit: &mut EventVisit<'_>, event: &Event<'_>, dispatch: &Dispatch) {
    let Some(registry) = dispatch.downcast_ref::<Registry>() else { return };
    let current = registry.current_span();
    let id = if event.is_contextual() { current.id() } else { event.parent() };
    let Some(span) = id.and_then(|id| registry.span(id)) else { return };
    if let Some(id) = trace::id_of(&span, dispatch) {
        visit.string("trace_id", &id);
    }
    let mut seen: Vec<&str> = Vec::new();
    for span in span.scope() {
        let extensions = span.extensions();
        let fields = extensions.get::<SpanFields>().map_or(&[][..], |fields| &fields.0);
        for (name, text) in fields {
            let shown = event.metadata().fields().field(name).is_some() || seen.contains(name);
            if !shown && visit.room() > text.len() {
                visit.line.push_str(text);
                seen.push(name);
            }
        }
    }
}

/// The line that tells how many lines were lost.
pub(crate) fn lost_lines(style: Style, lost: u64) -> String {
    let message = "log lines lost: the reader of the log does not keep up";
    let mut line = String::new();
    head_of(style, &mut line, Level::WARN, "host_telemetry");
    let mut visit = EventVisit { style, line: &mut line, line_bytes_max: 512 };
    visit.message(&format_args!("{message}"));
    visit.number("lost_lines", &format_args!("{lost}"));
    end(style, &mut line);
    line
}

//! From a `tracing` event to one line: its own fields, then those of the spans around it, the inner ones first.

use crate::line::{Bounded, Escape};
use crate::sink::Sink;
use crate::trace;
use std::cell::RefCell;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::sync::OnceLock;
use tracing::dispatcher::WeakDispatch;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Json,
    Plain,
    Coloured,
}

impl Style {
    fn escape(self) -> Escape {
        match self {
            Self::Json => Escape::Json,
            Self::Plain | Self::Coloured => Escape::Plain,
        }
    }
}

/// Fields that every JSON line has; a field of an event that is called like one of them gets an underscore.
const OWN_FIELDS: [&str; 4] = ["time", "level", "target", "trace_id"];
/// Bytes of fields that one span adds to each of its lines.
const SPAN_BYTES_MAX: usize = 1_024;

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

/// A span's fields, ready to be added to a line.
struct SpanFields(Vec<(&'static str, String)>);

impl<S> Layer<S> for LogLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        // Registered once; a second registration would be of the same subscriber.
        drop(self.dispatch.set(dispatch.downgrade()));
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = SpanFields(Vec::new());
        attributes.record(&mut SpanVisit { fields: &mut fields, style: self.style });
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        if let Some(fields) = extensions.get_mut::<SpanFields>() {
            values.record(&mut SpanVisit { fields, style: self.style });
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        LINE.with(|line| match line.try_borrow_mut() {
            Ok(mut line) => self.write(&mut line, event, &context),
            // A value's own `Debug` logged something while it was being written.
            Err(_) => self.write(&mut String::new(), event, &context),
        });
    }
}

impl LogLayer {
    fn write<S>(&self, line: &mut String, event: &Event<'_>, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        line.clear();
        head(self.style, line, event.metadata());
        let mut visit = EventVisit { style: self.style, line, line_bytes_max: self.line_bytes_max };
        event.record(&mut visit);
        if let Some(span) = context.event_span(event) {
            let dispatch = self.dispatch.get().and_then(WeakDispatch::upgrade);
            if let Some(id) = trace::id_of(&span, dispatch.as_ref()) {
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
        end(self.style, line);
        self.sink.write(line);
        // One long line must not keep its memory for as long as the thread lives.
        line.shrink_to(64 * 1024);
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

fn head(style: Style, line: &mut String, metadata: &Metadata<'_>) {
    head_of(style, line, *metadata.level(), metadata.target());
}

fn head_of(style: Style, line: &mut String, level: Level, target: &str) {
    // Writing into a String cannot fail, here and below.
    match style {
        Style::Json => {
            line.push_str(r#"{"time":""#);
            let _ = SystemTime.format_time(&mut Writer::new(line));
            let _ = write!(line, r#"","level":"{level}","target":"{target}""#);
        }
        Style::Plain => {
            let _ = SystemTime.format_time(&mut Writer::new(line));
            let _ = write!(line, " {level:>5} {target}:");
        }
        Style::Coloured => {
            let colour = match level {
                Level::ERROR => 31,
                Level::WARN => 33,
                Level::INFO => 32,
                Level::DEBUG => 34,
                Level::TRACE => 35,
            };
            line.push_str("\x1b[2m");
            let _ = SystemTime.format_time(&mut Writer::new(line));
            let _ = write!(line, "\x1b[0m \x1b[{colour}m{level:>5}\x1b[0m \x1b[2m{target}:\x1b[0m");
        }
    }
}

fn end(style: Style, line: &mut String) {
    line.push_str(match style {
        Style::Json => "}\n",
        Style::Plain | Style::Coloured => "\n",
    });
}

/// Fields that are for the trace alone.
fn is_for_traces(name: &str) -> bool {
    name.starts_with("otel.")
}

fn push_name(style: Style, line: &mut String, name: &str) {
    let mark = if OWN_FIELDS.contains(&name) { "_" } else { "" };
    let _ = match style {
        Style::Json => write!(line, r#","{name}{mark}":"#),
        Style::Plain => write!(line, " {name}="),
        Style::Coloured => write!(line, " \x1b[3m{name}\x1b[0m="),
    };
}

fn push_text(style: Style, line: &mut String, value: &dyn fmt::Display, room: usize) {
    let quote = style == Style::Json;
    if quote {
        line.push('"');
    }
    let mut bounded = Bounded::new(line, style.escape(), room);
    let _ = write!(bounded, "{value}");
    bounded.finish();
    if quote {
        line.push('"');
    }
}

/// Adds an event's fields to its line.
struct EventVisit<'a> {
    style: Style,
    line: &'a mut String,
    line_bytes_max: usize,
}

impl EventVisit<'_> {
    /// Bytes that may still be added, the line's end set aside.
    fn room(&self) -> usize {
        self.line_bytes_max.saturating_sub(self.line.len() + 2)
    }

    fn message(&mut self, text: &dyn fmt::Display) {
        // A quarter of the line is kept for the fields: a long message must not cost the request's id.
        let room = self.room().saturating_sub(self.line_bytes_max / 4 + r#","message":"""#.len());
        self.line.push_str(match self.style {
            Style::Json => r#","message":"#,
            Style::Plain | Style::Coloured => " ",
        });
        push_text(self.style, self.line, text, room);
    }

    fn field(&mut self, name: &str, text: &dyn fmt::Display) {
        if is_for_traces(name) {
            return;
        }
        if name == "message" {
            return self.message(text);
        }
        if let Some(room) = self.room_for(name) {
            push_name(self.style, self.line, name);
            push_text(self.style, self.line, text, room);
        }
    }

    fn string(&mut self, name: &str, text: &str) {
        if let Some(room) = self.room_for(name) {
            match self.style {
                Style::Json => {
                    let _ = write!(self.line, r#","{name}":"#);
                }
                Style::Plain | Style::Coloured => push_name(self.style, self.line, name),
            }
            push_text(self.style, self.line, &text, room);
        }
    }

    fn number(&mut self, name: &str, value: &fmt::Arguments<'_>) {
        if self.room_for(name).is_some() {
            push_name(self.style, self.line, name);
            let _ = write!(self.line, "{value}");
        }
    }

    /// What a field of this name may use, or nothing when the line is full.
    fn room_for(&self, name: &str) -> Option<usize> {
        let frame = name.len() + 16;
        self.room().checked_sub(frame).filter(|room| *room > 40)
    }
}

impl Visit for EventVisit<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.field(field.name(), &format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field.name(), &value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.field(field.name(), &Causes(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field.name(), &format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field.name(), &format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.number(field.name(), &format_args!("{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no other floats.
        if value.is_finite() {
            self.number(field.name(), &format_args!("{value}"));
        } else {
            self.field(field.name(), &value);
        }
    }
}

/// An error with everything that caused it, on one line.
struct Causes<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// Keeps a span's fields, each as the piece of line that it will be.
struct SpanVisit<'a> {
    fields: &'a mut SpanFields,
    style: Style,
}

impl SpanVisit<'_> {
    fn keep(&mut self, name: &'static str, add: impl FnOnce(&mut EventVisit<'_>)) {
        let used: usize = self.fields.0.iter().map(|(_, text)| text.len()).sum();
        let mut text = String::new();
        let room = SPAN_BYTES_MAX.saturating_sub(used);
        add(&mut EventVisit { style: self.style, line: &mut text, line_bytes_max: room });
        if text.is_empty() {
            return;
        }
        self.fields.0.retain(|(kept, _)| *kept != name);
        self.fields.0.push((name, text));
    }
}

impl Visit for SpanVisit<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.keep(field.name(), |visit| visit.record_debug(field, value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field.name(), |visit| visit.record_str(field, value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field.name(), |visit| visit.record_i64(field, value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field.name(), |visit| visit.record_u64(field, value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field.name(), |visit| visit.record_bool(field, value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.keep(field.name(), |visit| visit.record_f64(field, value));
    }
}

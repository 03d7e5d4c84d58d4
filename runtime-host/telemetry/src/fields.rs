//! A line piece by piece: its head, each field in its style and bound, its end.

use crate::line::{Bounded, Escape};
use std::error::Error;
use std::fmt::{self, Write as _};
use tracing::field::{Field, Visit};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};

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

pub(crate) fn head(style: Style, line: &mut String, metadata: &Metadata<'_>) {
    head_of(style, line, *metadata.level(), metadata.target());
}

pub(crate) fn head_of(style: Style, line: &mut String, level: Level, target: &str) {
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

pub(crate) fn end(style: Style, line: &mut String) {
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
pub(crate) struct EventVisit<'a> {
    pub(crate) style: Style,
    pub(crate) line: &'a mut String,
    pub(crate) line_bytes_max: usize,
}

impl EventVisit<'_> {
    /// Bytes that may still be added, the line's end set aside.
    pub(crate) fn room(&self) -> usize {
        self.line_bytes_max.saturating_sub(self.line.len() + 2)
    }

    pub(crate) fn message(&mut self, text: &dyn fmt::Display) {
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

    pub(crate) fn string(&mut self, name: &str, text: &str) {
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

    pub(crate) fn number(&mut self, name: &str, value: &fmt::Arguments<'_>) {
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

/// A span's fields, ready to be added to a line.
pub(crate) struct SpanFields(pub(crate) Vec<(&'static str, String)>);

/// Keeps a span's fields, each as the piece of line that it will be.
pub(crate) struct SpanVisit<'a> {
    pub(crate) fields: &'a mut SpanFields,
    pub(crate) style: Style,
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

//! `[[trigger.http]]`: a route and what answers it, as written.

use crate::app::Exposure;
use crate::middleware;
use crate::problem::{Findings, Span};
use crate::route_pattern::RoutePattern;
use crate::section::{Section, Text};
use toml::Spanned;
use toml::de::DeValue;

const KEYS: [&str; 5] = ["component", "dependencies", "executor", "id", "route"];

/// Keys that Spin knows and this host does not.
const UNSUPPORTED: [(&str, &str); 2] = [
    ("components", "are not supported by this host"),
    ("static_response", "is not supported by this host: answer from a component"),
];

/// A trigger as written.
pub(crate) struct Draft<'t> {
    pub(crate) span: Span,
    pub(crate) id: Option<Text<'t>>,
    pub(crate) target: Option<Target<'t>>,
    pub(crate) route_span: Span,
    pub(crate) exposure: Option<Exposure>,
    pub(crate) middleware: Vec<middleware::Draft<'t>>,
}

pub(crate) enum Target<'t> {
    /// The id of a component.
    Named(Text<'t>),
    /// A component written in place.
    Inline(Section<'t>),
}

/// Reads all triggers; those of another type than HTTP are refused.
pub(crate) fn read<'t>(root: &Section<'t>, findings: &mut Findings<'_>) -> Vec<Draft<'t>> {
    let Some(types) = root.table("trigger", findings) else {
        if root.value("trigger").is_none() {
            findings.problem(&root.span, "no [[trigger.http]]: the app would answer nothing");
        }
        return Vec::new();
    };
    for (name, _) in types.entries().filter(|(name, _)| name.value != "http") {
        findings.problem(
            &name.span,
            format!("triggers of type {:?} are not supported by this host; allowed: \"http\"", name.value),
        );
    }
    let mut drafts = Vec::new();
    for value in types.array("http", "an array of tables, [[trigger.http]]", findings) {
        match value.get_ref().as_table() {
            Some(table) => {
                drafts.push(read_one(&Section::new("[[trigger.http]]", value.span(), table), findings));
            }
            None => types.wrong_entry("http", value, "a table", findings),
        }
    }
    drafts
}

fn read_one<'t>(section: &Section<'t>, findings: &mut Findings<'_>) -> Draft<'t> {
    section.only_with_advice(&KEYS, &UNSUPPORTED, findings);
    executor(section, findings);
    let target = match section.value("component").map(|value| (value, value.get_ref().as_table())) {
        Some((value, Some(table))) => {
            Some(Target::Inline(Section::new("\"component\" of [[trigger.http]]", value.span(), table)))
        }
        Some((_, None)) => section.string("component", findings).map(Target::Named),
        None if section.value("static_response").is_some() => None,
        None => {
            findings.problem(&section.span, "[[trigger.http]] has no \"component\"");
            None
        }
    };
    Draft {
        span: section.span.clone(),
        id: section.string("id", findings),
        target,
        route_span: section.value("route").map_or(section.span.clone(), Spanned::span),
        exposure: exposure(section, findings),
        middleware: middleware::read(section, findings),
    }
}

fn executor(section: &Section<'_>, findings: &mut Findings<'_>) {
    let Some(executor) = section.table("executor", findings) else { return };
    let Some(kind) = executor.required_string("type", findings) else { return };
    match kind.value {
        "http" | "spin" => executor.only(&["type"], findings),
        other => findings.problem(
            &kind.span,
            format!("executor {other:?} is not supported by this host; allowed: \"http\""),
        ),
    }
}

fn exposure(section: &Section<'_>, findings: &mut Findings<'_>) -> Option<Exposure> {
    let Some(value) = section.value("route") else {
        findings.problem(&section.span, "[[trigger.http]] has no \"route\"");
        return None;
    };
    match value.get_ref() {
        DeValue::String(route) => match RoutePattern::parse(route) {
            Ok(pattern) => {
                if pattern.is_reserved_by_spin() {
                    let text = format!(
                        "route {route:?} lies below /.well-known/spin/, which Spin reserves: `spin up` answers \
                         health and info there itself"
                    );
                    findings.note(&value.span(), text);
                }
                Some(Exposure::Public(pattern))
            }
            Err(fault) => {
                findings.problem(&value.span(), format!("route {route:?} {fault}"));
                None
            }
        },
        DeValue::Table(table) => {
            let private = Section::new("\"route\" of [[trigger.http]]", value.span(), table);
            private.only(&["private"], findings);
            if private.boolean("private", findings) != Some(true) {
                findings.problem(&value.span(), "a route is a string or { private = true }");
            }
            Some(Exposure::Private)
        }
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_) => {
            section.wrong_type("route", value, "a string or { private = true }", findings);
            None
        }
    }
}

//! `dependencies.middleware` of a trigger: the components in front of the one that answers.

use crate::app::Capability;
use crate::names::{did_you_mean, listed};
use crate::problem::Findings;
use crate::section::{Section, Text};
use std::collections::BTreeSet;

/// One middleware as the trigger writes it.
pub(crate) struct Draft<'t> {
    pub(crate) source: Source<'t>,
    pub(crate) inherits: BTreeSet<Capability>,
}

pub(crate) enum Source<'t> {
    /// A component of the same manifest.
    Component(Text<'t>),
    /// A file.
    Path(Text<'t>),
}

/// Reads the middleware of `trigger`, outermost first.
pub(crate) fn read<'t>(trigger: &Section<'t>, findings: &mut Findings<'_>) -> Vec<Draft<'t>> {
    let Some(dependencies) = trigger.table("dependencies", findings) else { return Vec::new() };
    dependencies.only(&["middleware"], findings);
    let expected = "an array of tables such as { component = \"…\" }";
    let mut drafts = Vec::new();
    for value in dependencies.array("middleware", expected, findings) {
        match value.get_ref().as_table() {
            Some(table) => {
                let section = Section::new("a middleware of [[trigger.http]]", value.span(), table);
                drafts.extend(read_one(&section, findings));
            }
            None => dependencies.wrong_entry(
                "middleware",
                value,
                "a table such as { component = \"…\" }",
                findings,
            ),
        }
    }
    drafts
}

fn read_one<'t>(section: &Section<'t>, findings: &mut Findings<'_>) -> Option<Draft<'t>> {
    let downloads = ["digest", "package", "registry", "url", "version"];
    if let Some(key) = downloads.into_iter().find(|key| section.value(key).is_some()) {
        findings.problem(
            &section.key_span(key),
            format!(
                "{} is a download ({key:?}), which this host does not make; allowed: component or path",
                section.title
            ),
        );
        return None;
    }
    section.only(&["component", "inherit_configuration", "path"], findings);
    let component = section.string("component", findings);
    let path = section.string("path", findings);
    let source = match (component, path) {
        (Some(component), None) => Source::Component(component),
        (None, Some(path)) => Source::Path(path),
        (Some(_), Some(_)) | (None, None) => {
            findings.problem(
                &section.span,
                format!("{} must name what it is; allowed: one of component and path", section.title),
            );
            return None;
        }
    };
    Some(Draft { source, inherits: inherits(section, findings) })
}

fn inherits(section: &Section<'_>, findings: &mut Findings<'_>) -> BTreeSet<Capability> {
    let key = "inherit_configuration";
    match section.value(key).map(|value| (value, value.get_ref().as_bool())) {
        None | Some((_, Some(false))) => BTreeSet::new(),
        Some((_, Some(true))) => Capability::ALL.into(),
        Some((value, None)) if value.get_ref().is_array() => {
            section.strings(key, findings).iter().filter_map(|name| capability(name, findings)).collect()
        }
        Some((value, None)) => {
            section.wrong_type(key, value, "true, false or an array of keys", findings);
            BTreeSet::new()
        }
    }
}

fn capability(name: &Text<'_>, findings: &mut Findings<'_>) -> Option<Capability> {
    let found = Capability::ALL.into_iter().find(|capability| capability.key() == name.value);
    if found.is_none() {
        let keys = || Capability::ALL.into_iter().map(Capability::key);
        findings.problem(
            &name.span,
            format!(
                "{:?} is nothing that a middleware can inherit{}; allowed: {}",
                name.value,
                did_you_mean(name.value, keys()),
                listed(keys())
            ),
        );
    }
    found
}

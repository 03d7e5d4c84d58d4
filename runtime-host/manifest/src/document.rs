//! The manifest from top to bottom.

use crate::app::App;
use crate::component::{self, Context};
use crate::link::{self, Components};
use crate::names::kebab_fault;
use crate::problem::{Findings, Problem, Problems};
use crate::section::Section;
use crate::{Inputs, MANIFEST_BYTES_MAX, trigger, variables};
use std::path::Path;
use toml::de::DeTable;

const KEYS: [&str; 5] = ["application", "component", "spin_manifest_version", "trigger", "variables"];

pub(crate) fn load(path: &Path, inputs: &Inputs<'_>) -> Result<App, Problems> {
    let text = read_text(path).map_err(|text| Problems(vec![Problem { place: None, text }]))?;
    let mut findings = Findings::new(path, &text);
    let (document, faults) = DeTable::parse_recoverable(&text);
    // What stands behind a syntax error was guessed: it is not worth reading further.
    if !faults.is_empty() {
        for fault in faults {
            let span = fault.span().unwrap_or_default();
            findings.problem(&span, format!("not TOML: {}", fault.message()));
        }
        return Err(problems_of(findings));
    }
    let root = Section::root(&document);
    if !is_version_2(&root, &mut findings) {
        return Err(problems_of(findings));
    }
    root.only(&KEYS, &mut findings);
    let (name, version, description) = application(&root, &mut findings);
    let variables = variables::read(&root, inputs, &mut findings);
    // `Path::parent` of a bare file name is empty, which is no folder to the system.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let context = Context { folder, inputs, variables: &variables };
    let declared = components(&root, &context, &mut findings);
    let drafts = trigger::read(&root, &mut findings);
    let (routes, components) = link::link(drafts, declared, &context, &mut findings);
    let notes = findings.finish()?;
    Ok(App { name, version, description, manifest: path.to_owned(), variables, components, routes, notes })
}

fn read_text(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let bytes = std::fs::metadata(path).map_err(cannot)?.len();
    if bytes > MANIFEST_BYTES_MAX {
        return Err(format!("{} has {bytes} bytes; allowed: {MANIFEST_BYTES_MAX}", path.display()));
    }
    std::fs::read_to_string(path).map_err(cannot)
}

/// For findings that are known to hold a problem.
fn problems_of(findings: Findings<'_>) -> Problems {
    match findings.finish() {
        Err(problems) => problems,
        Ok(notes) => Problems(notes),
    }
}

fn is_version_2(root: &Section<'_>, findings: &mut Findings<'_>) -> bool {
    let key = "spin_manifest_version";
    let found = match root.value(key) {
        Some(value) if value.get_ref().as_integer().is_some_and(|version| version.as_str() == "2") => {
            return true;
        }
        Some(value) => {
            let shown = match (value.get_ref().as_integer(), value.get_ref().as_str()) {
                (Some(integer), _) => integer.to_string(),
                (None, Some(text)) => format!("{text:?}"),
                (None, None) => "something else".to_owned(),
            };
            (value.span(), shown)
        }
        None if root.value("spin_version").is_some() => {
            (root.key_span("spin_version"), "spin_version".to_owned())
        }
        None => (root.span.clone(), "none".to_owned()),
    };
    findings.problem(
        &found.0,
        format!("not a Spin manifest of version 2; allowed: {key} = 2; found: {}", found.1),
    );
    false
}

fn application(root: &Section<'_>, findings: &mut Findings<'_>) -> (String, String, String) {
    let Some(section) = root.table("application", findings) else {
        if root.value("application").is_none() {
            findings.problem(&root.span, "no [application]: the app has no name");
        }
        return Default::default();
    };
    section.only(&["authors", "description", "name", "targets", "tool", "trigger", "version"], findings);
    if let Some(name) = section.required_string("name", findings).filter(|name| name.value.trim().is_empty())
    {
        findings.problem(&name.span, "the app's name is empty");
    }
    let _authors = section.strings("authors", findings);
    let triggers = section.table("trigger", findings);
    if let Some(http) = triggers.and_then(|triggers| triggers.table("http", findings)) {
        http.only(&["base"], findings);
        if let Some(base) = http.string("base", findings).filter(|base| base.value != "/") {
            findings.problem(
                &base.span,
                format!(
                    "\"base\" of {} is {:?}; allowed: \"/\", write it into the routes",
                    http.title, base.value
                ),
            );
        }
    }
    let mut text = |key| section.string(key, findings).map_or(String::new(), |text| text.value.to_owned());
    (text("name"), text("version"), text("description"))
}

fn components(root: &Section<'_>, context: &Context<'_>, findings: &mut Findings<'_>) -> Components {
    let mut components = Components::new();
    let Some(section) = root.table("component", findings) else { return components };
    for (id, _) in section.entries() {
        if let Some(allowed) = kebab_fault(id.value) {
            findings.problem(&id.span, format!("{:?} is not a component's id; allowed: {allowed}", id.value));
        }
        if let Some(table) = section.table(id.value, findings) {
            components.insert(id.value.to_owned(), component::read(id.value, &table, context, findings));
        }
    }
    components
}

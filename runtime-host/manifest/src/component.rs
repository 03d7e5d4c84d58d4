//! `[component.x]`: one component with its grants.

use crate::app::{Build, Component, Variable};
use crate::names::{label_fault, lower_snake_fault};
use crate::problem::Findings;
use crate::section::{Section, Text};
use crate::{Inputs, files, outbound_hosts, template};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const KEYS: [&str; 16] = [
    "ai_models",
    "allowed_outbound_hosts",
    "build",
    "dependencies",
    "dependencies_inherit_configuration",
    "description",
    "environment",
    "exclude_files",
    "files",
    "key_value_stores",
    "profile",
    "source",
    "sqlite_databases",
    "targets",
    "tool",
    "variables",
];

/// Keys of older manifests, and what to write instead.
const RENAMED: [(&str, &str); 2] = [
    (
        "allowed_http_hosts",
        "was renamed: use \"allowed_outbound_hosts\" with entries such as \"https://api.example.com\"",
    ),
    ("config", "was renamed: use \"variables\""),
];

/// What a component that stands in front of another must not have, because it runs with the other's grants.
const OWN_RESOURCES: [&str; 7] = [
    "allowed_outbound_hosts",
    "dependencies",
    "environment",
    "files",
    "key_value_stores",
    "sqlite_databases",
    "variables",
];

/// What components are read with.
pub(crate) struct Context<'c> {
    /// The manifest's folder.
    pub(crate) folder: &'c Path,
    pub(crate) inputs: &'c Inputs<'c>,
    pub(crate) variables: &'c BTreeMap<String, Variable>,
}

/// A component of the manifest, not yet tied to a route.
pub(crate) struct Declared {
    pub(crate) component: Component,
    /// The keys by which it claims resources of its own.
    pub(crate) own_resources: Vec<&'static str>,
}

/// Reads one component. What is wrong with it is reported, and something usable given back all the same, so that
/// everything else can be checked too.
pub(crate) fn read(
    id: &str,
    section: &Section<'_>,
    context: &Context<'_>,
    findings: &mut Findings<'_>,
) -> Declared {
    section.only_with_advice(&KEYS, &RENAMED, findings);
    refuse_unsupported(section, findings);
    let build = build(section, context, findings);
    let source = source(id, section, build.as_ref(), context, findings);
    let (grants, grants_shown) = outbound_hosts::read(section, context, findings);
    let (variables, secrets) = variables(section, context, findings);
    let component = Component {
        id: id.to_owned(),
        declared_id: id.to_owned(),
        declared: findings.place(&section.span),
        description: section
            .string("description", findings)
            .map_or(String::new(), |text| text.value.to_owned()),
        source,
        middleware: Vec::new(),
        build,
        grants: grants.with_component(id),
        grants_shown,
        key_value_stores: labels(section, "key_value_stores", findings),
        sqlite_databases: labels(section, "sqlite_databases", findings),
        files: files::read(section, context, findings),
        environment: environment(section, findings),
        variables,
        secrets,
    };
    let own_resources = OWN_RESOURCES.into_iter().filter(|key| section.says_something(key)).collect();
    Declared { component, own_resources }
}

fn refuse_unsupported(section: &Section<'_>, findings: &mut Findings<'_>) {
    if section.says_something("ai_models") {
        findings.problem(
            &section.key_span("ai_models"),
            format!("\"ai_models\" in {}: this host runs no models; allowed: leave it out", section.title),
        );
    }
    if section.says_something("dependencies") {
        let advice = match section.table("dependencies", findings) {
            Some(table) if table.value("middleware").is_some() => {
                "middleware stands in [[trigger.http]], as dependencies.middleware = [{ component = \"…\" }]"
            }
            Some(_) | None => "compose the component before it is named as source",
        };
        findings.problem(
            &section.key_span("dependencies"),
            format!("\"dependencies\" in {} are not supported by this host; {advice}", section.title),
        );
    }
    // Without dependencies it says nothing, but it must still be well-formed.
    let _inherit = section.boolean("dependencies_inherit_configuration", findings);
}

fn build(section: &Section<'_>, context: &Context<'_>, findings: &mut Findings<'_>) -> Option<Build> {
    let table = section.table("build", findings)?;
    table.only(&["command", "watch", "workdir"], findings);
    let commands = match table.value("command") {
        Some(value) if value.get_ref().is_array() => table.strings("command", findings),
        Some(_) | None => table.required_string("command", findings).into_iter().collect(),
    };
    let workdir = table.string("workdir", findings);
    Some(Build {
        commands: commands.iter().map(|text| text.value.to_owned()).collect(),
        folder: workdir.map_or(context.folder.to_owned(), |text| context.folder.join(text.value)),
        watch: table.strings("watch", findings).iter().map(|text| text.value.to_owned()).collect(),
    })
}

fn source(
    id: &str,
    section: &Section<'_>,
    build: Option<&Build>,
    context: &Context<'_>,
    findings: &mut Findings<'_>,
) -> PathBuf {
    if section.value("source").is_some_and(|value| value.get_ref().is_table()) {
        findings.problem(
            &section.key_span("source"),
            format!(
                "\"source\" in {} is a download, which this host does not make; allowed: the path of a file",
                section.title
            ),
        );
        return PathBuf::new();
    }
    let Some(text) = section.required_string("source", findings) else { return PathBuf::new() };
    let path = context.folder.join(text.value);
    if context.inputs.check_sources && !path.is_file() {
        let remedy = match build {
            Some(build) if !build.commands.is_empty() => {
                let folder = build.folder.strip_prefix(context.folder).unwrap_or(&build.folder);
                let place = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                format!("make it with `{}` in {}", build.commands.join(" && "), place.display())
            }
            Some(_) | None => format!("no command that makes it is given in [component.{id}.build]"),
        };
        findings.problem(&text.span, format!("component {id:?}: {:?} does not exist; {remedy}", text.value));
    }
    path
}

fn variables(
    section: &Section<'_>,
    context: &Context<'_>,
    findings: &mut Findings<'_>,
) -> (BTreeMap<String, String>, BTreeSet<String>) {
    let mut values = BTreeMap::new();
    let mut secrets = BTreeSet::new();
    for (name, text) in section.string_table("variables", findings) {
        if let Some(allowed) = lower_snake_fault(name.value) {
            findings.problem(
                &name.span,
                format!("{:?} is not a variable's name; allowed: {allowed}", name.value),
            );
        }
        let Some(resolved) = template::resolve(&text, context.variables, findings) else { continue };
        if resolved.secret {
            secrets.insert(name.value.to_owned());
        }
        values.extend(resolved.value.map(|value| (name.value.to_owned(), value)));
    }
    (values, secrets)
}

fn labels(section: &Section<'_>, key: &str, findings: &mut Findings<'_>) -> BTreeSet<String> {
    let mut labels = BTreeSet::new();
    for Text { value, span } in section.strings(key, findings) {
        match label_fault(value) {
            Some(allowed) => findings.problem(
                &span,
                format!("{value:?} in {key} of {} is no label; allowed: {allowed}", section.title),
            ),
            None => _ = labels.insert(value.to_owned()),
        }
    }
    labels
}

fn environment(section: &Section<'_>, findings: &mut Findings<'_>) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::new();
    for (name, text) in section.string_table("environment", findings) {
        if name.value.is_empty() || name.value.contains(['=', '\0']) || text.value.contains('\0') {
            findings.problem(
                &name.span,
                format!(
                    "environment variable {:?} cannot be set; allowed: a name without \"=\" and NUL",
                    name.value
                ),
            );
        }
        environment.insert(name.value.to_owned(), text.value.to_owned());
    }
    environment
}

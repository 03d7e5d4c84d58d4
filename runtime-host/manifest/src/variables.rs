//! `[variables]`: what an app can be configured with.

use crate::Inputs;
use crate::app::{App, Variable};
use crate::names::{closest, lower_snake_fault};
use crate::problem::{Findings, Problem};
use crate::section::{Section, Text};
use std::collections::BTreeMap;

/// The environment variable that sets `name`.
fn environment_name(name: &str) -> String {
    format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase())
}

/// Reads `[variables]` and takes each variable's value from `inputs` or its default.
pub(crate) fn read(
    root: &Section<'_>,
    inputs: &Inputs<'_>,
    findings: &mut Findings<'_>,
) -> BTreeMap<String, Variable> {
    let mut variables = BTreeMap::new();
    let Some(section) = root.table("variables", findings) else { return variables };
    for (name, _) in section.entries() {
        if let Some(allowed) = lower_snake_fault(name.value) {
            findings.problem(
                &name.span,
                format!("{:?} is not a variable's name; allowed: {allowed}", name.value),
            );
            continue;
        }
        if let Some(table) = section.table(name.value, findings) {
            variables.extend(
                read_one(&name, &table, inputs, findings).map(|variable| (name.value.to_owned(), variable)),
            );
        }
    }
    variables
}

fn read_one(
    name: &Text<'_>,
    table: &Section<'_>,
    inputs: &Inputs<'_>,
    findings: &mut Findings<'_>,
) -> Option<Variable> {
    table.only(&["default", "description", "required", "secret"], findings);
    let required = table.boolean("required", findings).unwrap_or(false);
    let default = table.string("default", findings).map(|text| text.value.to_owned());
    let secret = table.boolean("secret", findings).unwrap_or(false);
    let description = table.string("description", findings);
    match (required, table.value("default").is_some()) {
        (true, true) => findings.problem(
            &table.key_span("default"),
            format!("{} is required and has a default; allowed: one of the two", table.title),
        ),
        (false, false) => findings.problem(
            &name.span,
            format!(
                "{} has neither \"default\" nor \"required = true\"; allowed: one of the two",
                table.title
            ),
        ),
        (true, false) | (false, true) => {}
    }
    let value = inputs.values.get(name.value).cloned().or_else(|| default.clone());
    if required && value.is_none() && inputs.check_values {
        findings.problem(
            &name.span,
            format!(
                "variable {:?} is required and has no value: set {}",
                name.value,
                environment_name(name.value)
            ),
        );
    }
    Some(Variable {
        description: description.map(|text| text.value.to_owned()).unwrap_or_default(),
        default,
        secret,
        declared: findings.place(&name.span),
        value,
    })
}

/// The names in `values` that `app` does not declare, one problem each: most likely a misspelt `SPIN_VARIABLE_…`.
pub fn unknown_values(app: &App, values: &BTreeMap<String, String>) -> Vec<Problem> {
    let unknown = values.keys().filter(|name| !app.variables.contains_key(*name));
    unknown
        .map(|name| {
            let hint = closest(name, app.variables.keys().map(String::as_str))
                .map(|close| format!("; did you mean {}?", environment_name(close)))
                .unwrap_or_default();
            let text = format!(
                "{} sets a variable {name:?} that {} does not declare{hint}",
                environment_name(name),
                app.manifest.display()
            );
            Problem { place: None, text }
        })
        .collect()
}

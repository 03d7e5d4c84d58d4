//! `{{ variable }}` inside a string of the manifest.

use crate::app::Variable;
use crate::names::{did_you_mean, listed};
use crate::problem::Findings;
use crate::section::Text;
use std::collections::BTreeMap;

/// A string with its variables filled in.
pub(crate) struct Resolved {
    /// `None` when a variable has no value (which is reported where the variable is declared).
    pub(crate) value: Option<String>,
    /// Whether a secret variable is part of it.
    pub(crate) secret: bool,
    /// Whether no variable is part of it.
    pub(crate) literal: bool,
}

/// Fills in the variables of `text`; reports unclosed braces and unknown variables.
pub(crate) fn resolve(
    text: &Text<'_>,
    variables: &BTreeMap<String, Variable>,
    findings: &mut Findings<'_>,
) -> Option<Resolved> {
    let Some(parts) = parts(text.value) else {
        let found = format!("{:?} has \"{{{{\" without \"}}}}\" behind it", text.value);
        findings.problem(&text.span, format!("{found}; allowed: \"{{{{ variable }}}}\""));
        return None;
    };
    let mut resolved = Resolved { value: Some(String::new()), secret: false, literal: true };
    let mut all_known = true;
    for part in parts {
        let value = match part {
            Part::Literal(literal) => Some(literal),
            Part::Variable(name) => {
                resolved.literal = false;
                let Some(variable) = variables.get(name) else {
                    all_known = false;
                    report_unknown(text, name, variables, findings);
                    continue;
                };
                resolved.secret |= variable.secret;
                variable.value()
            }
        };
        resolved.value = resolved.value.zip(value).map(|(before, value)| before + value);
    }
    all_known.then_some(resolved)
}

fn report_unknown(
    text: &Text<'_>,
    name: &str,
    variables: &BTreeMap<String, Variable>,
    findings: &mut Findings<'_>,
) {
    let known = || variables.keys().map(String::as_str);
    findings.problem(
        &text.span,
        format!(
            "unknown variable {name:?} in {:?}{}; declared in [variables]: {}",
            text.value,
            did_you_mean(name, known()),
            listed(known())
        ),
    );
}

#[derive(Debug, PartialEq, Eq)]
enum Part<'t> {
    Literal(&'t str),
    Variable(&'t str),
}

/// `None` when a `{{` is never closed.
fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, behind)) = rest.split_once("{{") {
        let (name, after) = behind.split_once("}}")?;
        parts.push(Part::Literal(literal));
        parts.push(Part::Variable(name.trim()));
        rest = after;
    }
    parts.push(Part::Literal(rest));
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn variables_stand_between_double_braces() {
        let found = parts("a-{{ x }}-{{y}}").unwrap();
        assert_eq!(
            found,
            [
                Part::Literal("a-"),
                Part::Variable("x"),
                Part::Literal("-"),
                Part::Variable("y"),
                Part::Literal("")
            ]
        );
    }

    #[test]
    fn single_and_closing_braces_alone_are_text() {
        assert_eq!(parts("{a} }}").unwrap(), [Part::Literal("{a} }}")]);
        assert_eq!(parts("{{ a }} {{ b"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _either = parts(&text);
        }

        #[test]
        fn text_without_double_braces_stays_as_it_is(text in "[^{]*") {
            prop_assert_eq!(parts(&text).unwrap(), [Part::Literal(text.as_str())]);
        }
    }
}

//! One table of the manifest, read key by key: each getter reports a value of the wrong type with its place.

use crate::names::{did_you_mean, listed};
use crate::problem::{Findings, Span};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What messages call the table that holds all others.
const ROOT_TITLE: &str = "the manifest";

/// A string of the manifest with its place.
#[derive(Clone, Debug)]
pub(crate) struct Text<'t> {
    pub(crate) value: &'t str,
    pub(crate) span: Span,
}

/// A table of the manifest.
#[derive(Clone, Debug)]
pub(crate) struct Section<'t> {
    /// As it would stand in the manifest, e.g. `[component.x]`.
    pub(crate) title: String,
    pub(crate) span: Span,
    table: &'t DeTable<'t>,
}

impl<'t> Section<'t> {
    pub(crate) fn new(title: impl Into<String>, span: Span, table: &'t DeTable<'t>) -> Self {
        Self { title: title.into(), span, table }
    }

    /// The whole document.
    pub(crate) fn root(table: &'t Spanned<DeTable<'t>>) -> Self {
        Self::new(ROOT_TITLE, table.span(), table.get_ref())
    }

    /// Reports every key that is not in `allowed`.
    pub(crate) fn only(&self, allowed: &[&str], findings: &mut Findings<'_>) {
        self.only_with_advice(allowed, &[], findings);
    }

    /// Reports every key that is not in `allowed`, with the advice for those that have one.
    pub(crate) fn only_with_advice(
        &self,
        allowed: &[&str],
        advice: &[(&str, &str)],
        findings: &mut Findings<'_>,
    ) {
        for key in self.table.keys().filter(|key| !allowed.contains(&key.get_ref().as_ref())) {
            let found = key.get_ref().as_ref();
            let text = match advice.iter().find(|(name, _)| *name == found) {
                Some((_, advice)) => format!("{found:?} in {} {advice}", self.title),
                None => format!(
                    "unknown key {found:?} in {}{}; allowed: {}",
                    self.title,
                    did_you_mean(found, allowed.iter().copied()),
                    listed(allowed.iter().copied())
                ),
            };
            findings.problem(&key.span(), text);
        }
    }

    /// Whether `key` is there with something in it.
    pub(crate) fn says_something(&self, key: &str) -> bool {
        self.value(key).is_some_and(|value| match value.get_ref() {
            DeValue::Array(array) => !array.is_empty(),
            DeValue::Table(table) => !table.is_empty(),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => true,
        })
    }

    /// The entries in the table's own order (by name).
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Text<'t>, &'t Spanned<DeValue<'t>>)> + use<'t> {
        self.table.iter().map(|(key, value)| (Text { value: key.get_ref(), span: key.span() }, value))
    }

    pub(crate) fn value(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table.get(key)
    }

    /// Where `key` stands, or the table itself when it has none.
    pub(crate) fn key_span(&self, key: &str) -> Span {
        self.table.get_key_value(key).map_or_else(|| self.span.clone(), |(key, _)| key.span())
    }

    pub(crate) fn string(&self, key: &str, findings: &mut Findings<'_>) -> Option<Text<'t>> {
        let value = self.value(key)?;
        self.as_string(key, value, findings)
    }

    /// A string that must be there.
    pub(crate) fn required_string(&self, key: &str, findings: &mut Findings<'_>) -> Option<Text<'t>> {
        if self.value(key).is_none() {
            findings.problem(&self.span, format!("{} has no {key:?}", self.title));
        }
        self.string(key, findings)
    }

    pub(crate) fn as_string(
        &self,
        key: &str,
        value: &'t Spanned<DeValue<'t>>,
        findings: &mut Findings<'_>,
    ) -> Option<Text<'t>> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(key, value, "a string", findings);
            return None;
        };
        Some(Text { value: text, span: value.span() })
    }

    pub(crate) fn boolean(&self, key: &str, findings: &mut Findings<'_>) -> Option<bool> {
        let value = self.value(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.wrong_type(key, value, "true or false", findings);
        }
        found
    }

    /// An array of strings; what is no string in it is reported and left out.
    pub(crate) fn strings(&self, key: &str, findings: &mut Findings<'_>) -> Vec<Text<'t>> {
        let mut texts = Vec::new();
        for value in self.array(key, "an array of strings", findings) {
            match value.get_ref().as_str() {
                Some(text) => texts.push(Text { value: text, span: value.span() }),
                None => self.wrong_entry(key, value, "a string", findings),
            }
        }
        texts
    }

    /// The elements of an array, none when the key is missing.
    pub(crate) fn array(
        &self,
        key: &str,
        expected: &str,
        findings: &mut Findings<'_>,
    ) -> Vec<&'t Spanned<DeValue<'t>>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, value, expected, findings);
            return Vec::new();
        };
        array.iter().collect()
    }

    /// A table below this one.
    pub(crate) fn table(&self, key: &str, findings: &mut Findings<'_>) -> Option<Section<'t>> {
        let value = self.value(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, value, "a table", findings);
            return None;
        };
        Some(Self::new(self.title_below(key), self.key_span(key), table))
    }

    /// The string entries of a table below this one.
    pub(crate) fn string_table(&self, key: &str, findings: &mut Findings<'_>) -> Vec<(Text<'t>, Text<'t>)> {
        let Some(section) = self.table(key, findings) else { return Vec::new() };
        let mut entries = Vec::new();
        for (name, value) in section.entries() {
            if let Some(text) = section.as_string(name.value, value, findings) {
                entries.push((name, text));
            }
        }
        entries
    }

    pub(crate) fn wrong_type(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        expected: &str,
        findings: &mut Findings<'_>,
    ) {
        findings.problem(
            &value.span(),
            format!("{key:?} in {} must be {expected}; found: {}", self.title, type_name(value.get_ref())),
        );
    }

    pub(crate) fn wrong_entry(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        expected: &str,
        findings: &mut Findings<'_>,
    ) {
        let found = type_name(value.get_ref());
        let text = format!("an entry of {key:?} in {} must be {expected}; found: {found}", self.title);
        findings.problem(&value.span(), text);
    }

    fn title_below(&self, key: &str) -> String {
        if self.title == ROOT_TITLE {
            return format!("[{key}]");
        }
        match self.title.strip_suffix(']') {
            Some(title) if !title.starts_with("[[") => format!("{title}.{key}]"),
            Some(_) | None => format!("{:?} of {}", key, self.title),
        }
    }
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

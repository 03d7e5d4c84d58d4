//! Problems with their place in the manifest, rendered as compilers do: `spin.toml:12:1: what is wrong`.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Where something stands in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The manifest's path as it was given to [`crate::load`].
    pub file: Arc<str>,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One thing that is wrong with a manifest or its inputs, or worth a remark.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where, unless it is about no line of a manifest.
    pub place: Option<Place>,
    /// What was found and what is allowed. Never contains the value of a secret variable.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// Everything that is wrong, one line each; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A part of the manifest's text, in bytes.
pub(crate) type Span = Range<usize>;

/// The manifest's text, and what has been found in it so far.
pub(crate) struct Findings<'s> {
    file: Arc<str>,
    source: &'s str,
    problems: Vec<Problem>,
    notes: Vec<Problem>,
}

impl<'s> Findings<'s> {
    pub(crate) fn new(file: &Path, source: &'s str) -> Self {
        Self { file: file.display().to_string().into(), source, problems: Vec::new(), notes: Vec::new() }
    }

    /// The place where `span` begins.
    pub(crate) fn place(&self, span: &Span) -> Place {
        let before = self.source.get(..span.start).unwrap_or(self.source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            file: self.file.clone(),
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// The line where `span` begins, from 1.
    pub(crate) fn line(&self, span: &Span) -> usize {
        self.place(span).line
    }

    pub(crate) fn problem(&mut self, span: &Span, text: impl Into<String>) {
        let place = Some(self.place(span));
        self.problems.push(Problem { place, text: text.into() });
    }

    pub(crate) fn note(&mut self, span: &Span, text: impl Into<String>) {
        self.note_at(self.place(span), text);
    }

    pub(crate) fn note_at(&mut self, place: Place, text: impl Into<String>) {
        self.notes.push(Problem { place: Some(place), text: text.into() });
    }

    /// The notes, if there is no problem; else the problems. Both in the order of the file.
    pub(crate) fn finish(mut self) -> Result<Vec<Problem>, Problems> {
        self.problems.sort();
        self.problems.dedup();
        self.notes.sort();
        if self.problems.is_empty() { Ok(self.notes) } else { Err(Problems(self.problems)) }
    }
}

//! What a client may learn about a refusal: a code, the fields at fault, when to retry. Nothing else fits in here.

use serde::Serialize;

use crate::{Code, Language};

/// One field at fault. The text says what is allowed, in both languages, so that the answer can choose late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Path of the field in the body, e.g. `answers[2].content`.
    pub field: String,
    /// Korean text.
    pub korean: String,
    /// English text.
    pub english: String,
}

/// A refusal as clients see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    code: Code,
    fields: Vec<FieldError>,
    detail: Option<Box<serde_json::Value>>,
    retry_after_s: Option<u32>,
}

/// A domain error that knows its public face. Implemented here, in `domain.rs`, once per domain error, without a
/// wildcard arm; `guest` turns every implementor into an answer through `?`.
pub trait PublicFace {
    /// The refusal that clients see.
    fn problem(&self) -> Problem;
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self { code, fields: Vec::new(), detail: None, retry_after_s: None }
    }
}

impl PublicFace for Code {
    fn problem(&self) -> Problem {
        (*self).into()
    }
}

impl PublicFace for Problem {
    fn problem(&self) -> Problem {
        self.clone()
    }
}

impl Problem {
    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Seconds after which a retry makes sense.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u32> {
        self.retry_after_s
    }

    /// Names the field at fault, with the code's own text.
    #[must_use]
    pub fn at(self, field: impl Into<String>) -> Self {
        let (korean, english) = (self.code.text(Language::Korean), self.code.text(Language::English));
        self.field(field, korean, english)
    }

    /// Adds a field at fault with a text of its own.
    #[must_use]
    pub fn field(
        mut self,
        field: impl Into<String>,
        korean: impl Into<String>,
        english: impl Into<String>,
    ) -> Self {
        self.fields.push(FieldError { field: field.into(), korean: korean.into(), english: english.into() });
        self
    }

    /// Puts a body of its own into `result`, e.g. both texts of a draft conflict. Replaces field errors.
    #[must_use]
    pub fn with(mut self, detail: serde_json::Value) -> Self {
        self.detail = Some(Box::new(detail));
        self
    }

    /// Adds `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    pub(crate) fn detail(&self) -> Option<&serde_json::Value> {
        self.detail.as_deref()
    }

    /// Each field at fault with its text.
    pub(crate) fn texts(&self, language: Language) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(move |error| match language {
            Language::Korean => (error.field.as_str(), error.korean.as_str()),
            Language::English => (error.field.as_str(), error.english.as_str()),
        })
    }

    pub(crate) fn written(&self, language: Language) -> Vec<WrittenFieldError<'_>> {
        let text = |error: &'_ FieldError| match language {
            Language::Korean => error.korean.clone(),
            Language::English => error.english.clone(),
        };
        self.fields.iter().map(|e| WrittenFieldError { field: &e.field, message: text(e) }).collect()
    }
}

/// A field error in the language of the answer.
#[derive(Serialize)]
pub(crate) struct WrittenFieldError<'a> {
    field: &'a str,
    message: String,
}

/// Collects the errors of several fields, so that one answer names them all.
///
/// ```
/// # use wire::{Code, Fields};
/// let mut fields = Fields::default();
/// let title = fields.check("title", Err::<String, _>(Code::Retro4001));
/// let size = fields.check("size", Ok::<u32, Code>(3));
/// let (Some(_), Some(_)) = (title, size) else {
///     assert_eq!(fields.refusal().code(), Code::Retro4001);
///     return;
/// };
/// unreachable!()
/// ```
#[derive(Default)]
pub struct Fields {
    problem: Option<Problem>,
}

impl Fields {
    /// Keeps the value, or notes the error under the field's name. The first error decides the code.
    pub fn check<T, E: PublicFace>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        let error = match result {
            Ok(value) => return Some(value),
            Err(error) => error.problem(),
        };
        let code = error.code;
        let found = if error.fields.is_empty() { error.at(field).fields } else { error.fields };
        match &mut self.problem {
            None => self.problem = Some(Problem { fields: found, ..Problem::from(code) }),
            Some(problem) => problem.fields.extend(found),
        }
        None
    }

    /// The refusal that names every field noted so far.
    #[must_use]
    pub fn refusal(self) -> Problem {
        self.problem.unwrap_or_else(|| Code::Common400.into())
    }
}

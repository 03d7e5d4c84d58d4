//! Drafts: half-written answers that only their author sees, versioned so that no typed word is lost.

use std::collections::HashSet;

use thiserror::Error;

use crate::format::{NoSuchQuestion, QUESTIONS_MAX, QuestionNumber};
use crate::submission::ANSWER_CODE_POINTS_MAX;
use crate::text::{self, TextFault};

/// How often a draft was saved; 0 is "never". A client sends the version it last saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DraftVersion(i32);

/// The number is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a draft version is a number from 0")]
pub struct NoVersion;

/// Somebody (the same author in another window) saved since the client last looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the draft was saved since: it is at version {}", stored.0)]
pub struct StaleDraft {
    /// The version that is stored.
    pub stored: DraftVersion,
}

impl DraftVersion {
    /// No draft saved yet.
    pub const NEVER: Self = Self(0);

    /// Reads a version.
    pub fn new(version: i64) -> Result<Self, NoVersion> {
        i32::try_from(version).ok().filter(|version| *version >= 0).map(Self).ok_or(NoVersion)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i32 {
        self.0
    }

    /// Decides a save on top of this stored version: the version it makes.
    ///
    /// A client that sends no version (old ones do not) overwrites, as it always did.
    pub fn save(self, seen: Option<Self>) -> Result<Self, StaleDraft> {
        match seen {
            Some(seen) if seen != self => Err(StaleDraft { stored: self }),
            Some(_) | None => Ok(Self(self.0.saturating_add(1))),
        }
    }
}

/// One half-written answer: 0 to [`ANSWER_CODE_POINTS_MAX`] code points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftText(String);

impl DraftText {
    /// The text as stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a list of drafts or answers was refused; `index` is the place in the list, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ListFault {
    /// Empty, or more entries than any format has questions.
    #[error("{count} entries, 1 to {QUESTIONS_MAX} are allowed")]
    Count { count: usize },
    /// A number that is no question's.
    #[error("entry {index} names no question")]
    Question { index: usize },
    /// The question is there twice.
    #[error("entry {index} repeats a question")]
    Repeated { index: usize },
    /// The text cannot be taken.
    #[error("entry {index}: {fault}")]
    Text { index: usize, fault: TextFault },
}

/// Reads a list of `(question number, text)` as typed: no number twice, every text as `read` wants it.
pub(crate) fn read_list<T>(
    typed: &[(i64, &str)],
    read: impl Fn(&str) -> Result<T, TextFault>,
) -> Result<Vec<(QuestionNumber, T)>, ListFault> {
    if typed.is_empty() || typed.len() > usize::from(QUESTIONS_MAX) {
        return Err(ListFault::Count { count: typed.len() });
    }
    let mut seen = HashSet::with_capacity(typed.len());
    let mut entries = Vec::with_capacity(typed.len());
    for (index, (number, text)) in typed.iter().enumerate() {
        let number = QuestionNumber::new(*number).map_err(|NoSuchQuestion| ListFault::Question { index })?;
        if !seen.insert(number) {
            return Err(ListFault::Repeated { index });
        }
        entries.push((number, read(text).map_err(|fault| ListFault::Text { index, fault })?));
    }
    Ok(entries)
}

/// The drafts of one save: each question at most once; questions that are not named keep their text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drafts(Vec<(QuestionNumber, DraftText)>);

impl Drafts {
    /// Reads what was typed.
    pub fn parse(typed: &[(i64, &str)]) -> Result<Self, ListFault> {
        read_list(typed, |text| text::normalized(text, ANSWER_CODE_POINTS_MAX).map(DraftText)).map(Self)
    }

    /// The entries.
    pub fn iter(&self) -> impl Iterator<Item = (QuestionNumber, &str)> {
        self.0.iter().map(|(number, text)| (*number, text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_draft_may_be_blank_but_not_longer_than_an_answer() {
        let long = "가".repeat(1_001);
        assert!(Drafts::parse(&[(1, ""), (2, "  ")]).is_ok());
        let refused = Drafts::parse(&[(1, "a"), (2, &long)]);
        assert!(matches!(refused, Err(ListFault::Text { index: 1, fault: TextFault::TooLong { .. } })));
    }

    #[test]
    fn a_question_is_drafted_once_per_save() {
        assert_eq!(Drafts::parse(&[(1, "a"), (1, "b")]), Err(ListFault::Repeated { index: 1 }));
        assert_eq!(Drafts::parse(&[(0, "a")]), Err(ListFault::Question { index: 0 }));
        assert_eq!(Drafts::parse(&[]), Err(ListFault::Count { count: 0 }));
    }

    proptest! {
        #[test]
        fn of_two_saves_on_the_same_version_the_second_is_stale(stored in 0_i32..i32::MAX - 1) {
            let stored = DraftVersion(stored);
            let first = stored.save(Some(stored)).unwrap();
            prop_assert!(first > stored);
            prop_assert_eq!(first.save(Some(stored)), Err(StaleDraft { stored: first }));
        }

        #[test]
        fn a_save_that_names_no_version_is_never_stale(stored in 0_i32..=i32::MAX) {
            prop_assert!(DraftVersion(stored).save(None).is_ok());
        }

        #[test]
        fn only_numbers_from_zero_are_versions(version in any::<i64>()) {
            prop_assert_eq!(DraftVersion::new(version).is_ok(), (0..=i64::from(i32::MAX)).contains(&version));
        }
    }
}

//! Submissions: a full set of answers, handed in at once.

use crate::draft::{ListFault, read_list};
use crate::format::QuestionNumber;
use crate::text;

/// Longest answer, in code points.
pub const ANSWER_CODE_POINTS_MAX: usize = 1_000;
/// Longest name of a retrospect, in code points.
pub const PROJECT_NAME_CODE_POINTS_MAX: usize = 20;

/// One answer: 1 to [`ANSWER_CODE_POINTS_MAX`] code points, composed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerText(String);

impl AnswerText {
    /// The text as stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a retrospect: one line, 1 to [`PROJECT_NAME_CODE_POINTS_MAX`] code points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectName(String);

impl ProjectName {
    /// Composes and measures a typed name.
    pub fn parse(input: &str) -> Result<Self, text::TextFault> {
        text::normalized_line(input, PROJECT_NAME_CODE_POINTS_MAX).map(Self)
    }

    /// The name as it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The answers of one submission, each question once. Whether they are *all* questions of the retrospect is decided
/// by [`crate::standing::SubmitStanding`], from what the store found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers(Vec<(QuestionNumber, AnswerText)>);

impl Answers {
    /// Reads what was typed.
    pub fn parse(typed: &[(i64, &str)]) -> Result<Self, ListFault> {
        read_list(typed, |text| text::normalized_filled(text, ANSWER_CODE_POINTS_MAX).map(AnswerText))
            .map(Self)
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
    use crate::text::TextFault;

    #[test]
    fn an_answer_has_one_to_a_thousand_code_points_after_composing() {
        let longest = "\u{1112}\u{116E}".repeat(1_000);
        assert!(Answers::parse(&[(1, &longest)]).is_ok());
        let too_long = format!("{longest}가");
        let refused = Answers::parse(&[(1, &too_long)]);
        assert!(matches!(refused, Err(ListFault::Text { index: 0, fault: TextFault::TooLong { .. } })));
        assert_eq!(
            Answers::parse(&[(1, " \n ")]),
            Err(ListFault::Text { index: 0, fault: TextFault::Blank })
        );
    }

    #[test]
    fn a_question_is_answered_once() {
        assert_eq!(Answers::parse(&[(2, "a"), (2, "b")]), Err(ListFault::Repeated { index: 1 }));
        assert_eq!(Answers::parse(&[(11, "a")]), Err(ListFault::Question { index: 0 }));
    }

    proptest! {
        #[test]
        fn accepted_answers_are_filled_bounded_and_each_for_its_own_question(
            typed in prop::collection::vec((0_i64..12, "\\PC{0,20}"), 0..12),
        ) {
            let borrowed: Vec<_> = typed.iter().map(|(number, text)| (*number, text.as_str())).collect();
            if let Ok(answers) = Answers::parse(&borrowed) {
                let mut numbers: Vec<_> = answers.iter().map(|(number, _)| number).collect();
                numbers.sort();
                numbers.dedup();
                prop_assert_eq!(numbers.len(), typed.len());
                prop_assert!(answers.iter().all(|(_, text)| !text.is_empty() && text.chars().count() <= 1_000));
            }
        }
    }
}

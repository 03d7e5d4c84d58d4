//! Formats: the five built-in methods and the numbering of their questions.
//!
//! The questions' texts are rows of the database, versioned; a retrospect keeps its own copy, so that no edit of a
//! format ever touches an answer.

use thiserror::Error;

/// Fewest and most questions of a format.
pub const QUESTIONS_MIN: u16 = 1;
/// Most questions of a format.
pub const QUESTIONS_MAX: u16 = 10;
/// Questions of every built-in method.
pub const BUILT_IN_QUESTIONS: u16 = 5;
const _: () = assert!(QUESTIONS_MIN <= BUILT_IN_QUESTIONS && BUILT_IN_QUESTIONS <= QUESTIONS_MAX);

/// A built-in method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Keep, problem, try.
    Kpt,
    /// Liked, learned, lacked, longed for.
    FourL,
    /// Facts, feelings, findings, future, feedback.
    FiveF,
    /// Plus, minus, interesting.
    Pmi,
    /// Open questions.
    Free,
}

/// The name is none of the methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("unknown retrospect method")]
pub struct UnknownMethod;

impl Method {
    /// Every method.
    pub const ALL: [Self; 5] = [Self::Kpt, Self::FourL, Self::FiveF, Self::Pmi, Self::Free];

    /// The method's name on the wire and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kpt => "KPT",
            Self::FourL => "FOUR_L",
            Self::FiveF => "FIVE_F",
            Self::Pmi => "PMI",
            Self::Free => "FREE",
        }
    }

    /// Reads a method's name; exact, as it always was.
    pub fn parse(input: &str) -> Result<Self, UnknownMethod> {
        Self::ALL.into_iter().find(|method| method.name() == input).ok_or(UnknownMethod)
    }
}

/// The number of a question inside its retrospect, 1 to [`QUESTIONS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionNumber(u16);

/// There is no such question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no such question")]
pub struct NoSuchQuestion;

impl QuestionNumber {
    /// Accepts a number that some format could have; whether *this* retrospect has it, the store says.
    pub fn new(number: i64) -> Result<Self, NoSuchQuestion> {
        match u16::try_from(number) {
            Ok(number) if (QUESTIONS_MIN..=QUESTIONS_MAX).contains(&number) => Ok(Self(number)),
            Ok(_) | Err(_) => Err(NoSuchQuestion),
        }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }
}

/// Which responses a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// All questions.
    All,
    /// One question.
    Question(QuestionNumber),
}

/// The category is neither `ALL` nor `QUESTION_n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the category is neither ALL nor QUESTION_n")]
pub struct UnknownCategory;

impl Category {
    /// Reads `ALL` or `QUESTION_n`.
    pub fn parse(input: &str) -> Result<Self, UnknownCategory> {
        if input == "ALL" {
            return Ok(Self::All);
        }
        let digits = input.strip_prefix("QUESTION_").ok_or(UnknownCategory)?;
        if digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(UnknownCategory);
        }
        let number = digits.parse().map_err(|_| UnknownCategory)?;
        QuestionNumber::new(number).map(Self::Question).map_err(|_| UnknownCategory)
    }

    /// The question's number, if one is meant.
    #[must_use]
    pub fn question(self) -> Option<QuestionNumber> {
        match self {
            Self::All => None,
            Self::Question(number) => Some(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_method_reads_back_as_itself_and_nothing_else_does() {
        for method in Method::ALL {
            assert_eq!(Method::parse(method.name()), Ok(method));
            assert_eq!(Method::parse(&method.name().to_lowercase()), Err(UnknownMethod));
        }
        assert_eq!(Method::parse(""), Err(UnknownMethod));
    }

    #[test]
    fn a_category_names_all_or_one_question() {
        assert_eq!(Category::parse("ALL").unwrap().question(), None);
        assert_eq!(Category::parse("QUESTION_10").unwrap().question().unwrap().get(), 10);
        for wrong in [
            "",
            "all",
            "QUESTION_",
            "QUESTION_0",
            "QUESTION_11",
            "QUESTION_01",
            "QUESTION_+1",
            "QUESTION_99999999",
        ] {
            assert_eq!(Category::parse(wrong), Err(UnknownCategory), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn only_one_to_ten_are_question_numbers(number in any::<i64>()) {
            prop_assert_eq!(QuestionNumber::new(number).is_ok(), (1..=10).contains(&number));
        }
    }
}

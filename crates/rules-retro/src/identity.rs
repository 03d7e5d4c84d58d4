//! Anonymity: who stands beside an answer, and how that may change.

use thiserror::Error;

/// Whether answers of a retrospect carry names; set when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdentityMode {
    /// Every answer shows its author.
    Named,
    /// No answer can be joined to its author by any read.
    Anonymous,
    /// Each author decides when submitting.
    AuthorChooses,
}

/// Whether the retrospect holds an answer already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Nobody submitted yet.
    None,
    /// Somebody submitted, trusting the mode that was shown.
    Some,
}

/// The name is none of the modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("unknown identity mode")]
pub struct UnknownIdentityMode;

/// The mode would name people who answered under a stricter promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("identity mode {from:?} may not become {to:?} once an answer exists")]
pub struct Unmasking {
    /// The mode in force.
    pub from: IdentityMode,
    /// The mode asked for.
    pub to: IdentityMode,
}

/// What the author wishes does not fit the mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the retrospect's identity mode leaves no such choice")]
pub struct NoSuchChoice;

/// How one submission is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorship {
    /// The answers show their author.
    Named,
    /// The link to the author goes where no read path joins.
    Unlinkable,
}

impl IdentityMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Named, Self::Anonymous, Self::AuthorChooses];

    /// The mode's name on the wire and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Named => "NAMED",
            Self::Anonymous => "ANONYMOUS",
            Self::AuthorChooses => "AUTHOR_CHOOSES",
        }
    }

    /// Reads a mode's name.
    pub fn parse(input: &str) -> Result<Self, UnknownIdentityMode> {
        Self::ALL.into_iter().find(|mode| mode.name() == input).ok_or(UnknownIdentityMode)
    }

    /// The mode after a change, if the change keeps every promise made to those who answered.
    pub fn after(self, to: Self, answers: Answers) -> Result<Self, Unmasking> {
        use IdentityMode::{Anonymous, AuthorChooses, Named};
        match (self, to, answers) {
            (Named | Anonymous | AuthorChooses, Named | Anonymous | AuthorChooses, Answers::None)
            | (Named, Named | AuthorChooses | Anonymous, Answers::Some)
            | (AuthorChooses, AuthorChooses | Anonymous, Answers::Some)
            | (Anonymous, Anonymous, Answers::Some) => Ok(to),
            (from @ (Anonymous | AuthorChooses), to, Answers::Some) => Err(Unmasking { from, to }),
        }
    }

    /// How a submission is kept: `anonymous` is the author's wish, if one was spoken.
    ///
    /// A wish the mode cannot grant is refused rather than ignored: nobody may believe to be hidden who is not.
    pub fn authorship(self, anonymous: Option<bool>) -> Result<Authorship, NoSuchChoice> {
        match (self, anonymous) {
            (Self::Named, None | Some(false)) | (Self::AuthorChooses, Some(false)) => Ok(Authorship::Named),
            (Self::Anonymous, None | Some(true)) | (Self::AuthorChooses, Some(true)) => {
                Ok(Authorship::Unlinkable)
            }
            (Self::Named, Some(true)) | (Self::Anonymous, Some(false)) | (Self::AuthorChooses, None) => {
                Err(NoSuchChoice)
            }
        }
    }

    /// Whether a list may say *who* has submitted. Where answers can be nameless, only how many: a name that turns to
    /// "submitted" as an answer appears would tell whose it is.
    #[must_use]
    pub fn shows_who_submitted(self) -> bool {
        match self {
            Self::Named => true,
            Self::Anonymous | Self::AuthorChooses => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_mode() -> impl Strategy<Value = IdentityMode> {
        prop::sample::select(IdentityMode::ALL.to_vec())
    }

    fn strictness(mode: IdentityMode) -> u8 {
        match mode {
            IdentityMode::Named => 0,
            IdentityMode::AuthorChooses => 1,
            IdentityMode::Anonymous => 2,
        }
    }

    #[test]
    fn every_mode_reads_back_as_itself() {
        for mode in IdentityMode::ALL {
            assert_eq!(IdentityMode::parse(mode.name()), Ok(mode));
        }
        assert_eq!(IdentityMode::parse("named"), Err(UnknownIdentityMode));
    }

    #[test]
    fn an_anonymous_retrospect_with_answers_never_becomes_named() {
        let moved = IdentityMode::Anonymous.after(IdentityMode::Named, Answers::Some);
        assert_eq!(moved, Err(Unmasking { from: IdentityMode::Anonymous, to: IdentityMode::Named }));
    }

    #[test]
    fn a_wish_the_mode_cannot_grant_is_refused() {
        assert_eq!(IdentityMode::Named.authorship(Some(true)), Err(NoSuchChoice));
        assert_eq!(IdentityMode::Anonymous.authorship(Some(false)), Err(NoSuchChoice));
        assert_eq!(IdentityMode::AuthorChooses.authorship(None), Err(NoSuchChoice));
        assert_eq!(IdentityMode::Anonymous.authorship(None), Ok(Authorship::Unlinkable));
    }

    proptest! {
        #[test]
        fn with_answers_the_mode_only_grows_stricter(from in any_mode(), to in any_mode()) {
            let moved = from.after(to, Answers::Some);
            prop_assert_eq!(moved.is_ok(), strictness(to) >= strictness(from));
        }

        #[test]
        fn without_answers_any_mode_may_follow_any(from in any_mode(), to in any_mode()) {
            prop_assert_eq!(from.after(to, Answers::None), Ok(to));
        }

        #[test]
        fn only_a_mode_without_nameless_answers_shows_who_submitted(mode in any_mode()) {
            let nameless_possible = mode.authorship(Some(true)).is_ok();
            prop_assert_eq!(mode.shows_who_submitted(), !nameless_possible);
        }
    }
}

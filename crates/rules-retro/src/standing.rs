//! What one statement saw of a room or a retrospect while it held the rows, and what that allows.
//!
//! A change is one SQL statement: it reads the standing, acts only when everything in it is good, and otherwise answers
//! with a [`Refusal`]'s word. The functions here say what it must answer, and hold the *order* of the refusals:
//! existence first (an outsider learns nothing else), then rights, then state, then content. A test puts every
//! standing before both the statement and the function.

use thiserror::Error;

use crate::identity::NoSuchChoice;
use crate::reading::NotVisible;

/// Whether a retrospect still takes answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Planned or running.
    Open,
    /// Closed by its creator or owner: nothing is handed in or taken back any more.
    Closed,
}

/// How a member stands to one retrospect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Participation {
    /// Does not take part.
    None,
    /// Takes part, has not submitted.
    Joined,
    /// Has submitted.
    Submitted,
}

/// The name of a stage or participation in the database is not one of ours: schema and program disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("unknown state name")]
pub struct UnknownState;

impl Stage {
    /// Reads the database's name.
    pub fn parse(name: &str) -> Result<Self, UnknownState> {
        match name {
            "OPEN" => Ok(Self::Open),
            "CLOSED" => Ok(Self::Closed),
            _ => Err(UnknownState),
        }
    }
}

impl Participation {
    /// Reads the database's name.
    pub fn parse(name: &str) -> Result<Self, UnknownState> {
        match name {
            "NONE" => Ok(Self::None),
            "JOINED" => Ok(Self::Joined),
            "SUBMITTED" => Ok(Self::Submitted),
            _ => Err(UnknownState),
        }
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Joined => "JOINED",
            Self::Submitted => "SUBMITTED",
        }
    }
}

/// Why a change was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No such room or retrospect, or not for this member.
    #[error("not found for this member")]
    NotVisible,
    /// A member of the room who does not take part in the retrospect.
    #[error("does not take part in the retrospect")]
    NotParticipant,
    /// Takes part already.
    #[error("takes part already")]
    AlreadyParticipant,
    /// Has submitted already.
    #[error("has submitted already")]
    AlreadySubmitted,
    /// Has not submitted, so there is nothing to take back.
    #[error("has not submitted")]
    NothingSubmitted,
    /// The retrospect is closed.
    #[error("the retrospect is closed")]
    Closed,
    /// The retrospect has started, so nobody leaves it any more.
    #[error("the retrospect has started")]
    Started,
    /// Others have read the answers: they cannot be unread.
    #[error("the answers were revealed")]
    Revealed,
    /// An analysis rests on the answers.
    #[error("the retrospect was analysed")]
    Analysed,
    /// A question that the retrospect does not have.
    #[error("a question is not one of the retrospect's")]
    NoSuchQuestion,
    /// A question without an answer.
    #[error("a question has no answer")]
    AnswersMissing,
    /// The wish to be named or nameless does not fit the retrospect's mode.
    #[error("the identity mode leaves no such choice")]
    NoSuchChoice,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 12] = [
        Self::NotVisible,
        Self::NotParticipant,
        Self::AlreadyParticipant,
        Self::AlreadySubmitted,
        Self::NothingSubmitted,
        Self::Closed,
        Self::Started,
        Self::Revealed,
        Self::Analysed,
        Self::NoSuchQuestion,
        Self::AnswersMissing,
        Self::NoSuchChoice,
    ];

    /// The word a statement answers with.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotVisible => "NOT_VISIBLE",
            Self::NotParticipant => "NOT_PARTICIPANT",
            Self::AlreadyParticipant => "ALREADY_PARTICIPANT",
            Self::AlreadySubmitted => "ALREADY_SUBMITTED",
            Self::NothingSubmitted => "NOTHING_SUBMITTED",
            Self::Closed => "CLOSED",
            Self::Started => "STARTED",
            Self::Revealed => "REVEALED",
            Self::Analysed => "ANALYSED",
            Self::NoSuchQuestion => "NO_SUCH_QUESTION",
            Self::AnswersMissing => "ANSWERS_MISSING",
            Self::NoSuchChoice => "NO_SUCH_CHOICE",
        }
    }
}

impl From<NotVisible> for Refusal {
    fn from(_: NotVisible) -> Self {
        Self::NotVisible
    }
}

impl From<NoSuchChoice> for Refusal {
    fn from(_: NoSuchChoice) -> Self {
        Self::NoSuchChoice
    }
}

/// May this member take part? Anyone in the room, until the close.
pub fn participate(stage: Stage, participation: Participation) -> Result<(), Refusal> {
    match (participation, stage) {
        (Participation::Joined | Participation::Submitted, Stage::Open | Stage::Closed) => {
            Err(Refusal::AlreadyParticipant)
        }
        (Participation::None, Stage::Closed) => Err(Refusal::Closed),
        (Participation::None, Stage::Open) => Ok(()),
    }
}

/// May this member stop taking part? Before the start, and only with nothing handed in (take it back first).
pub fn leave(stage: Stage, participation: Participation, started: bool) -> Result<(), Refusal> {
    match (participation, stage, started) {
        (Participation::None, Stage::Open | Stage::Closed, true | false) => Err(Refusal::NotParticipant),
        (Participation::Submitted, Stage::Open | Stage::Closed, true | false) => {
            Err(Refusal::AlreadySubmitted)
        }
        (Participation::Joined, Stage::Closed, true | false) => Err(Refusal::Closed),
        (Participation::Joined, Stage::Open, true) => Err(Refusal::Started),
        (Participation::Joined, Stage::Open, false) => Ok(()),
    }
}

/// May this member save a draft? Until submitting, until the close. (What was saved stays readable after it.)
pub fn draft(stage: Stage, participation: Participation) -> Result<(), Refusal> {
    match (participation, stage) {
        (Participation::None, Stage::Open | Stage::Closed) => Err(Refusal::NotParticipant),
        (Participation::Submitted, Stage::Open | Stage::Closed) => Err(Refusal::AlreadySubmitted),
        (Participation::Joined, Stage::Closed) => Err(Refusal::Closed),
        (Participation::Joined, Stage::Open) => Ok(()),
    }
}

/// What a submitting statement saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubmitStanding {
    /// Whether the retrospect takes answers.
    pub stage: Stage,
    /// How the member stands to it.
    pub participation: Participation,
    /// Questions the retrospect has.
    pub questions: u32,
    /// Questions among them that are answered.
    pub questions_answered: u32,
    /// Answers that were sent, each for another question number.
    pub answers: u32,
}

impl SubmitStanding {
    /// May the answers be handed in? All questions of the retrospect and no other.
    pub fn verdict(self) -> Result<(), Refusal> {
        draft(self.stage, self.participation)?;
        if self.questions_answered < self.answers {
            return Err(Refusal::NoSuchQuestion);
        }
        if self.questions_answered < self.questions {
            return Err(Refusal::AnswersMissing);
        }
        Ok(())
    }
}

/// What a statement that takes a submission back saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakeBackStanding {
    /// Whether the retrospect is open.
    pub stage: Stage,
    /// How the member stands to it.
    pub participation: Participation,
    /// A reveal was set, and its instant has come.
    pub revealed: bool,
    /// An analysis exists.
    pub analysed: bool,
}

impl TakeBackStanding {
    /// May the submission be taken back? While open, until the reveal (where one was set) and the first analysis.
    pub fn verdict(self) -> Result<(), Refusal> {
        match self.participation {
            Participation::None => return Err(Refusal::NotParticipant),
            Participation::Joined => return Err(Refusal::NothingSubmitted),
            Participation::Submitted => {}
        }
        match (self.stage, self.analysed, self.revealed) {
            (Stage::Closed, true | false, true | false) => Err(Refusal::Closed),
            (Stage::Open, true, true | false) => Err(Refusal::Analysed),
            (Stage::Open, false, true) => Err(Refusal::Revealed),
            (Stage::Open, false, false) => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;

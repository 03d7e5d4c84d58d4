//! The five states, why one follows another, and the log of it.

use serde::{Deserialize, Serialize};

/// Transitions that are remembered.
pub const TRANSITIONS_KEPT: usize = 20;

/// Where a breaker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Calls go through and are counted.
    Closed,
    /// No call goes through until the wait is over.
    Open,
    /// A few calls go through to see.
    HalfOpen,
    /// An operator switched it off: calls go through and are not judged.
    Disabled,
    /// An operator opened it: no call goes through until an operator says so.
    ForcedOpen,
}

/// Why a breaker moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cause {
    /// Too many calls failed.
    FailureRate,
    /// Too many calls were slow.
    SlowCallRate,
    /// It was open for long enough.
    WaitOver,
    /// The trials went well.
    TrialsPassed,
    /// The trials did not go well.
    TrialsFailed,
    /// An operator said so.
    Operator,
}

/// One move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// Where it was.
    pub from: State,
    /// Where it went.
    pub to: State,
    /// Why.
    pub cause: Cause,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Closed, Self::Open, Self::HalfOpen, Self::Disabled, Self::ForcedOpen];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Open => "OPEN",
            Self::HalfOpen => "HALF_OPEN",
            Self::Disabled => "DISABLED",
            Self::ForcedOpen => "FORCED_OPEN",
        }
    }
}

impl Cause {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FailureRate => "FAILURE_RATE",
            Self::SlowCallRate => "SLOW_CALL_RATE",
            Self::WaitOver => "WAIT_OVER",
            Self::TrialsPassed => "TRIALS_PASSED",
            Self::TrialsFailed => "TRIALS_FAILED",
            Self::Operator => "OPERATOR",
        }
    }
}

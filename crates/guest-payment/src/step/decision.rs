//! What a provider's outcome does to a payment: moves, ledger, whether the step is over, what is answered. Pure.

use rules_payment::{
    Money, Outcome, Posting, State,
    ledger::{self, PostingFault},
    provider::{Approval, Doubt, ErrorClass, Mismatch, ProviderCode},
};

use super::{Kind, Standing};

/// How a step ends, as the second statement is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is over.
    Known,
    /// Known to have had no effect: it can be tried again, as another attempt.
    Failed,
    /// It has to be asked for.
    Unknown,
}

impl End {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Known => "KNOWN",
            Self::Failed => "FAILED",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// What the caller is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Done.
    Done,
    /// The provider declined.
    Declined(ProviderCode),
    /// The money was taken and given back before we knew: the payment is over, and nothing is held.
    GivenBack,
    /// Nothing happened; a retry may work.
    NotDone,
    /// Nothing happened, and it is our fault.
    Bug,
    /// Nobody knows yet; a retry asks.
    Unknown(Doubt),
    /// The provider did something else; a person has to look.
    Review,
}

/// What the second statement writes.
pub(crate) struct Decision {
    /// States passed, in order.
    pub(crate) path: Vec<State>,
    pub(crate) end: End,
    /// What is posted, each with its kind's name, in the order of the moves.
    pub(crate) postings: Vec<(&'static str, Posting)>,
    pub(crate) approval: Option<Approval>,
    pub(crate) review: Option<Mismatch>,
    /// Outcome of the provider call, for its record.
    pub(crate) recorded: &'static str,
    /// The provider's code, for its record.
    pub(crate) code: Option<String>,
    pub(crate) verdict: Verdict,
}

impl Decision {
    fn without_effect(end: End, recorded: &'static str, code: Option<String>, verdict: Verdict) -> Self {
        Self {
            path: Vec::new(),
            end,
            postings: Vec::new(),
            approval: None,
            review: None,
            recorded,
            code,
            verdict,
        }
    }

    /// The provider could not be asked: all stays as it is.
    pub(crate) fn unasked() -> Self {
        Self::without_effect(End::Unknown, "UNKNOWN", None, Verdict::NotDone)
    }

    /// Decides. `fee_basis_points` is what we keep of a payment that is captured now.
    ///
    /// # Errors
    /// When the amount cannot be posted, which the first statement should have refused.
    pub(crate) fn of(
        kind: Kind,
        standing: &Standing,
        outcome: Outcome,
        fee_basis_points: u16,
    ) -> Result<Self, PostingFault> {
        Ok(match outcome {
            Outcome::Approved(approval) => {
                let (path, postings) = approved(kind, standing, fee_basis_points)?;
                Self {
                    path,
                    postings,
                    approval: Some(approval),
                    ..Self::without_effect(End::Known, "APPROVED", None, Verdict::Done)
                }
            }
            Outcome::Declined(decline) => declined(kind, decline.code),
            // Which is what a void is for.
            Outcome::GivenBack(approval) if kind == Kind::Void => {
                return Self::of(kind, standing, Outcome::Approved(approval), fee_basis_points);
            }
            Outcome::GivenBack(approval) => {
                let mut path = lost(kind, standing);
                path.push(State::Voided);
                Self {
                    path,
                    approval: Some(approval),
                    ..Self::without_effect(End::Known, "APPROVED", None, Verdict::GivenBack)
                }
            }
            Outcome::NotDone(not_done) => {
                let code = not_done.code.as_ref().map(|code| code.as_str().to_owned());
                match (not_done.class, not_done.code) {
                    (ErrorClass::Declined, Some(code)) => declined(kind, code),
                    (ErrorClass::Declined, None) => declined(kind, ProviderCode::read("")),
                    (ErrorClass::Retryable, _) => {
                        Self::without_effect(End::Failed, "ERROR", code, Verdict::NotDone)
                    }
                    (ErrorClass::Bug, _) => Self::without_effect(End::Failed, "ERROR", code, Verdict::Bug),
                }
            }
            Outcome::Unknown(doubt) => Self {
                path: lost(kind, standing),
                ..Self::without_effect(
                    End::Unknown,
                    "UNKNOWN",
                    Some(doubt.word().to_owned()),
                    Verdict::Unknown(doubt),
                )
            },
            Outcome::Review(mismatch) => Self {
                path: lost(kind, standing),
                review: Some(mismatch),
                ..Self::without_effect(End::Unknown, "REVIEW", None, Verdict::Review)
            },
        })
    }

    /// The state after it.
    pub(crate) fn reached(&self, standing: &Standing) -> State {
        self.path.last().copied().unwrap_or(standing.state)
    }
}

/// Moves in order, and what they post, each with its kind's name.
type Passed = (Vec<State>, Vec<(&'static str, Posting)>);

fn approved(kind: Kind, standing: &Standing, fee_basis_points: u16) -> Result<Passed, PostingFault> {
    let money: Money = standing.money;
    Ok(match kind {
        Kind::Authorize => {
            let mut path = vec![State::Authorized];
            if standing.auto_capture {
                path.push(State::CaptureRequested);
            }
            (path, vec![("AUTHORIZE", Posting::authorize(money)?)])
        }
        Kind::Confirm => {
            let fee = ledger::fee(money, fee_basis_points)?;
            let path = vec![State::Authorized, State::CaptureRequested, State::Captured];
            let capture = Posting::capture(money, fee)?;
            (path, vec![("AUTHORIZE", Posting::authorize(money)?), ("CAPTURE", capture)])
        }
        Kind::Void => (vec![State::Voided], vec![("RELEASE", Posting::release(money)?)]),
    })
}

/// A declined void leaves the payment where it is.
fn declined(kind: Kind, code: ProviderCode) -> Decision {
    let path = match kind {
        Kind::Authorize | Kind::Confirm => vec![State::AuthFailed],
        Kind::Void => Vec::new(),
    };
    let text = code.as_str().to_owned();
    Decision { path, ..Decision::without_effect(End::Known, "DECLINED", Some(text), Verdict::Declined(code)) }
}

/// A first doubt is a move; a later one, or one about a void, is none: the open step says enough.
fn lost(kind: Kind, standing: &Standing) -> Vec<State> {
    match (kind, standing.state == State::Requested) {
        (Kind::Authorize | Kind::Confirm, true) => vec![State::AuthUnknown],
        (Kind::Authorize | Kind::Confirm, false) | (Kind::Void, _) => Vec::new(),
    }
}

#[cfg(test)]
mod tests;

//! A step that asks the provider, between its two statements; the one place where that is done.
//!
//! The first statement claims key and payment and says where they are (`begin.rs`). Then the provider is asked: outright
//! only when nothing was sent yet; else it is first looked up by our own order id. What its outcome does is a pure
//! decision (`decision.rs`); the answer's bytes are composed before the second statement, which writes everything at
//! once and keeps them for a replay (`answer.rs`, `finish.rs`).
//!
//! A repeated charge is sent only under the provider-side key of the first one, which the provider executes once.

mod answer;
mod begin;
mod decision;
mod finish;
mod resolve;

use guest::{Answer, Failure, random, settings::variable};
use rules_payment::{Money, Outcome, idempotency::LEASE_S};
use uuid::Uuid;
use wire::{Code, Problem};

use crate::{
    Caller, Claim, Face,
    gateway::{Gateway, LookedUp, Sent},
};
use answer::{Composed, refused};
use begin::Begun;
pub use begin::Standing;
use decision::Decision;
use finish::{Finished, Run};
pub use resolve::{Resolved, resolve};

/// Milliseconds after which a step whose owner is gone may be gone on with.
pub(crate) const LEASE_MS: i32 = 30_000;
const _: () = assert!(LEASE_MS.unsigned_abs() == LEASE_S * 1_000);
/// Times a step is begun when somebody else went on with it meanwhile.
const BEGINS_MAX: u32 = 2;

/// Which step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The provider holds the money.
    Authorize,
    /// A payment the customer approved at the provider (Toss): authorized and captured in one.
    Confirm,
    /// Held money is given back.
    Void,
}

impl Kind {
    /// The name in the database and at the provider.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Confirm => "confirm",
            Self::Void => "void",
        }
    }

    fn parse(name: &str) -> Result<Self, Failure> {
        let all = [Self::Authorize, Self::Confirm, Self::Void];
        let found = all.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| Failure::fault(format!("no such step: {name}")))
    }
}

/// What a step is about.
pub enum Subject<'a> {
    /// A payment without an order, that the first statement makes, and its authorization.
    New {
        /// What is to be paid.
        money: Money,
        /// Whether its capture is asked for at once.
        auto_capture: bool,
    },
    /// A payment that is there.
    Existing {
        /// The step.
        kind: Kind,
        /// The payment's id.
        payment: i64,
        /// What the caller believes is to be paid, to be compared.
        minor: Option<i64>,
        /// The provider's name of the payment, where the caller brings it.
        payment_key: Option<&'a str>,
    },
}

impl Subject<'_> {
    const fn kind(&self) -> Kind {
        match self {
            Self::New { .. } => Kind::Authorize,
            Self::Existing { kind, .. } => *kind,
        }
    }
}

/// What is known of a call that was made.
pub(crate) struct Called {
    pub(crate) duration_ms: i32,
}

/// One step of one request.
pub struct Step<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// The claim on the key.
    pub claim: &'a Claim,
    /// What it is about.
    pub subject: Subject<'a>,
    /// What the caller says about it, for the history.
    pub reason: Option<&'a str>,
    /// How its answer looks.
    pub face: Face,
    /// The trace it belongs to.
    pub traceparent: Option<String>,
}

impl Step<'_> {
    /// Takes the step, at most once per key, whatever fails on the way.
    ///
    /// # Errors
    /// The refusals of payments.md §3; 5xx are never stored.
    pub async fn run(&self) -> Result<Answer, Failure> {
        let gateway = Gateway::open(self.traceparent.as_deref()).await?;
        for _ in 0..BEGINS_MAX {
            let token = uuid::Builder::from_random_bytes(random::bytes()).into_uuid();
            let begun = Begun::of(self, gateway.name(), token).await?;
            let (standing, sent_before) = match begun {
                Begun::Ask(standing) => (standing, false),
                Begun::LookUp(standing) => (standing, true),
                Begun::Decided(standing) => return self.decided(&standing, token).await,
                Begun::Replay { status, body } => return Ok(self.face.replay(status, body)),
                Begun::Refused(refusal) => return Err(refused(self.subject.kind(), &refusal).into()),
            };
            let run = self.run_of(&standing, token);
            if let Some(answer) = self.go(&gateway, &run, sent_before).await? {
                return Ok(answer);
            }
        }
        Err(Problem::from(Code::Pay4091).retry_after(1).into())
    }

    fn run_of<'r>(&'r self, standing: &'r Standing, token: Uuid) -> Run<'r> {
        Run {
            caller: self.caller,
            claim: self.claim,
            token,
            kind: standing.open_step.unwrap_or(self.subject.kind()),
            standing,
            reason: self.reason,
            traceparent: self.traceparent.as_deref(),
        }
    }
}

impl Step<'_> {
    /// Asks the provider and writes what came of it; nothing when somebody else went on with the payment meanwhile.
    async fn go(
        &self,
        gateway: &Gateway,
        run: &Run<'_>,
        sent_before: bool,
    ) -> Result<Option<Answer>, Failure> {
        if sent_before {
            match gateway.look_up(run.kind, run.standing).await {
                LookedUp::Known(outcome, called) => return self.finish(run, outcome, &called).await,
                LookedUp::Absent => {}
                LookedUp::NotPermitted { retry_after_s } => return self.leave(run, retry_after_s).await,
            }
        }
        match gateway.ask(run.kind, run.standing, &self.caller.merchant).await? {
            Sent::Answered(outcome, called) => self.finish(run, outcome, &called).await,
            Sent::NotPermitted { retry_after_s } if sent_before => self.leave(run, retry_after_s).await,
            Sent::NotPermitted { retry_after_s } => {
                run.release().await?;
                Err(Problem::from(Code::Pay5031).retry_after(retry_after_s).into())
            }
        }
    }

    /// The breaker is open and something was sent before: nothing is known, and nothing may be guessed.
    async fn leave(&self, run: &Run<'_>, retry_after_s: u32) -> Result<Option<Answer>, Failure> {
        let nothing = Decision::unasked();
        match run.finish(&nothing, None, None).await? {
            Finished::Done => Err(Problem::from(Code::Pay5031).retry_after(retry_after_s).into()),
            Finished::Stale => Ok(None),
        }
    }

    async fn finish(
        &self,
        run: &Run<'_>,
        outcome: Outcome,
        called: &Called,
    ) -> Result<Option<Answer>, Failure> {
        let fee = fee_basis_points().await?;
        let decision = Decision::of(run.kind, run.standing, outcome, fee).map_err(Failure::fault)?;
        let composed = self.compose(run, &decision)?;
        let stored = match &composed {
            Composed::Stored { status, body } => Some((*status, body.as_str())),
            Composed::Passing(_) => None,
        };
        match (run.finish(&decision, stored, Some(called)).await?, composed) {
            (Finished::Stale, _) => Ok(None),
            (Finished::Done, Composed::Stored { status, body }) => Ok(Some(self.face.answer(status, body))),
            (Finished::Done, Composed::Passing(failure)) => Err(failure),
        }
    }
}

/// What we keep of a payment, in hundredths of a percent: the variable `payment_fee_basis_points`.
async fn fee_basis_points() -> Result<u16, Failure> {
    let text = variable("payment_fee_basis_points").await?;
    text.parse().map_err(|_| Failure::fault("variable payment_fee_basis_points is no number of 0 to 10000"))
}

//! What the caller of a step is told: composed before the second statement, so that a replay has the same bytes.

use guest::{Answer, Failure, params};
use rules_payment::{State, provider::Doubt};
use uuid::Uuid;
use wire::{Code, PaymentDetail, Problem};

use super::{
    Kind, Standing, Step,
    begin::Refusal,
    decision::{Decision, Verdict},
    finish::Run,
};
use crate::{Ended, PAYMENT};

const MS_PER_S: i32 = 1_000;

/// An answer before the second statement.
pub(super) enum Composed {
    /// Kept for replays.
    Stored { status: u16, body: String },
    /// Not kept: the next request of the key goes on.
    Passing(Failure),
}

/// What a first statement's refusal means for the caller.
pub(super) fn refused(kind: Kind, refusal: &Refusal) -> Problem {
    let at =
        |code: Code, payment: &i64| Problem::from(code).with(serde_json::json!({ "paymentId": payment }));
    match refusal {
        Refusal::Mismatch => Code::Pay4221.into(),
        Refusal::Busy { left_ms } => {
            let seconds = u32::try_from(left_ms / MS_PER_S).unwrap_or(0).max(1);
            Problem::from(Code::Pay4091).retry_after(seconds)
        }
        Refusal::Conflict { payment } => match kind {
            Kind::Authorize | Kind::Confirm => at(Code::Pay4092, payment),
            Kind::Void => at(Code::Pay4095, payment),
        },
        Refusal::NotFound => Code::Pay4041.into(),
        Refusal::AmountDiffers => Problem::from(Code::Pay4225).at("amount"),
        Refusal::KeyDiffers => Problem::from(Code::Pay4228).at("paymentKey"),
        Refusal::OrderClosed => Code::Pay4096.into(),
        Refusal::PaymentLive => Code::Pay4097.into(),
        Refusal::InReview { payment } => at(Code::Pay4098, payment),
    }
}

impl Step<'_> {
    /// The answer to a decision, before it is written.
    pub(super) fn compose(&self, run: &Run<'_>, decision: &Decision) -> Result<Composed, Failure> {
        let payment = run.standing.payment;
        let passing = |code: Code, why: &str| {
            let problem = Problem::from(code).with(serde_json::json!({ "paymentId": payment }));
            Ok(Composed::Passing(Failure::from(problem).because(format!("payment {payment}: {why}"))))
        };
        let over = |detail: serde_json::Value| {
            let (status, body) = self.face.refusal(&Problem::from(Code::Pay4021).with(detail))?;
            Ok(Composed::Stored { status, body })
        };
        match &decision.verdict {
            Verdict::Done => {
                let approval = decision.approval.as_ref().and_then(|a| a.approval_number.as_deref());
                let (status, body) = self.face.done(&Ended {
                    standing: run.standing,
                    state: decision.reached(run.standing),
                    approval_number: approval.or(run.standing.approval_number.as_deref()),
                    postings: &decision.postings,
                })?;
                Ok(Composed::Stored { status, body })
            }
            Verdict::Declined(code) => {
                over(serde_json::json!({ "paymentId": payment, "providerCode": code.as_str() }))
            }
            Verdict::GivenBack => over(serde_json::json!({ "paymentId": payment })),
            Verdict::NotDone => passing(Code::Pay5031, "the provider did nothing"),
            Verdict::Bug => passing(Code::Pay5021, "the provider does not understand us"),
            Verdict::Unknown(Doubt::Timeout) => passing(Code::Pay5041, "no answer in time"),
            Verdict::Unknown(doubt) => passing(Code::Pay5021, doubt.word()),
            Verdict::Review => passing(Code::Pay5021, "the provider did something else"),
        }
    }

    /// The payment is past this step: the answer follows from where it is.
    pub(super) async fn decided(&self, standing: &Standing, token: Uuid) -> Result<Answer, Failure> {
        let run = self.run_of(standing, token);
        let (status, body) = match standing.state {
            State::AuthFailed | State::Expired => {
                let detail = serde_json::json!({ "paymentId": standing.payment });
                self.face.refusal(&Problem::from(Code::Pay4021).with(detail))?
            }
            State::Requested | State::AuthUnknown => {
                return Err(Problem::from(Code::Pay4091).retry_after(1).into());
            }
            State::Authorized
            | State::Voided
            | State::CaptureRequested
            | State::Captured
            | State::CaptureFailed
            | State::RefundRequested
            | State::PartiallyRefunded
            | State::Refunded => {
                let now: PaymentDetail = PAYMENT.one(self.caller.tenant, params![standing.payment]).await?;
                self.face.told(&now.brief)?
            }
        };
        let (status, body) = run.keep(status, &body).await?;
        Ok(self.face.answer(status, body))
    }
}

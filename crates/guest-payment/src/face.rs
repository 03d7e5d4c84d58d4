//! The two faces of one outcome: bare bodies for the step API, the envelope for the resource API.

use chrono::SubsecRound;
use guest::{Answer, Call, Failure, clock};
use rules_payment::{Currency, Posting, State, ledger::Line};
use serde::Serialize;
use spin_sdk::http::HeaderValue;
use wire::{Language, LedgerEntry, PaymentBrief, Problem, StepAnswer, Success};

use crate::step::Standing;

/// Where the step API's routes begin.
const STEP_ROUTES: &str = "/api/payments";

/// Digits after the second, as the database keeps them.
const MICROSECONDS: u16 = 6;

/// Which of the two interfaces a request came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// `/api/payments/…`: bare bodies, codes of its own.
    Step,
    /// `/api/v1/…`: the envelope.
    Resource,
}

/// An interface and the language of its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Face {
    /// The interface.
    pub api: Api,
    /// The language.
    pub language: Language,
}

/// A payment after a step, for the answer.
pub struct Ended<'a> {
    /// As the first statement left it.
    pub standing: &'a Standing,
    /// Where it is now.
    pub state: State,
    /// The issuer's approval number, if it is known.
    pub approval_number: Option<&'a str>,
    /// What was posted, each with its kind's name.
    pub postings: &'a [(&'static str, Posting)],
}

impl Ended<'_> {
    /// The payment in a list's words. Its version is the one that the second statement makes.
    fn brief(&self) -> PaymentBrief {
        let (standing, minor) = (self.standing, self.standing.money.minor());
        // A step that reaches CAPTURED has just captured all of it.
        let captured = if self.state == State::Captured { minor } else { 0 };
        PaymentBrief {
            payment_id: standing.payment,
            order_id: standing.order,
            status: self.state.name().to_owned(),
            amount: minor,
            currency: standing.money.currency().code().to_owned(),
            captured_amount: captured,
            refunded_amount: 0,
            refundable_amount: captured,
            approval_number: self.approval_number.map(str::to_owned),
            version: i64::from(standing.version) + 1,
            created_at: standing.created_at,
            updated_at: clock::now().trunc_subsecs(MICROSECONDS),
        }
    }

    fn ledger_entries(&self) -> Vec<LedgerEntry> {
        let entry = |kind: &'static str, currency: Currency, line: &Line| LedgerEntry {
            entry: None,
            kind: kind.to_owned(),
            account: line.account.code().to_owned(),
            amount: line.minor,
            currency: currency.code().to_owned(),
            posted_at: None,
        };
        let of = |(kind, posting): &(&'static str, Posting)| {
            let lines = posting.lines().iter();
            lines.map(|line| entry(kind, posting.currency(), line)).collect::<Vec<_>>()
        };
        self.postings.iter().flat_map(of).collect()
    }
}

impl Api {
    fn of(route: Option<&str>) -> Self {
        if route.is_some_and(|route| route.starts_with(STEP_ROUTES)) { Self::Step } else { Self::Resource }
    }
}

/// How refusals of a route look, for [`guest::serve_in`].
#[must_use]
pub fn refusals(route: Option<&str>) -> guest::Face {
    match Api::of(route) {
        Api::Step => bare,
        Api::Resource => Answer::refusal,
    }
}

fn bare(problem: &Problem, language: Language) -> Answer {
    let (status, body) = wire::step_refusal(problem, language);
    let answer = Answer::written(status, body);
    match problem.retry_after_s() {
        Some(seconds) => answer.header("retry-after", seconds.into()),
        None => answer,
    }
}

impl Face {
    /// The face of a request.
    #[must_use]
    pub fn of(call: &Call) -> Self {
        Self { api: Api::of(call.route()), language: call.language() }
    }

    /// Status and bytes of a success: `bare` for the step API, `result` in the envelope.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn success<B: Serialize, R: Serialize>(
        &self,
        bare: impl FnOnce() -> Result<B, Failure>,
        result: impl FnOnce() -> R,
    ) -> Result<(u16, String), Failure> {
        let body = match self.api {
            Api::Step => serde_json::to_vec(&bare()?),
            Api::Resource => wire::envelope(Success::Ok, self.language, &result()),
        };
        let text = String::from_utf8(body.map_err(Failure::fault)?).map_err(Failure::fault)?;
        Ok((Success::Ok.status(), text))
    }

    /// The same value in both faces.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn ok<T: Serialize>(&self, result: &T) -> Result<Answer, Failure> {
        let (status, body) = self.success(|| Ok(result), || result)?;
        Ok(self.answer(status, body))
    }

    /// An answer in this face's language.
    #[must_use]
    pub fn answer(&self, status: u16, body: String) -> Answer {
        Answer::written(status, body)
            .header("content-language", HeaderValue::from_static(self.language.tag()))
    }

    /// Status and bytes of a step that was done.
    ///
    /// # Errors
    /// When they cannot be written as JSON.
    pub fn done(&self, ended: &Ended<'_>) -> Result<(u16, String), Failure> {
        let brief = ended.brief();
        let bare = || {
            let answer = self.step_answer(&brief)?;
            Ok(StepAnswer { ledger_entries: ended.ledger_entries(), ..answer })
        };
        self.success(bare, || &brief)
    }

    /// Status and bytes about a payment as it is read.
    ///
    /// # Errors
    /// When they cannot be written as JSON.
    pub fn told(&self, payment: &PaymentBrief) -> Result<(u16, String), Failure> {
        self.success(|| self.step_answer(payment), || payment)
    }

    /// Status and bytes of a refusal.
    ///
    /// # Errors
    /// Never in practice: both writers make UTF-8.
    pub fn refusal(&self, problem: &Problem) -> Result<(u16, String), Failure> {
        let (status, body) = match self.api {
            Api::Step => wire::step_refusal(problem, self.language),
            Api::Resource => (problem.code().status(), wire::failure_envelope(problem, self.language)),
        };
        Ok((status, String::from_utf8(body).map_err(Failure::fault)?))
    }

    /// A stored answer, byte for byte, marked as such. Its language is that of the first request.
    #[must_use]
    pub fn replay(&self, status: u16, body: String) -> Answer {
        replayed(Answer::written(status, body), true)
    }

    /// The step API's answer about a payment, nothing posted.
    ///
    /// # Errors
    /// A fault for a state that this program does not know.
    pub fn step_answer(&self, payment: &PaymentBrief) -> Result<StepAnswer, Failure> {
        let state = State::parse(&payment.status).map_err(Failure::fault)?;
        Ok(StepAnswer {
            payment_id: payment.payment_id,
            status: payment.status.clone(),
            amount: payment.amount,
            currency: payment.currency.clone(),
            created_at: payment.created_at,
            approval_number: payment.approval_number.clone(),
            ledger_entries: Vec::new(),
            refund_id: None,
            message: wire::step_message(state, self.language).to_owned(),
        })
    }
}

/// Marks an answer that an earlier request of the same key got as well.
#[must_use]
pub fn replayed(answer: Answer, replayed: bool) -> Answer {
    if replayed { answer.header("idempotent-replay", HeaderValue::from_static("true")) } else { answer }
}

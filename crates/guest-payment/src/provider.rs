//! Who moves the money: one need, two adapters. What an answer means is `rules_payment::provider`; what a provider's words
//! mean stands here, beside its wire format.
//!
//! Every call carries a key under which the provider executes it once, and ends within a deadline. Nothing here retries,
//! and nothing here writes a key or a card into a log. Next: `toss.rs` (the calls), `payment.rs` (reading the answer),
//! `codes.rs` (its error codes), `transport.rs` (what a broken connection means), `report.rs` (its list of transactions).

mod codes;
mod payment;
mod report;
mod sandbox;
mod toss;
mod transport;

use chrono::{DateTime, Utc};
use guest::{Failure, settings};
use rules_payment::Money;
use rules_payment::provider::{Approval, Decline, Doubt, Mismatch, NotDone, Outcome};

pub use report::{Movement, ReportFault, TRANSACTIONS_MAX, Transaction};
use sandbox::Sandbox;
use toss::Toss;

/// Milliseconds that a call to the provider may take.
pub const DEADLINE_MS: u32 = 5_000;

/// What every call that moves money says.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Our own order id at the provider: `rules_payment::provider::order_id`.
    pub reference: &'a str,
    /// How much: the payment's amount; of a refund the part that is given back.
    pub money: Money,
    /// The key under which the provider executes this once: `rules_payment::provider::idempotency_key`.
    pub key: &'a str,
    /// The merchant's public name.
    pub merchant: &'a str,
    /// Milliseconds until the outcome is unknown.
    pub deadline_ms: u32,
}

/// A call that was made, and what it came to.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What it came to.
    pub outcome: Outcome,
    /// How long it took.
    pub duration_ms: u32,
}

/// What the provider has under our order id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Nothing. No proof that nothing will come: a request may still be under way, so the step is repeated with the
    /// same key, never with another.
    Nothing,
    /// A customer's checkout that nobody confirmed.
    Pending(Approval),
    /// The money is held.
    Held(Approval),
    /// The money is taken.
    Taken(Approval),
    /// All of it was given back, or no longer held.
    Canceled(Approval),
    /// A part of it was given back: what was asked for, and what is left.
    PartlyCanceled(Mismatch),
    /// The provider decided against it.
    Declined(Decline),
    /// It has another amount, currency or order than ours.
    Review(Mismatch),
    /// It could not be asked.
    Unknown(Doubt),
    /// The question was refused.
    NotDone(NotDone),
}

/// An answered question.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What was seen.
    pub sight: Sight,
    /// How long it took.
    pub duration_ms: u32,
}

/// What the payment components need of a provider. Amounts are compared with what was asked before an outcome is
/// called approved.
#[expect(async_fn_in_trait, reason = "components have one thread: futures need not be Send")]
pub trait Provider {
    /// Its name in the database: `toss`, `sandbox`.
    fn name(&self) -> &'static str;
    /// Holds the money.
    async fn authorize(&self, ask: &Ask<'_>) -> Exchange;
    /// Approves and takes the money of a customer's checkout in one step.
    async fn confirm(&self, ask: &Ask<'_>, payment_key: &str) -> Exchange;
    /// Takes the money that is held.
    async fn capture(&self, ask: &Ask<'_>, payment_key: &str) -> Exchange;
    /// Lets go of the money that is held.
    async fn void(&self, ask: &Ask<'_>, payment_key: &str) -> Exchange;
    /// Gives back `ask.money` of what was taken.
    async fn refund(&self, ask: &Ask<'_>, payment_key: &str, reason: &str) -> Exchange;
    /// Looks up a payment by our own order id.
    async fn inquire(&self, reference: &str, money: Money, deadline_ms: u32) -> Seen;
    /// Money taken and given back in `[from, to)`, oldest first, after a transaction; [`TRANSACTIONS_MAX`] at most.
    ///
    /// # Errors
    /// When the provider does not answer, or its report cannot be read.
    async fn transactions(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        after: Option<&str>,
    ) -> Result<Vec<Transaction>, ReportFault>;
}

/// The provider that is configured.
pub enum Adapter {
    /// Toss Payments.
    Toss(Toss),
    /// The sandbox: Toss's wire format, and two steps.
    Sandbox(Sandbox),
}

/// Reads the variables `payment_provider`, `toss_api_url` and `toss_secret_key`. Its calls are a part of the trace.
///
/// # Errors
/// A fault when one is missing or the sandbox is given a key that moves real money.
pub async fn configured(traceparent: Option<&str>) -> Result<Adapter, Failure> {
    let (url, key) =
        (settings::variable("toss_api_url").await?, settings::variable("toss_secret_key").await?);
    let toss = Toss::new(&url, &key, traceparent);
    match &*settings::variable("payment_provider").await? {
        "toss" => Ok(Adapter::Toss(toss)),
        "sandbox" if key.starts_with("test_") => Ok(Adapter::Sandbox(Sandbox::new(toss))),
        "sandbox" => {
            Err(Failure::fault("payment_provider is sandbox, but toss_secret_key is no test key (test_…)"))
        }
        _ => Err(Failure::fault("variable payment_provider: toss or sandbox")),
    }
}

impl Seen {
    /// What became of an authorize or a confirm; none: it is repeated with the same key.
    #[must_use]
    pub fn of_first_step(&self) -> Option<Outcome> {
        match &self.sight {
            Sight::Nothing | Sight::Pending(_) => None,
            Sight::Held(approval) | Sight::Taken(approval) => Some(Outcome::Approved(approval.clone())),
            // Somebody at the provider gave it back before we knew that it was approved.
            Sight::Canceled(approval) => Some(Outcome::GivenBack(approval.clone())),
            Sight::PartlyCanceled(left) => Some(Outcome::Review(left.clone())),
            Sight::Declined(decline) => Some(Outcome::Declined(decline.clone())),
            Sight::Review(mismatch) => Some(Outcome::Review(mismatch.clone())),
            Sight::Unknown(doubt) => Some(Outcome::Unknown(*doubt)),
            // The question was refused, which tells nothing about the payment.
            Sight::NotDone(_) => Some(Outcome::Unknown(Doubt::Unreadable)),
        }
    }

    /// What became of a void; none: it is repeated with the same key.
    #[must_use]
    pub fn of_void(&self) -> Option<Outcome> {
        match &self.sight {
            Sight::Held(_) | Sight::Taken(_) => None,
            Sight::Canceled(approval) => Some(Outcome::Approved(approval.clone())),
            Sight::Review(mismatch) => Some(Outcome::Review(mismatch.clone())),
            Sight::Unknown(doubt) => Some(Outcome::Unknown(*doubt)),
            Sight::Nothing
            | Sight::Pending(_)
            | Sight::PartlyCanceled(_)
            | Sight::Declined(_)
            | Sight::NotDone(_) => Some(Outcome::Unknown(Doubt::Unreadable)),
        }
    }
}

macro_rules! either {
    ($self:ident, $adapter:ident => $call:expr) => {
        match $self {
            Adapter::Toss($adapter) => $call,
            Adapter::Sandbox($adapter) => $call,
        }
    };
}

impl Provider for Adapter {
    fn name(&self) -> &'static str {
        either!(self, adapter => adapter.name())
    }

    async fn authorize(&self, ask: &Ask<'_>) -> Exchange {
        either!(self, adapter => adapter.authorize(ask).await)
    }

    async fn confirm(&self, ask: &Ask<'_>, payment_key: &str) -> Exchange {
        either!(self, adapter => adapter.confirm(ask, payment_key).await)
    }

    async fn capture(&self, ask: &Ask<'_>, payment_key: &str) -> Exchange {
        either!(self, adapter => adapter.capture(ask, payment_key).await)
    }

    async fn void(&self, ask: &Ask<'_>, payment_key: &str) -> Exchange {
        either!(self, adapter => adapter.void(ask, payment_key).await)
    }

    async fn refund(&self, ask: &Ask<'_>, payment_key: &str, reason: &str) -> Exchange {
        either!(self, adapter => adapter.refund(ask, payment_key, reason).await)
    }

    async fn inquire(&self, reference: &str, money: Money, deadline_ms: u32) -> Seen {
        either!(self, adapter => adapter.inquire(reference, money, deadline_ms).await)
    }

    async fn transactions(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        after: Option<&str>,
    ) -> Result<Vec<Transaction>, ReportFault> {
        either!(self, adapter => adapter.transactions(from, to, after).await)
    }
}

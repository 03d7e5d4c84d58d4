//! The provider behind its circuit breaker: every call asks leave and tells how it went.

use guest::Failure;
use rules_payment::{Outcome, provider::idempotency_key};

use crate::{
    breaker::{self, PROVIDER},
    provider::{Adapter, Ask, DEADLINE_MS, Provider, Sight, configured},
    step::{Called, Kind, LEASE_MS, Standing},
};

/// A step may look up, ask, and read whose payment key it was given: all of it ends before anybody else may go on with
/// it.
const _: () = assert!(DEADLINE_MS * 3 < LEASE_MS.unsigned_abs());

/// A provider and the breaker in front of it.
pub(crate) struct Gateway {
    adapter: Adapter,
}

/// What became of a request to move money.
pub(crate) enum Sent {
    /// It was made.
    Answered(Outcome, Called),
    /// Nothing was sent.
    NotPermitted { retry_after_s: u32 },
}

/// What a look at the provider showed.
pub(crate) enum LookedUp {
    /// What became of the step, or that it is still unknown.
    Known(Outcome, Called),
    /// The step is to be sent again, with the same key.
    Absent,
    /// Nothing was asked.
    NotPermitted { retry_after_s: u32 },
}

impl Gateway {
    pub(crate) async fn open(traceparent: Option<&str>) -> Result<Self, Failure> {
        Ok(Self { adapter: configured(traceparent).await? })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.adapter.name()
    }

    /// Sends a step, under the key of its attempt: the provider executes each key once.
    pub(crate) async fn ask(&self, kind: Kind, standing: &Standing, merchant: &str) -> Result<Sent, Failure> {
        let attempt = u32::try_from(standing.attempt).map_err(Failure::fault)?;
        let key = idempotency_key(standing.payment, kind.name(), attempt);
        let ask = Ask {
            reference: &standing.reference,
            money: standing.money,
            key: &key,
            merchant,
            deadline_ms: DEADLINE_MS,
        };
        let payment_key = || {
            let missing = || Failure::fault(format!("payment {} has no payment key", standing.payment));
            standing.payment_key.as_deref().ok_or_else(missing)
        };
        let permit = match breaker::ask(PROVIDER).await {
            Ok(permit) => permit,
            Err(refused) => return Ok(Sent::NotPermitted { retry_after_s: refused.retry_after_s }),
        };
        let exchange = match kind {
            Kind::Authorize => self.adapter.authorize(&ask).await,
            Kind::Confirm => self.adapter.confirm(&ask, payment_key()?).await,
            Kind::Void => self.adapter.void(&ask, payment_key()?).await,
        };
        permit.ended(&exchange.outcome, exchange.duration_ms).await;
        let duration_ms = i32::try_from(exchange.duration_ms).unwrap_or(i32::MAX);
        Ok(Sent::Answered(exchange.outcome, Called { duration_ms }))
    }

    /// Asks what became of a step that may have been sent, by our own order id.
    pub(crate) async fn look_up(&self, kind: Kind, standing: &Standing) -> LookedUp {
        let permit = match breaker::ask(PROVIDER).await {
            Ok(permit) => permit,
            Err(refused) => return LookedUp::NotPermitted { retry_after_s: refused.retry_after_s },
        };
        let seen = self.adapter.inquire(&standing.reference, standing.money, DEADLINE_MS).await;
        let silent = matches!(seen.sight, Sight::Unknown(_));
        permit.done(!silent, seen.duration_ms).await;
        let outcome = match kind {
            Kind::Authorize | Kind::Confirm => seen.of_first_step(),
            Kind::Void => seen.of_void(),
        };
        let duration_ms = i32::try_from(seen.duration_ms).unwrap_or(i32::MAX);
        outcome.map_or(LookedUp::Absent, |outcome| LookedUp::Known(outcome, Called { duration_ms }))
    }
}

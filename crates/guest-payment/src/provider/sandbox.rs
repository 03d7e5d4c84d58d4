//! The sandbox: Toss's wire format, and the two steps that Toss does not have. Business logic never knows the difference.

use chrono::{DateTime, Utc};
use rules_payment::Money;
use serde::Serialize;
use serde_json::value::RawValue;

use super::payment::{Wanted, number};
use super::toss::{Toss, path_part};
use super::{Ask, Exchange, Provider, ReportFault, Seen, Transaction};

/// The adapter.
pub struct Sandbox {
    toss: Toss,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Authorize<'a> {
    order_id: &'a str,
    amount: Box<RawValue>,
    currency: &'static str,
    merchant: &'a str,
}

#[derive(Serialize)]
struct Nothing {}

impl Sandbox {
    pub(super) fn new(toss: Toss) -> Self {
        Self { toss }
    }
}

impl Provider for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    async fn authorize(&self, ask: &Ask<'_>) -> Exchange {
        let body = Authorize {
            order_id: ask.reference,
            amount: number(ask.money),
            currency: ask.money.currency().code(),
            merchant: ask.merchant,
        };
        self.toss.post("/v1/payments/authorize", &body, ask, Wanted::Held).await
    }

    async fn confirm(&self, ask: &Ask<'_>, payment_key: &str) -> Exchange {
        self.toss.confirm(ask, payment_key).await
    }

    async fn capture(&self, ask: &Ask<'_>, payment_key: &str) -> Exchange {
        let path = format!("/v1/payments/{}/capture", path_part(payment_key));
        self.toss.post(&path, &Nothing {}, ask, Wanted::Taken).await
    }

    async fn void(&self, ask: &Ask<'_>, payment_key: &str) -> Exchange {
        self.toss.void(ask, payment_key).await
    }

    async fn refund(&self, ask: &Ask<'_>, payment_key: &str, reason: &str) -> Exchange {
        self.toss.refund(ask, payment_key, reason).await
    }

    async fn inquire(&self, reference: &str, money: Money, deadline_ms: u32) -> Seen {
        self.toss.inquire(reference, money, deadline_ms).await
    }

    async fn transactions(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        after: Option<&str>,
    ) -> Result<Vec<Transaction>, ReportFault> {
        self.toss.transactions(from, to, after).await
    }
}

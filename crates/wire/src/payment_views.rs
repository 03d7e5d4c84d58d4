//! What is read of payments and refunds: one with its whole life, and pages of them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{LedgerEntry, PaymentBrief, ProviderCall, Refund, TimelineEntry};

/// `GET /api/payments/{id}` (bare) and `GET /api/v1/payments/{id}` (in the envelope): a payment's whole life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentDetail {
    /// As in a list.
    #[serde(flatten)]
    pub brief: PaymentBrief,
    /// Whether the capture is asked for as soon as it is authorized.
    pub auto_capture: bool,
    /// The provider's name, e.g. `toss`.
    pub provider: String,
    /// Our own order id at the provider.
    pub provider_reference: String,
    /// The provider's name of the payment, once it gave one.
    pub payment_key: Option<String>,
    /// Minor units in refunds that are under way.
    pub reserved_amount: i64,
    /// Minor units taken back by the card holder's bank.
    pub charged_back_amount: i64,
    /// What the provider did and what was asked of it, where the two differ.
    pub review: Option<serde_json::Value>,
    /// Since when nobody knows what the provider did, RFC 3339.
    pub unknown_since: Option<DateTime<Utc>>,
    /// Every move, in order.
    pub timeline: Vec<TimelineEntry>,
    /// Every ledger line, in order.
    pub ledger_entries: Vec<LedgerEntry>,
    /// Its refunds.
    pub refunds: Vec<Refund>,
    /// Every exchange with the provider, in order.
    pub provider_calls: Vec<ProviderCall>,
}

/// `GET /api/payments` (bare) and `GET /api/v1/payments`: newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentPage {
    /// Newest first.
    pub payments: Vec<PaymentBrief>,
    /// Whether more follow.
    pub has_next: bool,
    /// What to send as `cursor` for them.
    pub next_cursor: Option<String>,
}

/// `POST /api/v1/refunds`: the refund and where its payment is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefundRequested {
    /// The refund.
    pub refund: Refund,
    /// The payment.
    #[serde(flatten)]
    pub payment: PaymentBrief,
}

/// `GET /api/v1/refunds`: newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefundPage {
    /// Newest first.
    pub refunds: Vec<Refund>,
    /// Whether more follow.
    pub has_next: bool,
    /// What to send as `cursor` for them.
    pub next_cursor: Option<String>,
}

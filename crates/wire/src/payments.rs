//! Bodies of the payment routes (design: payments), both of the step API, whose bodies are bare, and of the resource API,
//! whose results are in the envelope. Amounts are whole minor units: a number with a fraction or an exponent is refused.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Body of `POST /api/payments/authorize`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuthorizeBody {
    /// The merchant's public name, up to 32 characters. Signed callers may leave it out.
    pub merchant_id: Option<String>,
    /// Minor units, from 1.
    pub amount: i64,
    /// ISO 4217, in capital letters.
    pub currency: String,
    /// 1 to 64 visible ASCII characters; the header `Idempotency-Key` may stand for it.
    pub idempotency_key: Option<String>,
    /// Whether the capture is asked for at once; true when absent.
    pub auto_capture: Option<bool>,
}

/// Body of `POST /api/payments/capture/{paymentId}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CaptureBody {
    /// As in [`AuthorizeBody`].
    pub merchant_id: Option<String>,
}

/// Body of `POST /api/payments/refund/{paymentId}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefundBody {
    /// As in [`AuthorizeBody`].
    pub merchant_id: Option<String>,
    /// 1 to 128 characters.
    pub reason: String,
    /// Minor units; all that is left when absent.
    pub amount: Option<i64>,
}

/// Body of `POST /api/payments/void/{paymentId}` and `POST /api/v1/payments/{id}/void`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VoidBody {
    /// As in [`AuthorizeBody`]; the resource API does not read it.
    pub merchant_id: Option<String>,
    /// Up to 128 characters.
    pub reason: Option<String>,
}

/// Body of `POST /api/v1/payments`. Amount and currency are the order's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentCreateBody {
    /// The order to pay.
    pub order_id: i64,
    /// Whether the capture is asked for as soon as it is authorized; true when absent.
    pub auto_capture: Option<bool>,
}

/// Body of `POST /api/v1/payments/{id}/confirm`: what the provider's widget handed to the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfirmBody {
    /// The provider's name of the payment, up to 200 characters.
    pub payment_key: String,
    /// Minor units the customer saw; compared with the order's, never taken over.
    pub amount: i64,
}

/// Body of `POST /api/v1/refunds`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefundCreateBody {
    /// The payment.
    pub payment_id: i64,
    /// Minor units; all that is left when absent.
    pub amount: Option<i64>,
    /// 1 to 128 characters.
    pub reason: String,
}

/// A ledger line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LedgerEntry {
    /// Which journal of the payment, from 1; its lines sum to zero. Absent in the answer to the step that posts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<i64>,
    /// `AUTHORIZE`, `CAPTURE`, `REFUND`, `VOID`, `FEE` or `SETTLEMENT`.
    pub kind: String,
    /// E.g. `PROVIDER_RECEIVABLE`.
    pub account: String,
    /// Minor units: debit positive, credit negative.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// RFC 3339. Absent in the answer to the step that posts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted_at: Option<DateTime<Utc>>,
}

/// Answer of a step of the step API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StepAnswer {
    /// The payment's id: a JSON number.
    pub payment_id: i64,
    /// Where the payment is, e.g. `AUTHORIZED`, `CAPTURE_REQUESTED`.
    pub status: String,
    /// Minor units; in the answer to a refund those of the refund.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// When the payment was made, RFC 3339.
    pub created_at: DateTime<Utc>,
    /// The issuer's approval number, where there is one.
    pub approval_number: Option<String>,
    /// What this step posted.
    pub ledger_entries: Vec<LedgerEntry>,
    /// The refund, in the answer to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<i64>,
    /// What happens next, for people.
    pub message: String,
}

/// A payment in a list, and the result of a step of the resource API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentBrief {
    /// The payment's id: a JSON number.
    pub payment_id: i64,
    /// The order it pays; absent for payments of the step API.
    pub order_id: Option<i64>,
    /// Where it is, e.g. `CAPTURED`.
    pub status: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Minor units captured.
    pub captured_amount: i64,
    /// Minor units refunded.
    pub refunded_amount: i64,
    /// Minor units that can still be refunded.
    pub refundable_amount: i64,
    /// The issuer's approval number, where there is one.
    pub approval_number: Option<String>,
    /// Rises with every move.
    pub version: i64,
    /// RFC 3339.
    pub created_at: DateTime<Utc>,
    /// RFC 3339.
    pub updated_at: DateTime<Utc>,
}

/// A move of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TimelineEntry {
    /// From 1.
    pub seq: i64,
    /// Where it was; absent in the first entry.
    pub from: Option<String>,
    /// Where it went.
    pub to: String,
    /// What moved it, e.g. `authorize`, `webhook`.
    pub cause: String,
    /// Who, e.g. `key:mk_7_ab12`.
    pub actor: String,
    /// What the actor said about it.
    pub reason: Option<String>,
    /// RFC 3339.
    pub at: DateTime<Utc>,
}

/// An exchange with the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProviderCall {
    /// From 1.
    pub seq: i64,
    /// E.g. `authorize`.
    pub step: String,
    /// Rises only after a failure that is known.
    pub attempt: i64,
    /// `APPROVED`, `DECLINED`, `UNKNOWN`, `ERROR` or `REVIEW`.
    pub outcome: String,
    /// The provider's code, where it gave one.
    pub code: Option<String>,
    /// Milliseconds until the answer.
    pub duration_ms: i64,
    /// RFC 3339.
    pub at: DateTime<Utc>,
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// The refund's id.
    pub refund_id: i64,
    /// The payment's id.
    pub payment_id: i64,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// What the merchant said.
    pub reason: String,
    /// `REQUESTED`, `COMPLETED` or `FAILED`.
    pub status: String,
    /// RFC 3339.
    pub requested_at: DateTime<Utc>,
    /// RFC 3339; absent while it is under way.
    #[serde(default)]
    pub finished_at: Option<DateTime<Utc>>,
}

//! Bodies of reconciliation and settlement (design: payments, §7). Amounts are whole minor units.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Result of `GET /api/v1/reconciliation`: what our payments, our ledger and the provider's report say of a time, and
/// every payment on which they differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Reconciliation {
    /// Beginning of the time, RFC 3339.
    pub from: DateTime<Utc>,
    /// Its end, which is not part of it, RFC 3339.
    pub to: DateTime<Utc>,
    /// The sums of all three, by currency.
    pub totals: Vec<ReconciledTotal>,
    /// Differences, by payment.
    pub differences: Vec<ReconciledPayment>,
    /// Whether there may be more.
    pub has_next: bool,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// Sums of one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReconciledTotal {
    /// ISO 4217.
    pub currency: String,
    /// Payments that were captured.
    pub payments: i64,
    /// Captured, by the payments.
    pub captured: i64,
    /// Captured, by the ledger.
    pub ledger_captured: i64,
    /// Captured, by the provider's report.
    #[serde(default)]
    pub provider_captured: i64,
    /// Refunded, by the refunds.
    pub refunded: i64,
    /// Refunded, by the ledger.
    pub ledger_refunded: i64,
    /// Refunded, by the provider's report.
    #[serde(default)]
    pub provider_refunded: i64,
}

/// A payment on which the three differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReconciledPayment {
    /// Our payment's id, also when only the provider knows it.
    pub payment_id: i64,
    /// Our order id at the provider.
    pub reference: String,
    /// ISO 4217.
    pub currency: String,
    /// Where the payment is; absent when we do not have it.
    pub status: Option<String>,
    /// What differs, e.g. `NOT_AT_PROVIDER`.
    pub differences: Vec<String>,
    /// Captured, by the payment.
    pub captured: i64,
    /// Captured, by the ledger.
    pub ledger_captured: i64,
    /// Captured, by the provider's report.
    pub provider_captured: i64,
    /// Refunded, by the refunds.
    pub refunded: i64,
    /// Refunded, by the ledger.
    pub ledger_refunded: i64,
    /// Refunded, by the provider's report.
    pub provider_refunded: i64,
}

/// A settlement file of a provider and how its rows match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SettlementFile {
    /// The file's id.
    pub file_id: i64,
    /// Whose file.
    pub provider: String,
    /// The name it was given.
    pub name: String,
    /// `LOADING`, or `DONE`.
    pub status: String,
    /// Rows, those of the next three together.
    pub rows: i64,
    /// Rows that match a payment.
    pub matched: i64,
    /// Rows that match none, each with its reason.
    pub unmatched: i64,
    /// Rows that cannot be read, each with its line.
    pub bad: i64,
    /// Sums of what can be read.
    pub sums: Vec<SettlementSum>,
    /// Who uploaded it.
    pub uploaded_by: String,
    /// When, RFC 3339.
    pub uploaded_at: DateTime<Utc>,
}

/// Sums of one currency and kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SettlementSum {
    /// ISO 4217.
    pub currency: String,
    /// `PAYMENT` or `CANCEL`.
    pub kind: String,
    /// Sum of the amounts.
    pub amount: i64,
    /// Sum of the fees.
    pub fee: i64,
}

/// One row of a settlement file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SettlementRow {
    /// Its line in the file.
    pub line: i64,
    /// `MATCHED`, `UNMATCHED`, or `BAD`.
    pub status: String,
    /// Why it is not matched.
    pub reason: Option<String>,
    /// The payment it matches.
    pub payment_id: Option<i64>,
    /// The order id in the row.
    pub reference: Option<String>,
    /// `PAYMENT` or `CANCEL`.
    pub kind: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Minor units.
    pub amount: Option<i64>,
    /// Minor units.
    pub fee: Option<i64>,
    /// The day it is paid out.
    pub settled_on: Option<String>,
    /// The row as it stands in the file, when it cannot be read.
    pub text: Option<String>,
}

/// Body of `POST /api/v1/reconciliation/batches`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BatchCreateBody {
    /// A day of UTC that is over, e.g. `2026-01-31`.
    pub day: String,
}

/// What a merchant is owed for a day, in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SettlementBatch {
    /// The batch's id.
    pub batch_id: i64,
    /// The day, UTC.
    pub day: String,
    /// ISO 4217.
    pub currency: String,
    /// How many captures.
    pub captures: i64,
    /// How many refunds.
    pub refunds: i64,
    /// Sum of the captures.
    pub captured: i64,
    /// Sum of the refunds.
    pub refunded: i64,
    /// Sum of the fees.
    pub fees: i64,
    /// Captured less refunded less fees.
    pub net: i64,
    /// `OPEN`, or `PAID`.
    pub status: String,
    /// When it was made, RFC 3339.
    pub created_at: DateTime<Utc>,
}

/// One capture or refund of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SettlementItem {
    /// Its number in the batch.
    pub item_id: i64,
    /// The payment.
    pub payment_id: i64,
    /// The refund, if it is one.
    pub refund_id: Option<i64>,
    /// `CAPTURE` or `REFUND`.
    pub kind: String,
    /// Minor units.
    pub amount: i64,
    /// Minor units.
    pub fee: i64,
    /// When, RFC 3339.
    pub occurred_at: DateTime<Utc>,
}

/// The batches of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DayBatches {
    /// One per currency; none when nothing was captured or refunded.
    pub batches: Vec<SettlementBatch>,
}

/// A batch with everything in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BatchReport {
    /// The batch.
    pub batch: SettlementBatch,
    /// Its items, by number.
    pub items: Vec<SettlementItem>,
}

macro_rules! pages {
    ($($(#[$about:meta])* $page:ident $field:ident $entry:ident;)+) => { $(
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase")]
        pub struct $page {
            /// The entries.
            pub $field: Vec<$entry>,
            /// Whether there are more.
            pub has_next: bool,
            /// Where the next page begins.
            pub next_cursor: Option<String>,
        }
    )+ };
}

pages! {
    /// A page of settlement files, newest first.
    SettlementFilePage files SettlementFile;
    /// A page of a file's rows, by line.
    SettlementRowPage rows SettlementRow;
    /// A page of batches, newest first.
    SettlementBatchPage batches SettlementBatch;
    /// A page of a batch's items, by number.
    SettlementItemPage items SettlementItem;
}

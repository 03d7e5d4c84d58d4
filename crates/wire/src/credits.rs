//! Bodies of the credit routes (design: payments).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Body of `POST /api/v1/credits/{charge,reserve,confirm,cancel,refund,expire}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreditBody {
    /// The merchant's name of its customer, 1 to 64 characters.
    pub user_id: String,
    /// ISO 4217, in capital letters.
    pub currency: String,
    /// Minor units, from 1. Confirm and cancel take all of the reservation when it is absent.
    pub amount: Option<i64>,
    /// The reservation to confirm, cancel or give back.
    pub reservation_id: Option<i64>,
    /// The merchant's own, up to 64 characters.
    pub reference: Option<String>,
}

/// An entry of an account. Entries are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreditEntryView {
    /// From 1, without gaps.
    pub seq: i64,
    /// `CHARGE`, `RESERVE`, `CONFIRM`, `CANCEL`, `REFUND` or `EXPIRE`.
    pub kind: String,
    /// Minor units.
    pub amount: i64,
    /// The reservation it belongs to.
    pub reservation_id: Option<i64>,
    /// The merchant's own.
    pub reference: Option<String>,
    /// The balance with it.
    pub balance_after: i64,
    /// What is reserved with it.
    pub reserved_after: i64,
    /// RFC 3339.
    pub created_at: DateTime<Utc>,
}

/// `GET /api/v1/credits/{userId}`: an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreditAccount {
    /// The merchant's name of its customer.
    pub user_id: String,
    /// ISO 4217.
    pub currency: String,
    /// All credits, the reserved ones included.
    pub balance: i64,
    /// Set aside.
    pub reserved: i64,
    /// `balance − reserved`, never below nothing.
    pub available: i64,
}

/// Result of a change: the account and its new entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreditChanged {
    /// The account.
    #[serde(flatten)]
    pub account: CreditAccount,
    /// The entry.
    pub entry: CreditEntryView,
}

/// `GET /api/v1/credits/{userId}/entries`: newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreditEntryPage {
    /// Newest first.
    pub entries: Vec<CreditEntryView>,
    /// Whether more follow.
    pub has_next: bool,
    /// What to send as `cursor` for them.
    pub next_cursor: Option<String>,
}

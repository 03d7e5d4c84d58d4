//! Bodies of the order routes (design: payments). Amounts are whole minor units.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// 1 to 64 characters.
    pub product_id: String,
    /// 1 to 200 characters.
    pub product_name: String,
    /// Pieces, 1 to 100,000.
    pub quantity: i64,
    /// Minor units of one piece, from 0.
    pub unit_price: i64,
}

/// Body of `POST /api/v1/orders`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderCreateBody {
    /// The merchant's name of its customer, 1 to 64 characters.
    pub user_id: String,
    /// 1 to 100 lines.
    pub line_items: Vec<OrderLine>,
    /// ISO 4217, in capital letters.
    pub currency: String,
    /// The merchant's own, given back as it was; up to 4,096 bytes of JSON.
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// The order's id.
    pub order_id: i64,
    /// The merchant's name of its customer.
    pub user_id: String,
    /// `PENDING`, `PAID`, `COMPLETED`, `CANCELLED` or `FAILED`.
    pub status: String,
    /// ISO 4217.
    pub currency: String,
    /// Minor units of all lines.
    pub total_amount: i64,
    /// As it was sent.
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// The lines.
    pub line_items: Vec<OrderLine>,
    /// The payment that pays it, where there is one.
    pub payment_id: Option<i64>,
    /// RFC 3339.
    pub created_at: DateTime<Utc>,
    /// RFC 3339.
    pub updated_at: DateTime<Utc>,
}

/// `GET /api/v1/orders`: newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderPage {
    /// Newest first.
    pub orders: Vec<Order>,
    /// Whether more follow.
    pub has_next: bool,
    /// What to send as `cursor` for them.
    pub next_cursor: Option<String>,
}

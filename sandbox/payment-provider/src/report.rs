//! What the provider really did, for tests and reconciliation: every charge, and all of them in one row.

use sandbox_kit::{Answer, Call, json};
use serde_json::{Value, json};

use crate::call::Refused;
use crate::charge::Charge;
use crate::database;
use crate::render::time;

const ROWS_DEFAULT: i64 = 100;
const ROWS_MAX: i64 = 1_000;

/// `GET /v1/sandbox/charges?after&limit&merchant&orderId&all`: oldest first; amounts in minor units.
pub(crate) async fn charges(call: &Call) -> Result<Answer, Refused> {
    let number = |name: &str, otherwise: i64, range: std::ops::RangeInclusive<i64>| match call.query.get(name)
    {
        None => Ok(otherwise),
        Some(text) => text
            .parse()
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| Refused::Steering(format!("{name} is {} to {}", range.start(), range.end()))),
    };
    let limit = number("limit", ROWS_DEFAULT, 1..=ROWS_MAX)?;
    let text = |name: &str| call.query.get(name).map(str::to_owned);
    let parameters = vec![
        number("after", 0, 0..=i64::MAX)?.into(),
        text("merchant").into(),
        text("orderId").into(),
        (call.query.get("all") == Some("true")).into(),
        limit.into(),
    ];
    let rows = database::query(include_str!("sql/charges.sql"), parameters).await?;
    let charges: Vec<Charge> = rows.iter().map(|row| Charge::read(row, 0)).collect::<Result<_, _>>()?;
    let is_full = i64::try_from(charges.len()).is_ok_and(|rows| rows == limit);
    let next = charges.last().filter(|_| is_full).map(|charge| charge.id);
    let listed: Vec<Value> = charges.iter().map(object).collect();
    Ok(json(200, &json!({ "charges": listed, "next": next })))
}

fn object(charge: &Charge) -> Value {
    json!({
        "chargeId": charge.id,
        "paymentKey": charge.key(),
        "orderId": charge.order_id,
        "merchant": charge.merchant,
        "idempotencyKey": charge.idempotency_key,
        "currency": charge.currency,
        "amount": charge.amount,
        "balance": charge.balance,
        "status": charge.status,
        "failure": charge.failure,
        "createdAt": time(charge.created_ms),
        "approvedAt": charge.approved_ms.and_then(time),
        "capturedAt": charge.captured_ms.and_then(time),
    })
}

/// `GET /v1/sandbox/charges/summary?merchant`: counts, sums per currency, orders charged more than once.
pub(crate) async fn summary(call: &Call) -> Result<Answer, Refused> {
    let merchant = call.query.get("merchant").map(str::to_owned);
    let row = database::one(include_str!("sql/summary.sql"), vec![merchant.into()]).await?;
    stored_json(&row.get::<String>(0)?)
}

/// JSON that the database made.
pub(crate) fn stored_json(text: &str) -> Result<Answer, Refused> {
    let value: Value = serde_json::from_str(text).map_err(|error| Refused::Database(error.to_string()))?;
    Ok(json(200, &value))
}

//! `GET /v1/transactions`: the provider's report of money taken and given back, by time.

use chrono::{DateTime, FixedOffset, NaiveDateTime};
use sandbox_kit::{Answer, Call, json};
use serde_json::{Value, json};

use crate::amount::number;
use crate::call::Refused;
use crate::database::{self, Row};
use crate::render::{time, transaction_key};
use crate::toss_error::TossError;

const ROWS_DEFAULT: i64 = 100;
const ROWS_MAX: i64 = 5_000;
const KOREA_S: i32 = 9 * 3600;

pub(crate) async fn list(call: &Call) -> Result<Answer, Refused> {
    let from = instant(call.query.get("startDate"))?;
    let to = instant(call.query.get("endDate"))?;
    let limit = match call.query.get("limit") {
        None => ROWS_DEFAULT,
        Some(text) => {
            text.parse().ok().filter(|rows| (1..=ROWS_MAX).contains(rows)).ok_or(TossError::InvalidRequest)?
        }
    };
    let after = match call.query.get("startingAfter") {
        None => None,
        Some(key) => Some(place(key).await?),
    };
    let (at, charge, transaction) = match after {
        None => (None, None, None),
        Some((at, charge, transaction)) => (Some(at), Some(charge), Some(transaction)),
    };
    let parameters = vec![from.into(), to.into(), at.into(), charge.into(), transaction.into(), limit.into()];
    let rows = database::query(include_str!("sql/transactions.sql"), parameters).await?;
    let listed: Vec<Value> = rows.iter().map(object).collect::<Result<_, _>>()?;
    Ok(json(200, &listed))
}

fn object(row: &Row) -> Result<Value, Refused> {
    let (at_ms, charge_id, transaction): (i64, i64, i32) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (secret, currency): (String, String) = (row.get(3)?, row.get(7)?);
    Ok(json!({
        "mId": row.get::<String>(6)?,
        "transactionKey": transaction_key(charge_id, transaction, &secret),
        "paymentKey": format!("tgen_{charge_id}_{secret}"),
        "orderId": row.get::<String>(4)?,
        "method": row.get::<String>(5)?,
        "useEscrow": false,
        "status": row.get::<String>(9)?,
        "transactionAt": time(at_ms),
        "currency": currency,
        "amount": number(row.get(8)?, &currency),
    }))
}

/// A time in Toss's spelling, without an offset Korea's; milliseconds since 1970.
fn instant(text: Option<&str>) -> Result<i64, Refused> {
    let text = text.ok_or(TossError::InvalidRequest)?;
    let zoned = DateTime::parse_from_rfc3339(text).ok();
    let local = || {
        let naive: NaiveDateTime = text.parse().ok()?;
        naive.and_local_timezone(FixedOffset::east_opt(KOREA_S)?).single()
    };
    Ok(zoned.or_else(local).ok_or(TossError::InvalidRequest)?.timestamp_millis())
}

/// When, and which, the transaction of this key is.
async fn place(key: &str) -> Result<(i64, i64, i32), Refused> {
    let mut parts = key.strip_prefix("tx_").ok_or(TossError::InvalidRequest)?.splitn(3, '_');
    let charge: Option<i64> = parts.next().and_then(|text| text.parse().ok());
    let number: Option<i32> = parts.next().and_then(|text| text.parse().ok());
    let (charge, number) = charge.zip(number).ok_or(TossError::InvalidRequest)?;
    let parameters = vec![charge.into(), number.into()];
    let rows = database::query(include_str!("sql/transaction_at.sql"), parameters).await?;
    let at: Option<i64> = rows.first().ok_or(TossError::InvalidRequest)?.get(0)?;
    Ok((at.ok_or(TossError::InvalidRequest)?, charge, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_an_offset_is_koreas() {
        let zoned = instant(Some("2024-01-01T00:00:00+09:00"));
        assert!(matches!((zoned, instant(Some("2024-01-01T00:00:00"))), (Ok(a), Ok(b)) if a == b));
        assert!(instant(Some("yesterday")).is_err());
        assert!(instant(None).is_err());
    }
}

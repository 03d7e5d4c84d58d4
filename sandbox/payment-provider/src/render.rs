//! A charge as Toss's payment object. A replayed answer is rendered for the moment it was first given, so that it is the
//! same to the byte.

use chrono::{DateTime, FixedOffset};
use serde_json::{Value, json};

use crate::amount::number;
use crate::call::Refused;
use crate::charge::Charge;
use crate::database::{self, Row};
use crate::toss_error::TossError;

/// Toss writes times in Korea's.
const KOREA_S: i32 = 9 * 3600;
const VERSION: &str = "2022-11-16";

/// When in a charge's life the answer was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Right after it was approved: nothing captured by a later call, nothing cancelled.
    Approved,
    /// Right after it was captured.
    Captured,
    /// Right after this cancel.
    Canceled(i32),
    /// As it is.
    Now,
}

/// Milliseconds since 1970 in Toss's spelling.
pub(crate) fn time(ms: i64) -> Option<String> {
    let korea = FixedOffset::east_opt(KOREA_S)?;
    Some(
        DateTime::from_timestamp_millis(ms)?.with_timezone(&korea).format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
    )
}

/// The payment object.
pub(crate) async fn payment(charge: &Charge, moment: Moment) -> Result<Value, Refused> {
    let last = match moment {
        Moment::Approved | Moment::Captured => return Ok(object(charge, moment, &[])),
        Moment::Canceled(number) => Some(number),
        Moment::Now if charge.balance == charge.amount || charge.approved_ms.is_none() => {
            return Ok(object(charge, moment, &[]));
        }
        Moment::Now => None,
    };
    let rows = database::query(include_str!("sql/cancels.sql"), vec![charge.id.into(), last.into()]).await?;
    let cancels: Vec<Cancel> = rows.iter().map(Cancel::read).collect::<Result<_, _>>()?;
    Ok(object(charge, moment, &cancels))
}

struct Cancel {
    number: i32,
    amount: i64,
    balance_after: i64,
    reason: String,
    canceled_ms: i64,
}

impl Cancel {
    fn read(row: &Row) -> Result<Self, Refused> {
        Ok(Self {
            number: row.get(0)?,
            amount: row.get(1)?,
            balance_after: row.get(2)?,
            reason: row.get(3)?,
            canceled_ms: row.get(4)?,
        })
    }

    fn object(&self, charge: &Charge) -> Value {
        json!({
            "cancelAmount": number(self.amount, &charge.currency),
            "cancelReason": self.reason,
            "canceledAt": time(self.canceled_ms),
            "transactionKey": transaction_key(charge.id, self.number, &charge.secret),
            "refundableAmount": number(self.balance_after, &charge.currency),
            "cancelStatus": "DONE",
        })
    }
}

/// The key of one movement of money: number 0 is the capture, the others are cancels.
pub(crate) fn transaction_key(charge_id: i64, number: i32, secret: &str) -> String {
    let tail: String = secret.chars().filter(char::is_ascii_hexdigit).take(12).collect();
    format!("tx_{charge_id}_{number}_{tail}")
}

fn object(charge: &Charge, moment: Moment, cancels: &[Cancel]) -> Value {
    let currency = charge.told_currency.as_deref().unwrap_or(&charge.currency);
    let total = charge.told_amount.unwrap_or(charge.amount);
    let is_captured = match moment {
        Moment::Approved => charge.captured_ms == charge.approved_ms,
        Moment::Captured | Moment::Canceled(_) | Moment::Now => charge.captured_ms.is_some(),
    };
    let balance = match (moment, cancels.last(), charge.approved_ms) {
        (_, _, None) if charge.failure.is_some() => 0,
        (_, Some(last), _) => last.balance_after,
        (_, None, _) => total,
    };
    let status = match (charge.approved_ms, cancels.last()) {
        (None, _) => charge.status.as_str(),
        (Some(_), None) => "DONE",
        (Some(_), Some(last)) if last.balance_after == 0 => "CANCELED",
        (Some(_), Some(_)) => "PARTIAL_CANCELED",
    };
    let last_number = cancels.last().map_or(0, |cancel| cancel.number);
    json!({
        "version": VERSION,
        "paymentKey": charge.key(),
        "type": "NORMAL",
        "orderId": charge.told_order_id.as_deref().unwrap_or(&charge.order_id),
        "orderName": charge.order_name,
        "mId": charge.merchant,
        "currency": currency,
        "method": charge.method,
        "totalAmount": number(total, currency),
        "balanceAmount": number(balance, currency),
        "status": status,
        "requestedAt": time(charge.created_ms),
        "approvedAt": charge.approved_ms.and_then(time),
        "useEscrow": false,
        "lastTransactionKey": charge.approved_ms.map(|_| transaction_key(charge.id, last_number, &charge.secret)),
        "isPartialCancelable": true,
        "cancels": if cancels.is_empty() { Value::Null } else {
            cancels.iter().map(|cancel| cancel.object(charge)).collect()
        },
        "card": charge.approved_ms.map(|_| json!({
            "approveNo": format!("{:08}", charge.id % 100_000_000),
            "acquireStatus": if is_captured { "COMPLETED" } else { "READY" },
            "installmentPlanMonths": 0,
            "amount": number(total, currency),
        })),
        "failure": charge.failure.as_deref().map(failure),
        "country": "KR",
    })
}

fn failure(case: &str) -> Value {
    let error = match crate::case::Case::named(case).map(|case| case.effect) {
        Some(crate::case::Effect::Decline(code)) => TossError::of_code(code),
        Some(_) | None => None,
    };
    let (_, code, message) = error.unwrap_or(TossError::RejectCardCompany).told();
    json!({ "code": code, "message": message })
}

#[cfg(test)]
pub(crate) fn for_tests() -> Charge {
    Charge {
        id: 7,
        secret: "0189d5e2-7b1a-7c3f-8a56-0123456789ab".to_owned(),
        order_id: "mo-1-42".to_owned(),
        order_name: "mo-1-42".to_owned(),
        merchant: "acme".to_owned(),
        method: "카드".to_owned(),
        currency: "KRW".to_owned(),
        amount: 1000,
        balance: 1000,
        status: "DONE".to_owned(),
        failure: None,
        told_order_id: None,
        told_currency: None,
        told_amount: None,
        created_ms: 1_700_000_000_000,
        approved_ms: Some(1_700_000_000_000),
        captured_ms: None,
        idempotency_key: Some("42-authorize-1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_says_what_was_said_before_the_capture() {
        let before = object(&for_tests(), Moment::Approved, &[]);
        let captured = Charge { captured_ms: Some(1_700_000_009_000), ..for_tests() };
        assert_eq!(object(&captured, Moment::Approved, &[]), before);
        assert_eq!(before["card"]["acquireStatus"], "READY");
        assert_eq!(object(&captured, Moment::Now, &[])["card"]["acquireStatus"], "COMPLETED");
        assert_eq!(before["approvedAt"], "2023-11-15T07:13:20+09:00");
    }

    #[test]
    fn an_echo_that_was_asked_to_be_wrong_is_wrong() {
        let told = Charge { told_amount: Some(1001), ..for_tests() };
        assert_eq!(object(&told, Moment::Now, &[])["totalAmount"], 1001);
    }

    #[test]
    fn a_cancelled_rest_ends_the_payment() {
        let cancel = |number, balance_after| Cancel {
            number,
            amount: 500,
            balance_after,
            reason: String::new(),
            canceled_ms: 0,
        };
        let part = object(&for_tests(), Moment::Now, &[cancel(1, 500)]);
        assert_eq!(
            (part["status"].as_str(), part["balanceAmount"].as_i64()),
            (Some("PARTIAL_CANCELED"), Some(500))
        );
        let whole = object(&for_tests(), Moment::Now, &[cancel(1, 500), cancel(2, 0)]);
        assert_eq!(whole["status"], "CANCELED");
    }
}

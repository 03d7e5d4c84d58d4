//! The provider's own list of money taken and given back (`GET /v1/transactions`).

use chrono::{DateTime, FixedOffset, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::payment::minor;
use super::toss::path_part;
use super::transport::{Reply, Silence};

/// Transactions of one page at most.
pub const TRANSACTIONS_MAX: usize = 1_000;
/// Toss reads times without an offset as Korea's.
const KOREA_S: i32 = 9 * 3600;

/// Which way the money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// From the customer.
    Taken,
    /// Back to the customer.
    GivenBack,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The provider's name of the line; the next page begins after it.
    pub key: String,
    /// The order id that was sent with the payment: ours, or that of somebody else with the same account.
    pub reference: String,
    /// Which way.
    pub movement: Movement,
    /// Minor units, never negative.
    pub minor: i64,
    /// As the provider says it.
    pub currency: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why there is no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReportFault {
    /// The provider does not answer, or answers with an error: later it may.
    #[error("the provider's report is not to be had now")]
    Away,
    /// It answered with something else than its report.
    #[error("the provider's report cannot be read")]
    Unreadable,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    transaction_key: String,
    order_id: String,
    status: String,
    amount: Box<RawValue>,
    currency: Option<String>,
    transaction_at: String,
}

/// Where the report of a time is.
pub(super) fn path(from: DateTime<Utc>, to: DateTime<Utc>, after: Option<&str>) -> String {
    let after = after.map_or(String::new(), |key| format!("&startingAfter={}", path_part(key)));
    format!(
        "/v1/transactions?startDate={}&endDate={}&limit={TRANSACTIONS_MAX}{after}",
        local(from),
        local(to)
    )
}

fn local(at: DateTime<Utc>) -> String {
    let korea = FixedOffset::east_opt(KOREA_S).expect("nine hours are an offset");
    at.with_timezone(&korea).format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

/// Reads a page.
pub(super) fn read(reply: Result<Reply, Silence>) -> Result<Vec<Transaction>, ReportFault> {
    let reply = reply.map_err(|_| ReportFault::Away)?;
    if reply.status != 200 {
        return Err(ReportFault::Away);
    }
    let lines: Vec<Line> = serde_json::from_slice(&reply.body).map_err(|_| ReportFault::Unreadable)?;
    lines.into_iter().filter_map(|line| line.transaction().transpose()).collect()
}

impl Line {
    /// Nothing for a line that moved no money yet.
    fn transaction(self) -> Result<Option<Transaction>, ReportFault> {
        let movement = match self.status.as_str() {
            "DONE" => Movement::Taken,
            "CANCELED" | "PARTIAL_CANCELED" => Movement::GivenBack,
            "READY" | "IN_PROGRESS" | "WAITING_FOR_DEPOSIT" | "ABORTED" | "EXPIRED" => return Ok(None),
            _ => return Err(ReportFault::Unreadable),
        };
        let currency = self.currency.unwrap_or_else(|| "KRW".to_owned());
        let minor = minor(&self.amount, &currency).ok_or(ReportFault::Unreadable)?;
        let at = DateTime::parse_from_rfc3339(&self.transaction_at).map_err(|_| ReportFault::Unreadable)?;
        Ok(Some(Transaction {
            key: self.transaction_key,
            reference: self.order_id,
            movement,
            // Some reports write what was given back with a minus.
            minor: minor.abs(),
            currency,
            at: at.to_utc(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_line_by_line() {
        let body = r#"[
            {"transactionKey":"tx_1","orderId":"mo-1-2","status":"DONE","amount":5000,"currency":"KRW",
             "transactionAt":"2026-01-02T09:00:00+09:00","mId":"acme"},
            {"transactionKey":"tx_2","orderId":"mo-1-2","status":"PARTIAL_CANCELED","amount":-2000,
             "transactionAt":"2026-01-02T10:00:00+09:00"},
            {"transactionKey":"tx_3","orderId":"mo-1-3","status":"WAITING_FOR_DEPOSIT","amount":1,
             "transactionAt":"2026-01-02T10:00:00+09:00"}]"#;
        let lines = read(Ok(Reply { status: 200, body: body.into() })).unwrap();
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].minor, lines[0].movement), (5000, Movement::Taken));
        assert_eq!((lines[1].minor, lines[1].movement), (2000, Movement::GivenBack));
        assert_eq!(lines[0].at.to_rfc3339(), "2026-01-02T00:00:00+00:00");
    }

    #[test]
    fn a_report_that_cannot_be_read_is_no_empty_report() {
        let of = |status, body: &'static str| read(Ok(Reply { status, body: body.into() }));
        assert_eq!(of(500, ""), Err(ReportFault::Away));
        assert_eq!(of(200, "{}"), Err(ReportFault::Unreadable));
        let unknown = r#"[{"transactionKey":"a","orderId":"b","status":"NEW","amount":1,"transactionAt":"2026-01-02T09:00:00Z"}]"#;
        assert_eq!(of(200, unknown), Err(ReportFault::Unreadable));
    }

    #[test]
    fn times_are_asked_for_in_koreas() {
        let at = DateTime::parse_from_rfc3339("2026-01-01T15:00:00Z").unwrap().to_utc();
        assert!(
            path(at, at, None).starts_with("/v1/transactions?startDate=2026-01-02T00:00:00.000&endDate=")
        );
    }
}

//! `/api/v1/reconciliation/batches`: what a merchant is owed for a day, as JSON and as CSV.

use chrono::SecondsFormat;
use guest::calendar;
use guest::prelude::*;
use guest_payment::{Caller, Read, Sorted, present};
use spin_sdk::http::HeaderValue;
use wire::{
    BatchCreateBody, BatchReport, Code, Cursor, DayBatches, Problem, SettlementBatch, SettlementBatchPage,
    SettlementItem, SettlementItemPage, Success,
};

use crate::{NOTHING, outcome, unexpected};

/// Items that are read at once, and how often for a report.
const ITEMS_AT_ONCE: i64 = 1_000;
const READS_MAX: usize = 100;

const MAKE: &str = "SELECT outcome, result::text FROM pay.make_settlement_batch($1, $2::text::date, $3)";
const SHOW: Read = Read { sql: "SELECT pay.settlement_batch($1, $2)::text", nothing: NOTHING };
const LIST: Read =
    Read { sql: "SELECT pay.settlement_batches($1, $2, $3, $4::bigint::integer)::text", nothing: NOTHING };
const ITEMS: Read =
    Read { sql: "SELECT pay.settlement_items($1, $2, $3, $4::bigint::integer)::text", nothing: NOTHING };

/// `POST …/batches`: makes the batches of a day that is over, once; later calls find the same ones.
pub(crate) async fn make(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let body: BatchCreateBody = call.json().await?;
    let day = calendar::day(&body.day).ok_or_else(|| Problem::from(Code::Common400).at("day"))?;
    let own = params![caller.tenant, day.to_string(), caller.actor.as_str()];
    let (said, batches): (String, Option<Vec<SettlementBatch>>) = outcome(MAKE, own).await?;
    let batches = batches.unwrap_or_default();
    match said.as_str() {
        "DONE" | "SAME" => {
            let done = guest::Done { result: DayBatches { batches }, replayed: said == "SAME" };
            call.written(Success::Ok, &done)
        }
        "DAY_NOT_OVER" => Err(Problem::from(Code::Common400).at("day").into()),
        other => Err(unexpected(other)),
    }
}

/// `GET …/batches`
pub(crate) async fn list(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let page = call.page()?;
    let (sort, last) = (page.after.map(|key| key.sort), page.after.map(|key| key.id));
    let own = params![sort, last, page.rows_to_read()];
    let found: Vec<Sorted<SettlementBatch>> = LIST.one(caller.tenant, own).await?;
    let (found, next_cursor) =
        page.cut(found, |batch| Cursor { sort: batch.cursor_sort, id: batch.entry.batch_id });
    let batches = found.into_iter().map(|batch| batch.entry).collect();
    call.ok(&SettlementBatchPage { batches, has_next: next_cursor.is_some(), next_cursor })
}

/// `GET …/batches/:id`
pub(crate) async fn show(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    call.ok(&batch(&caller, call.path_id("id")?).await?)
}

/// `GET …/batches/:id/items`
pub(crate) async fn items(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let page = call.page()?;
    let id = batch(&caller, call.path_id("id")?).await?.batch_id;
    let own = params![id, page.after.map(|key| key.id), page.rows_to_read()];
    let found: Vec<SettlementItem> = ITEMS.one(caller.tenant, own).await?;
    let (items, next_cursor) = page.cut(found, |item| Cursor { sort: 0, id: item.item_id });
    call.ok(&SettlementItemPage { items, has_next: next_cursor.is_some(), next_cursor })
}

/// `GET …/batches/:id/report?format=csv|json`
pub(crate) async fn report(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let format = call.query("format").unwrap_or_else(|| "json".to_owned());
    if !["csv", "json"].contains(&format.as_str()) {
        return Err(Problem::from(Code::Common400).at("format").into());
    }
    let batch = batch(&caller, call.path_id("id")?).await?;
    let items = all_items(&caller, batch.batch_id).await?;
    let report = BatchReport { batch, items };
    if format == "json" {
        return call.ok(&report);
    }
    let name =
        format!("attachment; filename=\"settlement-{}-{}.csv\"", report.batch.day, report.batch.currency);
    let name = HeaderValue::from_str(&name).map_err(Failure::fault)?;
    let file = csv_of(&report).map_err(Failure::fault)?;
    Ok(Answer::document("text/csv; charset=utf-8", file).header("content-disposition", name))
}

async fn batch(caller: &Caller, id: i64) -> Result<SettlementBatch, Failure> {
    SHOW.one(caller.tenant, params![id]).await
}

async fn all_items(caller: &Caller, batch: i64) -> Result<Vec<SettlementItem>, Failure> {
    let mut all: Vec<SettlementItem> = Vec::new();
    for _ in 0..READS_MAX {
        let after = all.last().map(|item| item.item_id);
        let some: Vec<SettlementItem> =
            ITEMS.one(caller.tenant, params![batch, after, ITEMS_AT_ONCE]).await?;
        let is_last = i64::try_from(some.len()).is_ok_and(|items| items < ITEMS_AT_ONCE);
        all.extend(some);
        if is_last {
            return Ok(all);
        }
    }
    // Too long for one answer: its pages are at `…/items`.
    Err(Code::Common413.into())
}

/// Numbers and words of ours alone: nothing in it can be taken for a formula.
fn csv_of(report: &BatchReport) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "item",
        "kind",
        "paymentId",
        "refundId",
        "currency",
        "amount",
        "fee",
        "occurredAt",
    ])?;
    for item in &report.items {
        let refund = item.refund_id.map(|id| id.to_string()).unwrap_or_default();
        let (number, payment) = (item.item_id.to_string(), item.payment_id.to_string());
        let (amount, fee) = (item.amount.to_string(), item.fee.to_string());
        let currency = &report.batch.currency;
        let occurred_at = item.occurred_at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        writer.write_record([
            &number,
            &item.kind,
            &payment,
            &refund,
            currency,
            &amount,
            &fee,
            &occurred_at,
        ])?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_a_line_per_item() {
        let batch = SettlementBatch {
            batch_id: 1,
            day: "2026-01-02".to_owned(),
            currency: "KRW".to_owned(),
            captures: 1,
            refunds: 0,
            captured: 1000,
            refunded: 0,
            fees: 25,
            net: 975,
            status: "OPEN".to_owned(),
            created_at: "2026-01-03T00:00:00Z".parse().unwrap(),
        };
        let item = SettlementItem {
            item_id: 1,
            payment_id: 42,
            refund_id: None,
            kind: "CAPTURE".to_owned(),
            amount: 1000,
            fee: 25,
            occurred_at: "2026-01-02T10:00:00Z".parse().unwrap(),
        };
        let file = csv_of(&BatchReport { batch, items: vec![item] }).unwrap();
        let lines = String::from_utf8(file).unwrap();
        assert_eq!(lines.lines().nth(1), Some("1,CAPTURE,42,,KRW,1000,25,2026-01-02T10:00:00Z"));
    }
}

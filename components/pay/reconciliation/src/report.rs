//! `GET /api/v1/reconciliation?from&to`: the three books of a time.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use guest::calendar;
use guest::prelude::*;
use guest_payment::provider::{self, Movement, Provider, ReportFault, TRANSACTIONS_MAX, Transaction};
use guest_payment::{Caller, Read, present, traceparent};
use rules_payment::provider::of_order_id;
use serde::Deserialize;
use wire::{Code, Cursor, Page, Problem, ReconciledPayment, ReconciledTotal, Reconciliation};

use crate::compare::{Ours, Theirs, differences, differences_of_whole};

/// Days that one reconciliation is about, at most.
const SPAN_DAYS_MAX: i64 = 31;
/// How far the provider's clock may be off, with some queueing on both sides.
const EDGE_MINUTES: i64 = 60;
/// Pages of the provider's report that one call reads, at most.
const REPORT_PAGES_MAX: usize = 50;
/// Our payments that are read at once, and how often.
const ROWS_AT_ONCE: usize = 1_000;
const PAGES_AT_ONCE: usize = 20;

const TOTALS: Read = Read { sql: include_str!("totals.sql"), nothing: Code::Common404 };
const PAGE: Read = Read { sql: include_str!("page.sql"), nothing: Code::Common404 };
const WHOLE: Read = Read { sql: "SELECT pay.reconcile_of($1, $2)::text", nothing: Code::Common404 };

/// Differences found so far, by payment, and whether all of our payments were looked at.
struct Found {
    differing: Vec<ReconciledPayment>,
    /// The last payment that was looked at; none: all were.
    seen_until: Option<i64>,
}

#[derive(Deserialize)]
struct Totals {
    rows: Vec<ReconciledTotal>,
}

type Report = BTreeMap<i64, Theirs>;

pub(crate) async fn show(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let (from, to) = span(&call)?;
    let page = call.page()?;
    let edge = TimeDelta::minutes(EDGE_MINUTES);
    let report = provider_report(&caller, (from, to), edge, traceparent(&call).as_deref()).await?;
    let totals = totals(&caller, from, to, &report).await?;
    let after = page.after.map_or(0, |key| key.id);
    let found = look(&caller, (from, to), &report, after, page.size as usize).await?;
    let (differing, next) = cut(found, &page);
    call.ok(&Reconciliation {
        from,
        to,
        totals,
        differences: differing,
        has_next: next.is_some(),
        next_cursor: next.map(|id| Cursor { sort: 0, id }.to_string()),
    })
}

/// The time that is asked about.
fn span(call: &Call) -> Result<(DateTime<Utc>, DateTime<Utc>), Problem> {
    let wrong = |name: &str| Problem::from(Code::Common400).at(name);
    let from = call.query("from").as_deref().and_then(calendar::instant).ok_or_else(|| wrong("from"))?;
    let to = call.query("to").as_deref().and_then(calendar::instant).ok_or_else(|| wrong("to"))?;
    let is_sane = from < to && to - from <= TimeDelta::days(SPAN_DAYS_MAX);
    if is_sane { Ok((from, to)) } else { Err(wrong("to")) }
}

/// What the provider's report says of the caller's payments. Others with the same account are in it and are passed over.
async fn provider_report(
    caller: &Caller,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    edge: TimeDelta,
    traceparent: Option<&str>,
) -> Result<Report, Failure> {
    let provider = provider::configured(traceparent).await?;
    let mut report = Report::new();
    let mut after: Option<String> = None;
    for _ in 0..REPORT_PAGES_MAX {
        let page =
            provider.transactions(from - edge, to + edge, after.as_deref()).await.map_err(no_report)?;
        for transaction in &page {
            note(&mut report, caller.tenant, transaction, (from..to).contains(&transaction.at));
        }
        match page.last() {
            Some(last) if page.len() >= TRANSACTIONS_MAX => after = Some(last.key.clone()),
            Some(_) | None => return Ok(report),
        }
    }
    // More than can be laid side by side at once: a shorter time is asked for.
    Err(Problem::from(Code::Common400).at("to").into())
}

fn no_report(fault: ReportFault) -> Failure {
    let code = match fault {
        ReportFault::Away => Code::Pay5031,
        ReportFault::Unreadable => Code::Pay5021,
    };
    Failure::from(code).because(fault)
}

fn note(report: &mut Report, tenant: i64, transaction: &Transaction, is_inside: bool) {
    let Some((_, payment)) = of_order_id(&transaction.reference).filter(|(whose, _)| *whose == tenant) else {
        return;
    };
    let theirs = report.entry(payment).or_insert_with(|| Theirs {
        reference: transaction.reference.clone(),
        currency: transaction.currency.clone(),
        ..Theirs::default()
    });
    theirs.is_mixed |= theirs.currency != transaction.currency;
    match transaction.movement {
        Movement::Taken => theirs.taken.add(transaction.minor, is_inside),
        Movement::GivenBack => theirs.given_back.add(transaction.minor, is_inside),
    }
}

/// Our sums, and the provider's beside them.
async fn totals(
    caller: &Caller,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    report: &Report,
) -> Result<Vec<ReconciledTotal>, Failure> {
    let Totals { mut rows } = TOTALS.one(caller.tenant, params![from, to]).await?;
    for theirs in report.values().filter(|theirs| theirs.taken.inside != 0 || theirs.given_back.inside != 0) {
        let at = rows.iter().position(|row| row.currency == theirs.currency).unwrap_or_else(|| {
            rows.push(ReconciledTotal { currency: theirs.currency.clone(), ..ReconciledTotal::default() });
            rows.len() - 1
        });
        let row = &mut rows[at];
        row.provider_captured = row.provider_captured.saturating_add(theirs.taken.inside);
        row.provider_refunded = row.provider_refunded.saturating_add(theirs.given_back.inside);
    }
    Ok(rows)
}

/// Goes through our payments and the report by payment id, until there are more differences than fit on a page.
async fn look(
    caller: &Caller,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    report: &Report,
    after: i64,
    enough: usize,
) -> Result<Found, Failure> {
    let mut found = Found { differing: Vec::new(), seen_until: Some(after) };
    for _ in 0..PAGES_AT_ONCE {
        let after = found.seen_until.unwrap_or(after);
        let limit = i64::try_from(ROWS_AT_ONCE).map_err(Failure::fault)?;
        let rows: Vec<Ours> = PAGE.one(caller.tenant, params![from, to, after, limit]).await?;
        let until = rows.last().filter(|_| rows.len() >= ROWS_AT_ONCE).map(|row| row.payment_id);
        let part = report
            .range((std::ops::Bound::Excluded(after), std::ops::Bound::Included(until.unwrap_or(i64::MAX))));
        let part: BTreeMap<i64, &Theirs> = part.map(|(id, theirs)| (*id, theirs)).collect();
        found.differing.extend(page_differences(caller, &rows, &part).await?);
        found.seen_until = until;
        if until.is_none() || found.differing.len() > enough {
            break;
        }
    }
    Ok(found)
}

/// What differs between a page of ours and the same part of the report, by payment.
async fn page_differences(
    caller: &Caller,
    rows: &[Ours],
    part: &BTreeMap<i64, &Theirs>,
) -> Result<Vec<ReconciledPayment>, Failure> {
    let nothing = Theirs::default();
    let mut differing = BTreeMap::new();
    let mut elsewhere: BTreeMap<i64, &Theirs> = part
        .iter()
        .filter(|(_, theirs)| theirs.taken.inside > 0 || theirs.given_back.inside > 0)
        .map(|(id, theirs)| (*id, *theirs))
        .collect();
    for ours in rows {
        let theirs = part.get(&ours.payment_id).copied().unwrap_or(&nothing);
        let names = differences(ours, theirs);
        // What we did not capture in this time, and the provider did, is compared with all times.
        if ours.captured > 0 || theirs.taken.inside == 0 {
            elsewhere.remove(&ours.payment_id);
        }
        if !names.is_empty() {
            differing.insert(ours.payment_id, told(ours.payment_id, Some(ours), theirs, names));
        }
    }
    for (id, names, whole) in compared_with_whole(caller, &elsewhere).await? {
        let theirs = elsewhere.get(&id).copied().unwrap_or(&nothing);
        differing.entry(id).or_insert_with(|| told(id, whole.as_ref(), theirs, names));
    }
    Ok(differing.into_values().collect())
}

async fn compared_with_whole(
    caller: &Caller,
    elsewhere: &BTreeMap<i64, &Theirs>,
) -> Result<Vec<(i64, Vec<String>, Option<Ours>)>, Failure> {
    let ids: Vec<i64> = elsewhere.keys().copied().collect();
    let mut differing = Vec::new();
    for some in ids.chunks(ROWS_AT_ONCE) {
        let rows: Vec<Ours> = WHOLE.one(caller.tenant, params![some.to_vec()]).await?;
        let mut whole: HashMap<i64, Ours> = rows.into_iter().map(|row| (row.payment_id, row)).collect();
        for id in some {
            let (ours, theirs) = (whole.remove(id), elsewhere[id]);
            let names = differences_of_whole(ours.as_ref(), theirs);
            if !names.is_empty() {
                differing.push((*id, names, ours));
            }
        }
    }
    Ok(differing)
}

fn told(id: i64, ours: Option<&Ours>, theirs: &Theirs, differences: Vec<String>) -> ReconciledPayment {
    let of = |pick: fn(&Ours) -> i64| ours.map_or(0, pick);
    ReconciledPayment {
        payment_id: id,
        reference: ours.map_or(&theirs.reference, |ours| &ours.provider_reference).clone(),
        currency: ours.map_or(&theirs.currency, |ours| &ours.currency).clone(),
        status: ours.map(|ours| ours.status.clone()),
        differences,
        captured: of(|ours| ours.captured),
        ledger_captured: of(|ours| ours.ledger_captured),
        provider_captured: theirs.taken.inside,
        refunded: of(|ours| ours.refunded),
        ledger_refunded: of(|ours| ours.ledger_refunded),
        provider_refunded: theirs.given_back.inside,
    }
}

/// A page, and the payment after which the next one begins.
fn cut(found: Found, page: &Page) -> (Vec<ReconciledPayment>, Option<i64>) {
    let Found { mut differing, seen_until } = found;
    let size = page.size as usize;
    if differing.len() > size {
        differing.truncate(size);
        let last = differing.last().map(|payment| payment.payment_id);
        return (differing, last);
    }
    (differing, seen_until)
}

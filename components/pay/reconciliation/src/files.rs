//! `/api/v1/reconciliation/files`: settlement files of the provider, and how their rows match our payments.

use guest::prelude::*;
use guest::{ParameterValue, rows as run};
use guest_payment::{Caller, Read, Sorted, bounded, present, provider_name};
use sha2::{Digest, Sha256};
use wire::{
    Code, Cursor, Problem, SettlementFile, SettlementFilePage, SettlementRow, SettlementRowPage, Success,
};

use crate::rows::{Bad, Good, Rows};
use crate::{NOTHING, outcome, unexpected};

/// Bytes of a file at most.
const FILE_BYTES_MAX: usize = 8 << 20;
/// Rows of one statement.
const ROWS_AT_ONCE: usize = 1_000;
const NAME_CHARS_MAX: usize = 120;
const NAME_DEFAULT: &str = "settlement.csv";
/// The states of a row, to choose by.
const STATUSES: [&str; 3] = ["MATCHED", "UNMATCHED", "BAD"];

const BEGIN: &str = "SELECT outcome, file_id FROM pay.begin_settlement_file($1, $2, $3, $4, $5, $6)";
const ADD: &str = include_str!("add_rows.sql");
const ADD_BAD: &str = "SELECT pay.add_bad_settlement_rows($1, $2, $3, $4, $5)";
const END: &str = "SELECT outcome, result::text FROM pay.end_settlement_file($1, $2)";
const REMATCH: &str = "SELECT outcome, result::text FROM pay.rematch_settlement_file($1, $2)";
const SHOW: Read = Read { sql: "SELECT pay.settlement_file($1, $2)::text", nothing: NOTHING };
const LIST: Read =
    Read { sql: "SELECT pay.settlement_files($1, $2, $3, $4::bigint::integer)::text", nothing: NOTHING };
const ROWS: Read =
    Read { sql: "SELECT pay.settlement_rows($1, $2, $3, $4, $5::bigint::integer)::text", nothing: NOTHING };

/// `POST …/files?name=`, the body a CSV file. The same file again changes nothing and answers the same.
pub(crate) async fn upload(mut call: Call) -> Result<Answer, Failure> {
    let media = call.header("content-type").unwrap_or_default();
    if !media.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("text/csv")) {
        return Err(Code::Common415.into());
    }
    let file = call.bytes_within(FILE_BYTES_MAX).await?;
    let caller = present(&mut call).await?.signed().await?;
    let name = call.query("name").unwrap_or_else(|| NAME_DEFAULT.to_owned());
    let name = bounded(&name, NAME_CHARS_MAX).map_err(|problem| problem.at("name"))?;
    let rows = Rows::of(&file).map_err(|_| Problem::from(Code::Common400).at("header"))?;
    let (began, id) = begin(&caller, name, &file).await?;
    match began.as_str() {
        // A file that was left half-way is stored from its beginning: rows that are there stay as they are.
        "NEW" | "RESUME" => store(&caller, id, rows).await?,
        "DONE" => {}
        other => return Err(unexpected(other)),
    }
    let summary: SettlementFile = match began.as_str() {
        "DONE" => SHOW.one(caller.tenant, params![id]).await?,
        _ => ended(outcome(END, params![caller.tenant, id]).await?)?,
    };
    let done = guest::Done { result: summary, replayed: began == "DONE" };
    call.written(Success::Ok, &done)
}

async fn begin(caller: &Caller, name: &str, file: &[u8]) -> Result<(String, i64), Failure> {
    let bytes = i64::try_from(file.len()).map_err(Failure::fault)?;
    let own = params![
        caller.tenant,
        &*provider_name().await?,
        name,
        Sha256::digest(file).to_vec(),
        bytes,
        caller.actor.as_str()
    ];
    let rows = run(BEGIN, own, &[]).await?;
    let row = rows.first().ok_or_else(|| Failure::fault("pay.begin_settlement_file answers one row"))?;
    Ok((row.get(0)?, row.get(1)?))
}

/// Stores the rows, some at a time: never more of them in memory than one statement takes.
async fn store(caller: &Caller, file: i64, rows: Rows<'_>) -> Result<(), Failure> {
    let (mut good, mut bad) = (Vec::with_capacity(ROWS_AT_ONCE), Vec::new());
    for row in rows {
        match row {
            Ok(row) => good.push(row),
            Err(row) => bad.push(row),
        }
        if good.len() + bad.len() >= ROWS_AT_ONCE {
            flush(caller, file, &mut good, &mut bad).await?;
        }
    }
    flush(caller, file, &mut good, &mut bad).await
}

async fn flush(caller: &Caller, file: i64, good: &mut Vec<Good>, bad: &mut Vec<Bad>) -> Result<(), Failure> {
    if !good.is_empty() {
        let rows = run(ADD, good_parameters(caller.tenant, file, good), &[]).await?;
        let outcome: String = rows.first().ok_or_else(|| unexpected("no row"))?.get(0)?;
        stored(&outcome)?;
    }
    if !bad.is_empty() {
        let lines: Vec<i64> = bad.iter().map(|row| row.line).collect();
        let reasons: Vec<String> = bad.iter().map(|row| row.reason.to_owned()).collect();
        let texts: Vec<String> = bad.iter().map(|row| row.text.clone()).collect();
        let rows = run(ADD_BAD, params![caller.tenant, file, lines, reasons, texts], &[]).await?;
        let outcome: String = rows.first().ok_or_else(|| unexpected("no row"))?.get(0)?;
        stored(&outcome)?;
    }
    good.clear();
    bad.clear();
    Ok(())
}

/// `CLOSED`: the same file was uploaded twice at once, and the other one is through.
fn stored(outcome: &str) -> Result<(), Failure> {
    match outcome {
        "DONE" | "CLOSED" => Ok(()),
        other => Err(unexpected(other)),
    }
}

fn good_parameters(tenant: i64, file: i64, good: &[Good]) -> Vec<ParameterValue> {
    let texts = |pick: &dyn Fn(&Good) -> String| -> Vec<String> { good.iter().map(pick).collect() };
    let numbers = |pick: &dyn Fn(&Good) -> i64| -> Vec<i64> { good.iter().map(pick).collect() };
    params![
        tenant,
        file,
        numbers(&|row| row.line),
        texts(&|row| row.reference.clone()),
        texts(&|row| row.payment_key.clone()),
        texts(&|row| row.kind.to_owned()),
        texts(&|row| row.money.currency().code().to_owned()),
        numbers(&|row| row.money.minor()),
        numbers(&|row| row.fee.minor()),
        texts(&|row| row.settled_on.to_string()),
    ]
}

fn ended((outcome, file): (String, Option<SettlementFile>)) -> Result<SettlementFile, Failure> {
    match (outcome.as_str(), file) {
        ("DONE" | "SAME", Some(file)) => Ok(file),
        ("NOT_FOUND", _) => Err(NOTHING.into()),
        (other, _) => Err(unexpected(other)),
    }
}

/// `POST …/files/:id/rematch`: tries the rows that match nothing once more.
pub(crate) async fn rematch(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let file = ended(outcome(REMATCH, params![caller.tenant, call.path_id("id")?]).await?)?;
    call.ok(&file)
}

/// `GET …/files/:id`
pub(crate) async fn show(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let file: SettlementFile = SHOW.one(caller.tenant, params![call.path_id("id")?]).await?;
    call.ok(&file)
}

/// `GET …/files`
pub(crate) async fn list(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let page = call.page()?;
    let (sort, last) = (page.after.map(|key| key.sort), page.after.map(|key| key.id));
    let own = params![sort, last, page.rows_to_read()];
    let found: Vec<Sorted<SettlementFile>> = LIST.one(caller.tenant, own).await?;
    let (found, next_cursor) =
        page.cut(found, |file| Cursor { sort: file.cursor_sort, id: file.entry.file_id });
    let files = found.into_iter().map(|file| file.entry).collect();
    call.ok(&SettlementFilePage { files, has_next: next_cursor.is_some(), next_cursor })
}

/// `GET …/files/:id/rows?status`
pub(crate) async fn rows(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let page = call.page()?;
    let status = call.query("status");
    if status.as_deref().is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(Problem::from(Code::Common400).at("status").into());
    }
    let own = params![call.path_id("id")?, status, page.after.map(|key| key.id), page.rows_to_read()];
    let found: Vec<SettlementRow> = ROWS.one(caller.tenant, own).await?;
    let (rows, next_cursor) = page.cut(found, |row| Cursor { sort: 0, id: row.line });
    call.ok(&SettlementRowPage { rows, has_next: next_cursor.is_some(), next_cursor })
}

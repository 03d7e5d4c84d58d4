//! `/api/v1/reconciliation…`: whether captured payments, the ledger and the provider's report say the same, a provider's
//! settlement files, and what a merchant is owed for a day.
//!
//! `GET …` writes nothing: the provider's report is read, laid beside ours and forgotten. Next: `compare.rs` (what differs),
//! `report.rs` (the three books), `rows.rs` (reading a file), `files.rs`, `batches.rs`.

mod batches;
mod compare;
mod files;
mod report;
mod rows;

use guest::prelude::*;
use guest::{ParameterValue, rows as run};
use serde::de::DeserializeOwned;
use wire::Code;

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(
        request,
        routes![
            GET "/api/v1/reconciliation" report::show,
            POST "/api/v1/reconciliation/files" files::upload,
            GET "/api/v1/reconciliation/files" files::list,
            GET "/api/v1/reconciliation/files/:id" files::show,
            GET "/api/v1/reconciliation/files/:id/rows" files::rows,
            POST "/api/v1/reconciliation/files/:id/rematch" files::rematch,
            POST "/api/v1/reconciliation/batches" batches::make,
            GET "/api/v1/reconciliation/batches" batches::list,
            GET "/api/v1/reconciliation/batches/:id" batches::show,
            GET "/api/v1/reconciliation/batches/:id/items" batches::items,
            GET "/api/v1/reconciliation/batches/:id/report" batches::report,
        ],
    )
    .await
}

/// Runs a function that answers one row `(outcome, result)`.
async fn outcome<T: DeserializeOwned>(
    sql: &'static str,
    own: Vec<ParameterValue>,
) -> Result<(String, Option<T>), Failure> {
    let rows = run(sql, own, &[]).await?;
    let row = rows.first().ok_or_else(|| Failure::fault("a function answers one row"))?;
    let result: Option<String> = row.get(1)?;
    let result = result.map(|text| serde_json::from_str(&text)).transpose().map_err(Failure::fault)?;
    Ok((row.get(0)?, result))
}

/// What a statement said that it never says.
fn unexpected(outcome: &str) -> Failure {
    Failure::fault(format!("{outcome} has no meaning here"))
}

/// A thing that is not there, or another tenant's: both are the same.
const NOTHING: Code = Code::Common404;

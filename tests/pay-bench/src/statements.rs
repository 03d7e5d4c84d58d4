//! The two statements of an authorization, as the components send them: what surrounds them differs, they do not.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rules_payment::ledger::Posting;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

/// Finds or makes a merchant's tenant.
pub(crate) const TENANT: &str = "SELECT pay.tenant_by_merchant($1, true)";
/// Makes a payment and claims it.
const BEGIN: &str = include_str!("../../../crates/guest-payment/src/step/begin_authorize.sql");
/// Ends an authorization.
pub(crate) const FINISH: &str = include_str!("../../../crates/guest-payment/src/step/finish.sql");
const ENDPOINT: &str = "payments-authorize";
const LEASE_MS: i32 = 30_000;

/// A connection with both statements prepared.
pub(crate) struct Line {
    pub(crate) client: Client,
    begin: Statement,
    finish: Statement,
}

impl Line {
    /// Connects; `finish` is the statement that ends an authorization.
    pub(crate) async fn open(database_url: &str, finish: &str) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(database_url, NoTls).await?;
        tokio::spawn(connection);
        let (begin, finish) = (client.prepare(BEGIN).await?, client.prepare(finish).await?);
        Ok(Line { client, begin, finish })
    }
}

/// What the merchant asks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    pub(crate) merchant_id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) idempotency_key: String,
}

/// What the first statement made.
pub(crate) struct Begun {
    pub(crate) payment: i64,
    version: i32,
    pub(crate) attempt: i32,
    pub(crate) reference: String,
}

pub(crate) async fn begin(line: &Line, tenant: i64, asked: &Asked, claim: Uuid) -> anyhow::Result<Begun> {
    let Asked { merchant_id, amount, currency, idempotency_key } = asked;
    let hash = Sha256::digest(format!("{merchant_id} {amount} {currency}")).to_vec();
    let order: Option<i64> = None;
    let actor = format!("merchant:{merchant_id}");
    let row = line
        .client
        .query_one(
            &line.begin,
            &[
                &tenant,
                &ENDPOINT,
                idempotency_key,
                &hash,
                &claim,
                &LEASE_MS,
                &order,
                amount,
                currency,
                &true,
                &"sandbox",
                &actor,
            ],
        )
        .await?;
    let outcome: &str = row.try_get(0)?;
    if outcome != "BEGUN" {
        anyhow::bail!("begin says {outcome}");
    }
    Ok(Begun {
        payment: row.try_get(1)?,
        version: row.try_get(3)?,
        attempt: row.try_get(4)?,
        reference: row.try_get(9)?,
    })
}

/// What the provider answered.
pub(crate) struct Outcome {
    pub(crate) claim: Uuid,
    pub(crate) approved: bool,
    pub(crate) told: Value,
    pub(crate) call_ms: i32,
    pub(crate) posting: Posting,
}

pub(crate) async fn finish(
    line: &Line,
    tenant: i64,
    asked: &Asked,
    begun: &Begun,
    outcome: &Outcome,
) -> anyhow::Result<Response> {
    let Outcome { claim, approved, told, call_ms, posting } = outcome;
    let (status, state): (u16, &[&str]) =
        if *approved { (200, &["AUTHORIZED", "CAPTURE_REQUESTED"]) } else { (402, &["AUTH_FAILED"]) };
    let entries: Vec<Value> = posting
        .lines()
        .iter()
        .map(|line| json!({ "account": line.account.code(), "amount": line.minor, "currency": asked.currency }))
        .collect();
    let body = json!({ "paymentId": begun.payment, "status": state.last(), "amount": asked.amount,
                       "currency": asked.currency, "ledgerEntries": entries })
    .to_string();
    let (kinds, accounts, minors) =
        (vec!["AUTHORIZE"; posting.lines().len()], posting.account_codes(), posting.minors());
    let none: Option<&str> = None;
    let code = told["code"].as_str();
    let row = line
        .client
        .query_one(
            &line.finish,
            &[
                &tenant,
                &begun.payment,
                claim,
                &begun.version,
                &state,
                &"KNOWN",
                &"authorize",
                &format!("merchant:{}", asked.merchant_id),
                &none,
                &ENDPOINT,
                &asked.idempotency_key,
                &i32::from(status),
                &body,
                &told["paymentKey"].as_str(),
                &told["card"]["approveNo"].as_str(),
                &none,
                &"authorize",
                &begun.attempt,
                &if *approved { "APPROVED" } else { "DECLINED" },
                &code,
                call_ms,
                &approved.then_some(kinds),
                &approved.then_some(accounts),
                &approved.then_some(minors),
                &none,
            ],
        )
        .await?;
    let written: &str = row.try_get(0)?;
    if written != "DONE" {
        anyhow::bail!("finish says {written}");
    }
    Ok((StatusCode::from_u16(status)?, [("content-type", "application/json")], body).into_response())
}

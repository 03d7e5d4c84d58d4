//! Statements of a tenant that ask no provider: reads, and writes that run once per key.
//!
//! `$1` is always the tenant. The functions answer one row: a read `(result)`, a write `(outcome, result)`; both are
//! read into the wire type, so that no statement can answer off the contract. A write's further fixed parameters are
//! `$2` endpoint, `$3` key and `$4` hash of the request.

use guest::{Failure, ParameterValue, params, rows};
use serde::de::DeserializeOwned;
use wire::{Code, Problem};

use crate::{Caller, Claim};

/// A read: one row whose `result` is null when there is nothing.
pub struct Read {
    /// The statement; own parameters begin at `$2`.
    pub sql: &'static str,
    /// What null means.
    pub nothing: Code,
}

/// A write: one row `(outcome, result)`.
pub struct Write {
    /// The statement; own parameters begin at `$5`.
    pub sql: &'static str,
    /// What `NOT_FOUND` means.
    pub nothing: Code,
    /// What the statement's own outcomes mean. A refusal's `result`, if any, is answered with it.
    pub refusals: &'static [(&'static str, Code)],
    /// What violated constraints mean, by name.
    pub constraints: &'static [(&'static str, Code)],
}

/// A payment's whole life; own parameter: the payment.
pub const PAYMENT: Read = Read { sql: "SELECT pay.payment($1, $2)::text", nothing: Code::Pay4041 };

/// Asks for a refund; own parameters: payment, amount or null, reason, actor, trace. Both interfaces have it.
pub const REFUND: Write = Write {
    sql: "SELECT outcome, result::text FROM pay.request_refund($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    nothing: Code::Pay4041,
    refusals: &[
        ("CONFLICT", Code::Pay4094),
        ("EXCEEDS_REMAINING", Code::Pay4222),
        ("WINDOW_OVER", Code::Pay4223),
        ("TOO_MANY", Code::Pay4224),
    ],
    constraints: &[("payment_refunds_within_captured", Code::Pay4222)],
};

/// What a write did.
pub struct Done<T> {
    /// The result, equal for every repetition.
    pub result: T,
    /// True when it was done by an earlier request of the same key.
    pub replayed: bool,
}

impl Read {
    /// Runs it for a tenant.
    ///
    /// # Errors
    /// `nothing`; 503 when the database is away.
    pub async fn one<T: DeserializeOwned>(
        &self,
        tenant: i64,
        own: Vec<ParameterValue>,
    ) -> Result<T, Failure> {
        let mut all = params![tenant];
        all.extend(own);
        let rows = twice(self.sql, &all, &[]).await?;
        let row = rows.first().ok_or_else(|| Failure::fault("a read answers one row"))?;
        match row.get::<Option<String>>(0)? {
            Some(result) => json(&result),
            None => Err(self.nothing.into()),
        }
    }
}

impl Write {
    /// Runs it for a caller, at most once per key.
    ///
    /// # Errors
    /// What an outcome or a violated constraint means; 422 when the key came with another request; 503 when the
    /// database is away.
    pub async fn run<T: DeserializeOwned>(
        &self,
        caller: &Caller,
        claim: &Claim,
        own: Vec<ParameterValue>,
    ) -> Result<Done<T>, Failure> {
        let mut all =
            params![caller.tenant, claim.endpoint, claim.key.clone(), claim.request_sha256.to_vec()];
        all.extend(own);
        // With a key a repetition is safe: the key tells whether it was done.
        let rows = match &claim.key {
            Some(_) => twice(self.sql, &all, self.constraints).await?,
            None => rows(self.sql, all, self.constraints).await?,
        };
        let row = rows.first().ok_or_else(|| Failure::fault("a write answers one row"))?;
        let (outcome, result): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        match (outcome.as_str(), result) {
            ("DONE" | "ALREADY", Some(result)) => Ok(Done { result: json(&result)?, replayed: false }),
            ("REPLAY", Some(result)) => Ok(Done { result: json(&result)?, replayed: true }),
            ("MISMATCH", _) => Err(Code::Pay4221.into()),
            ("NOT_FOUND", _) => Err(self.nothing.into()),
            ("IN_PROGRESS", _) => Err(Problem::from(Code::Pay4091).retry_after(1).into()),
            (refusal, detail) => {
                let known = self.refusals.iter().find(|(word, _)| *word == refusal);
                let (_, code) =
                    known.ok_or_else(|| Failure::fault(format!("{refusal} has no meaning here")))?;
                let problem = Problem::from(*code);
                Err(match detail {
                    Some(detail) => problem.with(json(&detail)?),
                    None => problem,
                }
                .into())
            }
        }
    }
}

/// Runs a statement that may be repeated; when the kept connection turns out to be lost, a fresh one is worth a try.
async fn twice(
    sql: &'static str,
    own: &[ParameterValue],
    constraints: &[(&'static str, Code)],
) -> Result<Vec<guest::Row>, Failure> {
    match rows(sql, own.to_vec(), constraints).await {
        Err(failure) if failure.problem().code() == Code::Common503 => {
            rows(sql, own.to_vec(), constraints).await
        }
        other => other,
    }
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::fault(format!("result of a statement: {error}")))
}

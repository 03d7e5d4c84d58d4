//! Statements of members: reads, and writes that can be repeated.
//!
//! Both answer at most one row, whose `result` column is the JSON of the answer; it is read into the wire type, so
//! that no statement can answer off the contract. `$1` is always the member and `$2` the sign-in; a statement joins
//! `retro.live_session($1, $2)`, so that a sign-in that has ended finds nothing from that very moment on.
//!
//! A write's further fixed parameters are `$3` endpoint, `$4` idempotency key (null without one) and `$5` hash of the
//! request; the handler's own begin at `$6`, those of a read at `$3`. The claim on the key is made by the statement
//! that has the effect, after the effect: when a twin was faster, the claim's primary key takes everything back and
//! the twin's answer is given.

use serde::de::DeserializeOwned;
use spin_sdk::pg::ParameterValue;
use wire::{Code, Problem};

use crate::{
    Call, Failure, Member, Row,
    database::{self, Trouble},
    params,
};

/// A read: one row `(result)` or none.
pub struct Read {
    /// The statement; own parameters begin at `$3`.
    pub sql: &'static str,
    /// What no row means, once it is known that the sign-in is alive.
    pub nothing: Code,
}

/// A write: one row `(outcome, result)` or none. Outcomes are `DONE`, what `retro.prior` says, and the `refusals`.
pub struct Write {
    /// Names the operation in the claim, e.g. `rooms-create`.
    pub endpoint: &'static str,
    /// The statement; own parameters begin at `$6`.
    pub sql: &'static str,
    /// What no row means, once it is known that the sign-in is alive.
    pub nothing: Code,
    /// What the statement's own outcomes mean. A refusal's `result`, if any, is answered with it.
    pub refusals: &'static [(&'static str, Code)],
    /// What violated constraints mean, by name.
    pub constraints: &'static [(&'static str, Code)],
}

/// The result of a write, and whether it is the stored one of an earlier request.
pub struct Done<T> {
    /// What to answer.
    pub result: T,
    /// True when nothing was changed now.
    pub replayed: bool,
}

/// Primary key of the claims.
const CLAIM_CONSTRAINT: &str = "idempotency_pkey";
/// Asks for a stored answer alone.
const PRIOR: &str = include_str!("prior.sql");
/// Asks whether a sign-in is alive.
const LIVE: &str = include_str!("live.sql");

impl Read {
    /// Runs it for a member.
    ///
    /// # Errors
    /// `nothing` without a row, `AUTH4005` when the sign-in has ended, `COMMON503` when the database is away.
    pub async fn one<T: DeserializeOwned>(
        &self,
        member: &Member,
        own: Vec<ParameterValue>,
    ) -> Result<T, Failure> {
        let mut all = params![member.id, member.session];
        all.extend(own);
        // A read has no effect: when the kept connection turns out to be lost, a fresh one is worth a second try.
        let rows = match database::query(self.sql, all.clone()).await {
            Err(Trouble::Away(_) | Trouble::Undone(_)) => database::query(self.sql, all).await?,
            other => other?,
        };
        match rows.first() {
            Some(row) => json(&row.get::<String>(0)?),
            None => Err(absent(member, self.nothing).await),
        }
    }
}

impl Write {
    /// Runs it for a member, at most once per idempotency key.
    ///
    /// # Errors
    /// The meaning of an outcome or a violated constraint; `nothing` without a row; `AUTH4005` when the sign-in has
    /// ended; `COMMON409` when the key was used with another request; `COMMON503` when the database is away.
    pub async fn run<T: DeserializeOwned>(
        &self,
        call: &mut Call,
        member: &Member,
        own: Vec<ParameterValue>,
    ) -> Result<Done<T>, Failure> {
        let claim = call.claim().await?;
        let keyed = claim.key.is_some();
        let fixed = params![member.id, member.session, self.endpoint, claim.key, claim.request_sha256];
        let mut all = fixed.clone();
        all.extend(own);
        let first = match database::query(self.sql, all.clone()).await {
            // Taken back by the database, or, with a key, safe to repeat because the claim tells whether it was done.
            Err(Trouble::Undone(_)) => database::query(self.sql, all).await,
            Err(Trouble::Away(_)) if keyed => database::query(self.sql, all).await,
            other => other,
        };
        let failure = match self.judge(member, first).await {
            Ok(done) => return Ok(done),
            Err(failure) => failure,
        };
        // A refusal may come from the effect of the same request sent twice at once: then its twin has the answer.
        if keyed && failure.problem().code().status() < 500 {
            let rows = database::query(PRIOR, fixed).await?;
            if !rows.is_empty() {
                return self.judge(member, Ok(rows)).await;
            }
        }
        Err(failure)
    }

    async fn judge<T: DeserializeOwned>(
        &self,
        member: &Member,
        rows: Result<Vec<Row>, Trouble>,
    ) -> Result<Done<T>, Failure> {
        let rows = match rows {
            Ok(rows) => rows,
            Err(Trouble::Violated { constraint }) if constraint == CLAIM_CONSTRAINT => {
                return Err(Code::Common409.into());
            }
            Err(Trouble::Violated { constraint }) => {
                return Err(meaning(self.constraints, &constraint)?.into());
            }
            Err(trouble) => return Err(trouble.into()),
        };
        let Some(row) = rows.first() else { return Err(absent(member, self.nothing).await) };
        let (outcome, result): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        match (outcome.as_str(), result) {
            ("DONE", Some(result)) => Ok(Done { result: json(&result)?, replayed: false }),
            ("REPLAY", Some(result)) => Ok(Done { result: json(&result)?, replayed: true }),
            ("MISMATCH", _) => Err(Problem::from(Code::Common409).at("Idempotency-Key").into()),
            (refusal, None) => Err(meaning(self.refusals, refusal)?.into()),
            (refusal, Some(detail)) => {
                Err(Problem::from(meaning(self.refusals, refusal)?).with(json(&detail)?).into())
            }
        }
    }
}

/// Runs a statement that asks for no member, e.g. one of a sign-in, and returns its rows.
///
/// # Errors
/// The meaning of a violated constraint, a fault for others, `COMMON503` when the database is away.
pub async fn rows(
    sql: &'static str,
    own: Vec<ParameterValue>,
    constraints: &[(&'static str, Code)],
) -> Result<Vec<Row>, Failure> {
    let first = match database::query(sql, own.clone()).await {
        Err(Trouble::Undone(_)) => database::query(sql, own).await,
        other => other,
    };
    match first {
        Err(Trouble::Violated { constraint }) => Err(meaning(constraints, &constraint)?.into()),
        other => Ok(other?),
    }
}

/// Why a statement found nothing: the sign-in has ended, or what the caller says.
async fn absent(member: &Member, nothing: Code) -> Failure {
    let live = async {
        let rows = database::query(LIVE, params![member.id, member.session]).await?;
        rows.first().ok_or_else(|| Failure::fault("no answer about the sign-in"))?.get::<bool>(0)
    };
    match live.await {
        Ok(true) => nothing.into(),
        Ok(false) => Code::Auth4005.into(),
        Err(failure) => failure,
    }
}

fn meaning(known: &[(&'static str, Code)], name: &str) -> Result<Code, Failure> {
    let found = known.iter().find(|(known, _)| *known == name).map(|(_, code)| *code);
    found.ok_or_else(|| Failure::fault(format!("{name} has no meaning here")))
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    serde_json::from_str(text)
        .map_err(|error| Failure::fault(format!("result of a statement: {:?}", error.classify())))
}

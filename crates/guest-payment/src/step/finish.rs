//! The second statement of a step: what the outcome changes, for the claim and version of the first one.

use guest::{Failure, params, rows};
use uuid::Uuid;
use wire::Code;

use super::{Called, Kind, Standing, decision::Decision};
use crate::{Caller, Claim};

const FINISH: &str = include_str!("finish.sql");
const RELEASE: &str = "SELECT pay.release_step($1, $2, $3)";
const KEEP: &str = "SELECT answer_status, answer_body FROM pay.keep_answer($1, $2, $3, $4, $5, $6)";

/// Everything that is true of one run of a step.
pub(crate) struct Run<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) claim: &'a Claim,
    pub(crate) token: Uuid,
    pub(crate) kind: Kind,
    pub(crate) standing: &'a Standing,
    pub(crate) reason: Option<&'a str>,
    pub(crate) traceparent: Option<&'a str>,
}

/// What became of the second statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finished {
    /// Written.
    Done,
    /// Somebody else went on with the payment meanwhile; nothing was written.
    Stale,
}

impl Run<'_> {
    /// Writes a decision with the answer that goes out; `answer` is absent where nothing is to be replayed. Repeated
    /// once when the database does not answer: the same claim takes effect once.
    pub(crate) async fn finish(
        &self,
        decision: &Decision,
        answer: Option<(u16, &str)>,
        called: Option<&Called>,
    ) -> Result<Finished, Failure> {
        let run = || rows(FINISH, self.parameters(decision, answer, called), &[]);
        let rows = match run().await {
            Err(failure) if failure.problem().code() == Code::Common503 => run().await?,
            other => other?,
        };
        let row = rows.first().ok_or_else(|| Failure::fault("pay.finish_step answers one row"))?;
        let outcome: String = row.get(0)?;
        match outcome.as_str() {
            "DONE" => Ok(Finished::Done),
            "STALE" => Ok(Finished::Stale),
            other => Err(Failure::fault(format!("pay.finish_step says {other}"))),
        }
    }

    fn parameters(
        &self,
        decision: &Decision,
        answer: Option<(u16, &str)>,
        called: Option<&Called>,
    ) -> Vec<guest::ParameterValue> {
        let path: Vec<String> = decision.path.iter().map(|state| state.name().to_owned()).collect();
        let approval = decision.approval.as_ref();
        let lines = || {
            let all = decision.postings.iter();
            all.flat_map(|(kind, posting)| posting.lines().iter().map(move |line| (*kind, line)))
        };
        let kinds: Vec<String> = lines().map(|(kind, _)| kind.to_owned()).collect();
        let accounts: Vec<String> = lines().map(|(_, line)| line.account.code().to_owned()).collect();
        let minors: Vec<i64> = lines().map(|(_, line)| line.minor).collect();
        let posted = !kinds.is_empty();
        let review = decision.review.as_ref().map(|mismatch| {
            serde_json::json!({
                "asked": { "orderId": mismatch.asked_order_id, "amount": mismatch.asked_minor,
                           "currency": mismatch.asked_currency },
                "echoed": { "orderId": mismatch.echoed_order_id, "amount": mismatch.echoed_minor,
                            "currency": mismatch.echoed_currency },
            })
            .to_string()
        });
        let cause = self.kind.name();
        params![
            self.caller.tenant,
            self.standing.payment,
            self.token,
            self.standing.version,
            path,
            decision.end.name(),
            cause,
            self.caller.actor.as_str(),
            self.reason.map(str::to_owned),
            self.claim.key.as_ref().map(|_| self.claim.endpoint.to_owned()),
            self.claim.key.clone(),
            answer.map(|(status, _)| i32::from(status)),
            answer.map(|(_, body)| body.to_owned()),
            approval.map(|approval| approval.payment_key.clone()),
            approval.and_then(|approval| approval.approval_number.clone()),
            review,
            called.map(|_| self.kind.name().to_owned()),
            called.map(|_| self.standing.attempt),
            called.map(|_| decision.recorded.to_owned()),
            called.and(decision.code.clone()),
            called.map(|called| called.duration_ms),
            posted.then_some(kinds),
            posted.then_some(accounts),
            posted.then_some(minors),
            self.traceparent.map(str::to_owned),
        ]
    }

    /// Nothing was sent: the key is free again at once.
    pub(crate) async fn release(&self) -> Result<(), Failure> {
        let own = params![self.caller.tenant, self.standing.payment, self.token];
        // STALE: somebody else has it already, which is as good.
        rows(RELEASE, own, &[]).await.map(|_| ())
    }

    /// Stores the answer of a payment that was past this step; the one stored first wins.
    pub(crate) async fn keep(&self, status: u16, body: &str) -> Result<(u16, String), Failure> {
        let Some(key) = &self.claim.key else { return Ok((status, body.to_owned())) };
        let own = params![
            self.caller.tenant,
            self.claim.endpoint,
            key.as_str(),
            self.claim.request_sha256.to_vec(),
            i32::from(status),
            body
        ];
        let rows = rows(KEEP, own, &[]).await?;
        let row = rows.first().ok_or_else(|| Failure::fault("pay.keep_answer answers one row"))?;
        Ok((u16::try_from(row.get::<i32>(0)?).map_err(Failure::fault)?, row.get(1)?))
    }
}

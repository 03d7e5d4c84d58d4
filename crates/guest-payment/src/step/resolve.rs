//! Going on with a step that nobody waits for any more: a notice of the provider came, or a sweep found it. The provider
//! is asked what became of it; what it says is written as the step itself would have written it. Nothing is ever charged
//! here: a step that the provider knows nothing of stays unknown until its caller repeats it.

use guest::{Failure, params, random, rows};
use rules_payment::State;

use super::{
    LEASE_MS, Standing,
    begin::{Begun, Refusal},
    decision::{Decision, Verdict},
    fee_basis_points,
    finish::{Finished, Run},
};
use crate::{
    Caller, Claim, Role,
    gateway::{Gateway, LookedUp},
};

/// Milliseconds between two questions about a payment that nobody of the merchant asked: notices are sent by anybody.
const PAUSE_MS: i32 = 5_000;
const BEGIN_RESOLVE: &str = include_str!("begin_resolve.sql");

/// What became of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// It is known now, and written.
    Written(State),
    /// No step was open: the payment is where it is.
    NothingOpen(State),
    /// The provider did something else than was asked: a person has to look. Both numbers are kept.
    Review,
    /// Still not known: the provider does not answer, or has nothing yet.
    StillUnknown,
    /// Somebody is at it right now.
    Busy,
    /// No such payment of this tenant.
    NotFound,
}

/// Asks the provider about a payment's open step. `actor` stands in the history, e.g. `webhook:toss`; what is asked and
/// written is a part of the trace.
///
/// # Errors
/// 503 when the database is away.
pub async fn resolve(
    tenant: i64,
    payment: i64,
    actor: &str,
    traceparent: Option<&str>,
) -> Result<Resolved, Failure> {
    let gateway = Gateway::open(traceparent).await?;
    let token = uuid::Builder::from_random_bytes(random::bytes()).into_uuid();
    let rows = rows(BEGIN_RESOLVE, params![tenant, payment, token, LEASE_MS, actor, PAUSE_MS], &[]).await?;
    let row = rows.first().ok_or_else(|| Failure::fault("pay.begin_resolve answers one row"))?;
    let standing = match Begun::read(row)? {
        Begun::LookUp(standing) => standing,
        Begun::Decided(standing) => return Ok(Resolved::NothingOpen(standing.state)),
        Begun::Refused(Refusal::Busy { .. }) => return Ok(Resolved::Busy),
        Begun::Refused(Refusal::NotFound) => return Ok(Resolved::NotFound),
        Begun::Ask(_) | Begun::Replay { .. } | Begun::Refused(_) => {
            return Err(Failure::fault("pay.begin_resolve answers with what it never says"));
        }
    };
    let caller = Caller { tenant, merchant: String::new(), role: Role::Merchant, actor: actor.to_owned() };
    // No key: what the caller of the step gets is composed when it comes back.
    let claim = Claim { endpoint: "", key: None, request_sha256: [0; 32] };
    let kind = standing.open_step.ok_or_else(|| Failure::fault("an open step has a name"))?;
    let run =
        Run { caller: &caller, claim: &claim, token, kind, standing: &standing, reason: None, traceparent };
    look_up(&gateway, &run, &standing).await
}

async fn look_up(gateway: &Gateway, run: &Run<'_>, standing: &Standing) -> Result<Resolved, Failure> {
    let (outcome, called) = match gateway.look_up(run.kind, standing).await {
        LookedUp::Known(outcome, called) => (outcome, called),
        LookedUp::Absent | LookedUp::NotPermitted { .. } => {
            // The lease is given back; the step stays open.
            return match run.finish(&Decision::unasked(), None, None).await? {
                Finished::Done => Ok(Resolved::StillUnknown),
                Finished::Stale => Ok(Resolved::Busy),
            };
        }
    };
    let decision =
        Decision::of(run.kind, standing, outcome, fee_basis_points().await?).map_err(Failure::fault)?;
    if run.finish(&decision, None, Some(&called)).await? == Finished::Stale {
        return Ok(Resolved::Busy);
    }
    Ok(match decision.verdict {
        Verdict::Done | Verdict::Declined(_) | Verdict::GivenBack => {
            Resolved::Written(decision.reached(standing))
        }
        Verdict::Review => Resolved::Review,
        Verdict::NotDone | Verdict::Bug | Verdict::Unknown(_) => Resolved::StillUnknown,
    })
}

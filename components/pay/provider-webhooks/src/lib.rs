//! `POST /api/v1/webhooks/toss`: a notice of the payment provider.
//!
//! Toss signs no notice about payments, so it is a hint and nothing more: it is stored, and then the payment is read back
//! from the provider, compared with ours, and written as the step that was open would have written it. In which order
//! notices come, how often, and what they claim, makes no difference. A notice that cannot be worked off now is answered
//! 503 and stays open: Toss sends it again.
//!
//! It never charges, never believes an amount or a state that a notice names, and keeps of a notice only what is no card
//! data. Next: `notice.rs` (what is read), `guest_payment::resolve` (what is done).

mod notice;

use guest::prelude::*;
use guest::{clock, rows};
use guest_payment::{Resolved, resolve, traceparent};
use serde::Serialize;
use wire::{Code, Problem};

use notice::Notice;

const PROVIDER: &str = "toss";
const ACTOR: &str = "webhook:toss";
const STORE: &str = include_str!("store.sql");
const DONE: &str = "SELECT pay.webhook_done($1, $2, $3, $4)";
/// Seconds after which a notice that could not be worked off is worth another sending.
const RETRY_AFTER_S: u32 = 30;

/// That it is here; nothing about what it was about.
#[derive(Serialize)]
struct Received {
    received: bool,
}

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![POST take]).await
}

async fn take(mut call: Call) -> Result<Answer, Failure> {
    let sent = call.header(notice::SENT_AT).map(str::to_owned);
    let body = call.bytes().await?;
    let notice = Notice::read(&body, sent.as_deref(), clock::now())?;
    // A notice about somebody else's payment, or about none, is taken like one about ours: the answer tells nothing.
    let Some((tenant, payment)) = notice.ours() else { return received(&call) };
    let stored = store(tenant, payment, &notice).await?;
    if stored == Stored::Nothing {
        return received(&call);
    }
    let worked = resolve(tenant, payment, ACTOR, traceparent(&call).as_deref()).await;
    let (outcome, detail) = match &worked {
        Ok(resolved) => told(*resolved),
        Err(_) => ("RETRY", "FAILED".to_owned()),
    };
    if let Stored::As(webhook) = stored {
        rows(DONE, params![tenant, webhook, outcome, detail], &[]).await?;
    }
    worked?;
    if outcome == "RETRY" {
        return Err(Problem::from(Code::Common503).retry_after(RETRY_AFTER_S).into());
    }
    received(&call)
}

fn received(call: &Call) -> Result<Answer, Failure> {
    call.ok(&Received { received: true })
}

/// What became of a notice before anything is done about it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stored {
    /// It is stored, under this id.
    As(i64),
    /// The payment has as many notices as are kept: it is a hint like the others, and leaves no trace.
    NotKept,
    /// It was worked off already, or is about no payment of ours.
    Nothing,
}

async fn store(tenant: i64, payment: i64, notice: &Notice) -> Result<Stored, Failure> {
    let own = params![
        tenant,
        PROVIDER,
        notice.dedupe.as_str(),
        notice.kind.as_str(),
        payment,
        notice.kept.as_str(),
        notice.sent_at
    ];
    let rows = rows(STORE, own, &[]).await?;
    let row = rows.first().ok_or_else(|| Failure::fault("pay.store_webhook answers one row"))?;
    let outcome: String = row.get(0)?;
    match outcome.as_str() {
        "STORED" | "OPEN" => Ok(Stored::As(row.get(1)?)),
        "NOT_KEPT" => Ok(Stored::NotKept),
        "DUPLICATE" | "UNKNOWN_PAYMENT" => Ok(Stored::Nothing),
        other => Err(Failure::fault(format!("pay.store_webhook says {other}"))),
    }
}

/// Outcome and detail for the record.
fn told(resolved: Resolved) -> (&'static str, String) {
    match resolved {
        Resolved::Written(state) => ("APPLIED", state.name().to_owned()),
        Resolved::NothingOpen(state) => ("NOTHING_TO_DO", state.name().to_owned()),
        Resolved::Review => ("APPLIED", "REVIEW".to_owned()),
        Resolved::StillUnknown => ("RETRY", "STILL_UNKNOWN".to_owned()),
        Resolved::Busy => ("RETRY", "BUSY".to_owned()),
        Resolved::NotFound => ("REFUSED", "NOT_FOUND".to_owned()),
    }
}

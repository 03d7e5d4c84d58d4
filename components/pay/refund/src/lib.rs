//! `POST /api/payments/refund/:id`: asks for a refund of a captured payment, in part or of all that is left. A worker
//! makes it; here it stops at REFUND_REQUESTED, with the money reserved and its event in the outbox.

use guest::prelude::*;
use guest_payment::{
    Claim, Face, REFUND, admit, optional_minor, present, reason, refusals, replayed, traceparent,
};
use wire::{Fields, RefundBody, RefundRequested, StepAnswer};

const ENDPOINT: &str = "payments-refund";

#[http_service]
async fn handle(request: Request) -> Reply {
    guest::serve_in(request, routes![POST refund], refusals).await
}

async fn refund(mut call: Call) -> Result<Answer, Failure> {
    let presented = present(&mut call).await?;
    let body: RefundBody = call.json().await?;
    let payment = call.path_id("id")?;
    let mut fields = Fields::default();
    let why = fields.check("reason", reason(&body.reason));
    let amount = fields.check("amount", optional_minor(body.amount));
    let (Some(why), Some(amount)) = (why, amount) else { return Err(fields.refusal().into()) };
    let caller = presented.of_merchant(body.merchant_id.as_deref()).await?;
    admit(&caller, ENDPOINT).await?;
    let amount_text = amount.map(|minor| minor.to_string());
    let hashed = [("reason", Some(why)), ("amount", amount_text.as_deref())];
    let claim = Claim::of(&call, ENDPOINT, None, &hashed)?;
    let own = params![payment, amount, why, caller.actor.as_str(), traceparent(&call)];
    let done = REFUND.run::<RefundRequested>(&caller, &claim, own).await?;
    let face = Face::of(&call);
    let RefundRequested { refund, payment } = &done.result;
    let bare = || {
        let answer = face.step_answer(payment)?;
        Ok(StepAnswer { amount: refund.amount, refund_id: Some(refund.refund_id), ..answer })
    };
    let (status, body) = face.success(bare, || &done.result)?;
    Ok(replayed(face.answer(status, body), done.replayed))
}

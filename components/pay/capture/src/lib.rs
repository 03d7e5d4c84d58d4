//! `POST /api/payments/capture/:id` and `POST /api/v1/payments/:id/capture`: asks for the capture of an authorized
//! payment. A worker makes it; here it stops at CAPTURE_REQUESTED, with its event in the outbox.

use guest::prelude::*;
use guest_payment::{Claim, Face, Write, admit, present, refusals, replayed, traceparent};
use wire::{CaptureBody, Code, PaymentBrief};

const CAPTURE: Write = Write {
    sql: "SELECT outcome, result::text FROM pay.request_capture($1, $2, $3, $4, $5, $6, $7)",
    nothing: Code::Pay4041,
    refusals: &[("CONFLICT", Code::Pay4093)],
    constraints: &[],
};
const ENDPOINT: &str = "payments-capture";

#[http_service]
async fn handle(request: Request) -> Reply {
    guest::serve_in(
        request,
        routes![POST "/api/payments/capture/:id" step, POST "/api/v1/payments/:id/capture" resource],
        refusals,
    )
    .await
}

async fn step(mut call: Call) -> Result<Answer, Failure> {
    let presented = present(&mut call).await?;
    let body: CaptureBody = call.json().await?;
    let caller = presented.of_merchant(body.merchant_id.as_deref()).await?;
    capture(&call, &caller).await
}

async fn resource(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    capture(&call, &caller).await
}

async fn capture(call: &Call, caller: &guest_payment::Caller) -> Result<Answer, Failure> {
    let payment = call.path_id("id")?;
    admit(caller, ENDPOINT).await?;
    let claim = Claim::of(call, ENDPOINT, None, &[])?;
    let own = params![payment, caller.actor.as_str(), traceparent(call)];
    let done = CAPTURE.run::<PaymentBrief>(caller, &claim, own).await?;
    let face = Face::of(call);
    let (status, body) = face.success(|| face.step_answer(&done.result), || &done.result)?;
    Ok(replayed(face.answer(status, body), done.replayed))
}

//! `POST /api/payments/void/:id` and `POST /api/v1/payments/:id/void`: gives back money that is held and not captured.

use guest::prelude::*;
use guest_payment::{
    Caller, Claim, Face, Kind, Step, Subject, admit, present, reason, refusals, traceparent,
};
use wire::{Fields, VoidBody};

const ENDPOINT: &str = "payments-void";

#[http_service]
async fn handle(request: Request) -> Reply {
    let routes = routes![
        POST "/api/payments/void/:id" step_void,
        POST "/api/v1/payments/:id/void" resource_void,
    ];
    guest::serve_in(request, routes, refusals).await
}

async fn step_void(mut call: Call) -> Result<Answer, Failure> {
    let presented = present(&mut call).await?;
    let body: VoidBody = call.json().await?;
    let caller = presented.of_merchant(body.merchant_id.as_deref()).await?;
    void(&call, &caller, &body).await
}

async fn resource_void(mut call: Call) -> Result<Answer, Failure> {
    let presented = present(&mut call).await?;
    let body = if call.bytes().await?.is_empty() { VoidBody::default() } else { call.json().await? };
    let caller = presented.signed().await?;
    void(&call, &caller, &body).await
}

async fn void(call: &Call, caller: &Caller, body: &VoidBody) -> Result<Answer, Failure> {
    let payment = call.path_id("id")?;
    let mut fields = Fields::default();
    let why = fields.check("reason", body.reason.as_deref().map(reason).transpose());
    let Some(why) = why else { return Err(fields.refusal().into()) };
    admit(caller, ENDPOINT).await?;
    let claim = Claim::of(call, ENDPOINT, None, &[("reason", why)])?;
    let step = Step {
        caller,
        claim: &claim,
        subject: Subject::Existing { kind: Kind::Void, payment, minor: None, payment_key: None },
        reason: why,
        face: Face::of(call),
        traceparent: traceparent(call),
    };
    step.run().await
}

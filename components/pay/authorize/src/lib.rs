//! `POST /api/payments/authorize`: makes a payment and has it authorized. `POST /api/v1/payments/:id/authorize`:
//! authorizes a payment that was made from an order.
//!
//! Two statements with one call of the provider between them; at most one charge per key and per payment, whatever
//! fails on the way (`guest_payment::Step`).

use guest::prelude::*;
use guest_payment::{Claim, Face, Kind, Step, Subject, admit, present, refusals, traceparent};
use rules_payment::{Currency, Money, MoneyFault, money::MINOR_UNITS_MAX};
use wire::{AuthorizeBody, Fields};

const ENDPOINT: &str = "payments-authorize";

#[http_service]
async fn handle(request: Request) -> Reply {
    let routes = routes![
        POST "/api/payments/authorize" authorize_new,
        POST "/api/v1/payments/:id/authorize" authorize,
    ];
    guest::serve_in(request, routes, refusals).await
}

async fn authorize_new(mut call: Call) -> Result<Answer, Failure> {
    let presented = present(&mut call).await?;
    let body: AuthorizeBody = call.json().await?;
    let mut fields = Fields::default();
    let currency = fields.check("currency", Currency::parse(&body.currency));
    let amount = fields.check("amount", amount(body.amount));
    let auto_capture = body.auto_capture.unwrap_or(true);
    let amount_text = body.amount.to_string();
    let hashed = [
        ("merchantId", body.merchant_id.as_deref()),
        ("amount", Some(amount_text.as_str())),
        ("currency", Some(body.currency.as_str())),
        ("autoCapture", Some(if auto_capture { "true" } else { "false" })),
    ];
    let claim = Claim::of(&call, ENDPOINT, body.idempotency_key.as_deref(), &hashed).and_then(Claim::keyed);
    let claim = fields.check("idempotencyKey", claim.map_err(|failure| failure.problem().clone()));
    let (Some(currency), Some(amount), Some(claim)) = (currency, amount, claim) else {
        return Err(fields.refusal().into());
    };
    let money = Money::positive(amount, currency)?;
    let caller = presented.of_merchant(body.merchant_id.as_deref()).await?;
    admit(&caller, ENDPOINT).await?;
    let step = Step {
        caller: &caller,
        claim: &claim,
        subject: Subject::New { money, auto_capture },
        reason: None,
        face: Face::of(&call),
        traceparent: traceparent(&call),
    };
    step.run().await
}

async fn authorize(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let payment = call.path_id("id")?;
    admit(&caller, ENDPOINT).await?;
    let claim = Claim::of(&call, ENDPOINT, None, &[])?;
    let step = Step {
        caller: &caller,
        claim: &claim,
        subject: Subject::Existing { kind: Kind::Authorize, payment, minor: None, payment_key: None },
        reason: None,
        face: Face::of(&call),
        traceparent: traceparent(&call),
    };
    step.run().await
}

/// The amount's own fault, told together with the currency's.
fn amount(minor: i64) -> Result<i64, MoneyFault> {
    match minor {
        ..1 => Err(MoneyFault::NotPositive),
        minor if minor > MINOR_UNITS_MAX => Err(MoneyFault::TooLarge),
        minor => Ok(minor),
    }
}

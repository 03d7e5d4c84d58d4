//! `POST /api/v1/payments/:id/confirm` `{paymentKey, amount}`: a payment that the customer approved in the provider's
//! window (Toss) is authorized and captured in one. The amount the customer saw is compared with the order's, never
//! taken over.

use guest::prelude::*;
use guest_payment::{Claim, Face, Kind, Step, Subject, admit, present, traceparent};
use rules_payment::MoneyFault;
use wire::{Code, ConfirmBody, Fields, Problem};

const ENDPOINT: &str = "payments-confirm";
/// Characters of a payment key at most (Toss: 200).
const PAYMENT_KEY_CHARS_MAX: usize = 200;

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![POST confirm]).await
}

async fn confirm(mut call: Call) -> Result<Answer, Failure> {
    let presented = present(&mut call).await?;
    let body: ConfirmBody = call.json().await?;
    let payment = call.path_id("id")?;
    let mut fields = Fields::default();
    let key = fields.check("paymentKey", payment_key(&body.payment_key));
    let amount =
        fields.check("amount", if body.amount < 1 { Err(MoneyFault::NotPositive) } else { Ok(body.amount) });
    let (Some(key), Some(amount)) = (key, amount) else { return Err(fields.refusal().into()) };
    let caller = presented.signed().await?;
    admit(&caller, ENDPOINT).await?;
    let amount_text = amount.to_string();
    let hashed = [("paymentKey", Some(key)), ("amount", Some(amount_text.as_str()))];
    let claim = Claim::of(&call, ENDPOINT, None, &hashed)?;
    let step = Step {
        caller: &caller,
        claim: &claim,
        subject: Subject::Existing {
            kind: Kind::Confirm,
            payment,
            minor: Some(amount),
            payment_key: Some(key),
        },
        reason: None,
        face: Face::of(&call),
        traceparent: traceparent(&call),
    };
    step.run().await
}

/// 1 to 200 letters, digits, `-`, `_` and `=`, as Toss makes them.
fn payment_key(text: &str) -> Result<&str, Problem> {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'=');
    let sane = (1..=PAYMENT_KEY_CHARS_MAX).contains(&text.len()) && text.bytes().all(letter);
    if sane { Ok(text) } else { Err(Code::Common400.into()) }
}

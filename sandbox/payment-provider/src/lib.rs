//! The payment provider of the sandbox: Toss Payments' wire format, every fault that can be asked for, and a report of
//! what it really did.
//!
//! `/v1/payments/…`, `/v1/transactions` speak as Toss does (Basic auth of the secret key, `Idempotency-Key`, errors
//! `{code, message}`). Beyond Toss: `POST /v1/payments/authorize` and `POST /v1/payments/{paymentKey}/capture` for work in
//! two steps, where a payment that is held but not taken is `DONE` with `card.acquireStatus` `READY`; `POST /v1/checkout`
//! stands for the customer in Toss's window; `/v1/sandbox/…` steers and reports ([`page`] tells how).
//!
//! Charges are in PostgreSQL: what was answered survives any kill. It takes no real money and knows nothing of the
//! application. Look next at `case.rs` (what can go wrong), `sql/functions.sql` (what a call does), `fault.rs`.

mod amount;
mod call;
mod case;
mod charge;
mod control;
mod database;
mod fault;
mod key;
mod page;
mod payments;
mod render;
mod report;
mod toss_error;
mod transactions;
mod webhook;

use sandbox_kit::{Answer, Call};
use spin_sdk::http::{Method, Request};
use spin_sdk::http_service;

use call::Refused;
use toss_error::TossError;

#[http_service]
async fn payment_provider(request: Request) -> Answer {
    let call = Call::new(request);
    route(call).await.unwrap_or_else(|refused| refused.answer())
}

/// Toss's own paths ask for the secret key; the checkout and the sandbox's own are for browsers and tests.
async fn route(call: Call) -> Result<Answer, Refused> {
    let base = call.header("spin-component-route").trim_end_matches("/...").to_owned();
    let parts: Vec<String> =
        call.path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let method = call.method.clone();
    match (base.as_str(), &method, parts.as_slice()) {
        ("/v1/checkout", &Method::POST, []) => return payments::checkout(call).await,
        ("/v1/sandbox", _, _) => return control::route(call).await,
        _ => {}
    }
    key::check(&call).await?;
    match (base.as_str(), &method, parts.as_slice()) {
        ("/v1/payments", &Method::POST, ["authorize"]) => payments::authorize(call).await,
        ("/v1/payments", &Method::POST, ["confirm"]) => payments::confirm(call).await,
        ("/v1/payments", &Method::POST, [payment_key, "capture"]) => {
            payments::capture(call, payment_key).await
        }
        ("/v1/payments", &Method::POST, [payment_key, "cancel"]) => payments::cancel(call, payment_key).await,
        ("/v1/payments", &Method::GET, ["orders", order_id]) => payments::by_order(order_id).await,
        ("/v1/payments", &Method::GET, [payment_key]) => payments::by_key(payment_key).await,
        ("/v1/transactions", &Method::GET, []) => transactions::list(&call).await,
        _ => Err(TossError::NotFound.into()),
    }
}

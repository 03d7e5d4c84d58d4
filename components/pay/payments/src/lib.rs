//! Payments as they are read, in both interfaces, and made in the resource API: `GET /api/payments`, `GET
//! /api/payments/:id`, `GET` and `POST /api/v1/payments`, `GET /api/v1/payments/:id`. Reading writes nothing.

mod filter;

use guest::prelude::*;
use guest_payment::{
    Caller, Claim, Face, PAYMENT, Read, Sorted, Write, admit, id, present, refusals, replayed,
};
use wire::{Code, Fields, PaymentBrief, PaymentCreateBody, PaymentDetail, PaymentPage};

use filter::Filter;

const LIST: Read = Read { sql: include_str!("list.sql"), nothing: Code::Common500 };
const CREATE: Write = Write {
    sql: "SELECT outcome, result::text FROM pay.create_payment($1, $2, $3, $4, $5, $6, $7, $8)",
    nothing: Code::Pay4042,
    refusals: &[("ORDER_CLOSED", Code::Pay4096), ("PAYMENT_LIVE", Code::Pay4097)],
    constraints: &[("payment_one_live_per_order", Code::Pay4097)],
};
const ENDPOINT: &str = "payments-create";

#[http_service]
async fn handle(request: Request) -> Reply {
    let routes = routes![
        GET "/api/payments" step_list,
        GET "/api/payments/:id" step_show,
        GET "/api/v1/payments" list,
        POST "/api/v1/payments" create,
        GET "/api/v1/payments/:id" show,
    ];
    guest::serve_in(request, routes, refusals).await
}

async fn step_show(mut call: Call) -> Result<Answer, Failure> {
    let merchant = call.query("merchantId");
    let caller = present(&mut call).await?.of_known_merchant(merchant.as_deref()).await?;
    show_to(&call, &caller).await
}

async fn show(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    show_to(&call, &caller).await
}

async fn show_to(call: &Call, caller: &Caller) -> Result<Answer, Failure> {
    let payment = call.path_id("id")?;
    let found: PaymentDetail = PAYMENT.one(caller.tenant, params![payment]).await?;
    Face::of(call).ok(&found)
}

async fn step_list(mut call: Call) -> Result<Answer, Failure> {
    let merchant = call.query("merchantId");
    let caller = present(&mut call).await?.of_known_merchant(merchant.as_deref()).await?;
    list_to(&call, &caller).await
}

async fn list(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    list_to(&call, &caller).await
}

async fn list_to(call: &Call, caller: &Caller) -> Result<Answer, Failure> {
    let (page, filter) = (call.page()?, Filter::of(call)?);
    let (sort, last) = (page.after.map(|key| key.sort), page.after.map(|key| key.id));
    let status = filter.status.map(|state| state.name().to_owned());
    let own = params![status, filter.from, filter.to, sort, last, page.rows_to_read()];
    let found: Vec<Sorted<PaymentBrief>> = LIST.one(caller.tenant, own).await?;
    let (found, next_cursor) = page.cut(found, |payment| payment.cursor(payment.entry.payment_id));
    let payments = found.into_iter().map(|payment| payment.entry).collect();
    Face::of(call).ok(&PaymentPage { payments, has_next: next_cursor.is_some(), next_cursor })
}

async fn create(mut call: Call) -> Result<Answer, Failure> {
    let presented = present(&mut call).await?;
    let body: PaymentCreateBody = call.json().await?;
    let mut fields = Fields::default();
    let Some(order) = fields.check("orderId", id(body.order_id)) else { return Err(fields.refusal().into()) };
    let caller = presented.signed().await?;
    admit(&caller, ENDPOINT).await?;
    let auto_capture = body.auto_capture.unwrap_or(true);
    let (order_text, capture_text) = (order.to_string(), auto_capture.to_string());
    let hashed = [("orderId", Some(order_text.as_str())), ("autoCapture", Some(capture_text.as_str()))];
    let claim = Claim::of(&call, ENDPOINT, None, &hashed)?;
    let provider = guest_payment::provider_name().await?;
    let own = params![order, auto_capture, &*provider, caller.actor.as_str()];
    let done = CREATE.run::<PaymentBrief>(&caller, &claim, own).await?;
    Ok(replayed(Face::of(&call).ok(&done.result)?, done.replayed))
}

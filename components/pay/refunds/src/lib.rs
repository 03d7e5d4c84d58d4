//! `POST /api/v1/refunds`, `GET /api/v1/refunds/:id` and `GET /api/v1/refunds?paymentId`: asks for a refund, shows one,
//! lists them.

use guest::prelude::*;
use guest_payment::{
    Claim, Face, REFUND, Read, Sorted, admit, id, optional_minor, present, query_id, reason, replayed,
    traceparent,
};
use wire::{Code, Fields, Refund, RefundCreateBody, RefundPage, RefundRequested};

const SHOW: Read = Read { sql: "SELECT pay.refund_of($1, $2)::text", nothing: Code::Pay4043 };
const LIST: Read =
    Read { sql: "SELECT pay.refunds($1, $2, $3, $4, $5::bigint::integer)::text", nothing: Code::Pay4041 };
const ENDPOINT: &str = "refunds-create";

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(
        request,
        routes![
            POST "/api/v1/refunds" create,
            GET "/api/v1/refunds" list,
            GET "/api/v1/refunds/:id" show,
        ],
    )
    .await
}

async fn create(mut call: Call) -> Result<Answer, Failure> {
    let presented = present(&mut call).await?;
    let body: RefundCreateBody = call.json().await?;
    let mut fields = Fields::default();
    let payment = fields.check("paymentId", id(body.payment_id));
    let why = fields.check("reason", reason(&body.reason));
    let amount = fields.check("amount", optional_minor(body.amount));
    let (Some(payment), Some(why), Some(amount)) = (payment, why, amount) else {
        return Err(fields.refusal().into());
    };
    let caller = presented.signed().await?;
    admit(&caller, ENDPOINT).await?;
    let (payment_text, amount_text) = (payment.to_string(), amount.map(|minor| minor.to_string()));
    let hashed = [
        ("paymentId", Some(payment_text.as_str())),
        ("amount", amount_text.as_deref()),
        ("reason", Some(why)),
    ];
    let claim = Claim::of(&call, ENDPOINT, None, &hashed)?;
    let own = params![payment, amount, why, caller.actor.as_str(), traceparent(&call)];
    let done = REFUND.run::<RefundRequested>(&caller, &claim, own).await?;
    let answer = Face::of(&call).ok(&done.result)?;
    Ok(replayed(answer, done.replayed))
}

async fn show(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let refund = call.path_id("id")?;
    let found: Refund = SHOW.one(caller.tenant, params![refund]).await?;
    call.ok(&found)
}

async fn list(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let page = call.page()?;
    let payment = query_id(&call, "paymentId")?;
    let (sort, last) = (page.after.map(|key| key.sort), page.after.map(|key| key.id));
    let own = params![payment, sort, last, page.rows_to_read()];
    let found: Vec<Sorted<Refund>> = LIST.one(caller.tenant, own).await?;
    let (found, next_cursor) = page.cut(found, |refund| refund.cursor(refund.entry.refund_id));
    let refunds = found.into_iter().map(|refund| refund.entry).collect();
    call.ok(&RefundPage { refunds, has_next: next_cursor.is_some(), next_cursor })
}

//! Orders: `POST` and `GET /api/v1/orders`, `GET /api/v1/orders/:id`, `PUT /api/v1/orders/:id/cancel`.
//!
//! What an order costs is computed here from its lines; nobody who pays says it.

mod lines;

use guest::prelude::*;
use guest_payment::{Claim, Face, Read, Sorted, Write, admit, present, reference, replayed, traceparent};
use rules_payment::{Currency, order::OrderState};
use wire::{Code, Fields, Order, OrderCreateBody, OrderPage, Problem};

use lines::Lines;

const CREATE: Write = Write {
    sql: include_str!("create.sql"),
    nothing: Code::Common500,
    refusals: &[("TOTAL_DIFFERS", Code::Common500)],
    // Written by the database it is longer than as it was sent: 1e300 has 301 digits there.
    constraints: &[("customer_order_metadata_check", Code::Common400)],
};
const CANCEL: Write = Write {
    sql: "SELECT outcome, result::text FROM pay.cancel_order($1, $2, $3, $4, $5, $6, $7)",
    nothing: Code::Pay4042,
    refusals: &[("CONFLICT", Code::Pay4096), ("PAYMENT_LIVE", Code::Pay4097)],
    constraints: &[],
};
const SHOW: Read = Read { sql: "SELECT pay.order_of($1, $2)::text", nothing: Code::Pay4042 };
const LIST: Read = Read { sql: include_str!("list.sql"), nothing: Code::Common500 };

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(
        request,
        routes![
            POST "/api/v1/orders" create,
            GET "/api/v1/orders" list,
            GET "/api/v1/orders/:id" show,
            PUT "/api/v1/orders/:id/cancel" cancel,
        ],
    )
    .await
}

async fn create(mut call: Call) -> Result<Answer, Failure> {
    let presented = present(&mut call).await?;
    let body: OrderCreateBody = call.json().await?;
    let mut fields = Fields::default();
    let user = fields.check("userId", reference(&body.user_id));
    let currency = fields.check("currency", Currency::parse(&body.currency));
    let metadata = fields.check("metadata", lines::metadata(body.metadata.as_ref()));
    let lines = match currency {
        Some(currency) => fields.check("lineItems", Lines::parse(&body.line_items, currency)),
        None => None,
    };
    let (Some(user), Some(currency), Some(metadata), Some(lines)) = (user, currency, metadata, lines) else {
        return Err(fields.refusal().into());
    };
    let caller = presented.signed().await?;
    admit(&caller, "orders-create").await?;
    let written = serde_json::to_string(&body.line_items).map_err(Failure::fault)?;
    let hashed = [
        ("userId", Some(user)),
        ("currency", Some(currency.code())),
        ("lineItems", Some(written.as_str())),
        ("metadata", metadata.as_deref()),
    ];
    let claim = Claim::of(&call, "orders-create", None, &hashed)?;
    let mut own = params![user, currency.code(), lines.total.minor(), metadata];
    own.extend(params![lines.product_ids, lines.product_names, lines.quantities, lines.unit_prices]);
    own.extend(params![caller.actor.as_str(), traceparent(&call)]);
    let done = CREATE.run::<Order>(&caller, &claim, own).await?;
    Ok(replayed(Face::of(&call).ok(&done.result)?, done.replayed))
}

async fn cancel(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let order = call.path_id("id")?;
    admit(&caller, "orders-cancel").await?;
    let claim = Claim::of(&call, "orders-cancel", None, &[])?;
    let own = params![order, caller.actor.as_str(), traceparent(&call)];
    let done = CANCEL.run::<Order>(&caller, &claim, own).await?;
    Ok(replayed(Face::of(&call).ok(&done.result)?, done.replayed))
}

async fn show(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let order = call.path_id("id")?;
    let found: Order = SHOW.one(caller.tenant, params![order]).await?;
    call.ok(&found)
}

async fn list(mut call: Call) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?;
    let page = call.page()?;
    let (user, status) = (call.query("userId"), call.query("status"));
    if let Some(user) = &user {
        reference(user).map_err(|problem| problem.at("userId"))?;
    }
    if let Some(status) = &status {
        let known = OrderState::ALL.into_iter().any(|state| state.name() == status);
        known.then_some(()).ok_or_else(|| Problem::from(Code::Common400).at("status"))?;
    }
    let (sort, last) = (page.after.map(|key| key.sort), page.after.map(|key| key.id));
    let own = params![user, status, sort, last, page.rows_to_read()];
    let found: Vec<Sorted<Order>> = LIST.one(caller.tenant, own).await?;
    let (found, next_cursor) = page.cut(found, |order| order.cursor(order.entry.order_id));
    let orders = found.into_iter().map(|order| order.entry).collect();
    call.ok(&OrderPage { orders, has_next: next_cursor.is_some(), next_cursor })
}

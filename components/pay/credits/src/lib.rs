//! Credits of a merchant's users: `POST /api/v1/credits/:kind` (charge, reserve, confirm, cancel, refund, expire), `GET
//! /api/v1/credits/:user?currency` and `GET /api/v1/credits/:user/entries?currency`. Entries are only ever added.

use guest::prelude::*;
use guest_payment::{
    Caller, Claim, Face, Read, Write, admit, id, optional_minor, present, reference, replayed, traceparent,
};
use rules_payment::{Currency, credit::CreditEntry};
use wire::{
    Code, CreditAccount, CreditBody, CreditChanged, CreditEntryPage, CreditEntryView, Cursor, Fields, Problem,
};

const CHANGE: Write = Write {
    sql: include_str!("change.sql"),
    nothing: Code::Pay4044,
    refusals: &[
        ("INSUFFICIENT", Code::Pay4226),
        ("NO_ACCOUNT", Code::Pay4044),
        ("NO_RESERVATION", Code::Pay4044),
        ("CONFLICT", Code::Pay4099),
        ("EXCEEDS_CONFIRMED", Code::Pay4227),
        ("TOO_LARGE", Code::Pay4001),
    ],
    constraints: &[("credit_account_covered", Code::Pay4226)],
};
const BALANCE: Read = Read { sql: "SELECT pay.credit_balance($1, $2, $3)::text", nothing: Code::Pay4044 };
const ENTRIES: Read = Read {
    sql: "SELECT pay.credit_entries($1, $2, $3, $4, $5::bigint::integer)::text",
    nothing: Code::Pay4044,
};

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(
        request,
        routes![
            POST "/api/v1/credits/charge" charge,
            POST "/api/v1/credits/reserve" reserve,
            POST "/api/v1/credits/confirm" confirm,
            POST "/api/v1/credits/cancel" cancel,
            POST "/api/v1/credits/refund" refund,
            POST "/api/v1/credits/expire" expire,
            GET "/api/v1/credits/:user" balance,
            GET "/api/v1/credits/:user/entries" entries,
        ],
    )
    .await
}

async fn charge(call: Call) -> Result<Answer, Failure> {
    change(call, CreditEntry::Charge, "credits-charge").await
}

async fn reserve(call: Call) -> Result<Answer, Failure> {
    change(call, CreditEntry::Reserve, "credits-reserve").await
}

async fn confirm(call: Call) -> Result<Answer, Failure> {
    change(call, CreditEntry::Confirm, "credits-confirm").await
}

async fn cancel(call: Call) -> Result<Answer, Failure> {
    change(call, CreditEntry::Cancel, "credits-cancel").await
}

async fn refund(call: Call) -> Result<Answer, Failure> {
    change(call, CreditEntry::Refund, "credits-refund").await
}

async fn expire(call: Call) -> Result<Answer, Failure> {
    change(call, CreditEntry::Expire, "credits-expire").await
}

async fn change(mut call: Call, kind: CreditEntry, endpoint: &'static str) -> Result<Answer, Failure> {
    let presented = present(&mut call).await?;
    let body: CreditBody = call.json().await?;
    let mut fields = Fields::default();
    let user = fields.check("userId", reference(&body.user_id));
    let currency = fields.check("currency", Currency::parse(&body.currency));
    let amount = fields.check("amount", amount_of(kind, body.amount));
    let reservation = fields.check("reservationId", reservation_of(kind, body.reservation_id));
    let named = fields.check("reference", body.reference.as_deref().map(reference).transpose());
    let (Some(user), Some(currency), Some(amount), Some(reservation), Some(named)) =
        (user, currency, amount, reservation, named)
    else {
        return Err(fields.refusal().into());
    };
    let caller = presented.signed().await?;
    admit(&caller, endpoint).await?;
    let texts = [amount.map(|minor| minor.to_string()), reservation.map(|id| id.to_string())];
    let hashed = [
        ("userId", Some(user)),
        ("currency", Some(currency.code())),
        ("amount", texts[0].as_deref()),
        ("reservationId", texts[1].as_deref()),
        ("reference", named),
    ];
    let claim = Claim::of(&call, endpoint, None, &hashed)?;
    let mut own = params![user, currency.code(), kind.name(), amount, reservation];
    own.extend(params![named.map(str::to_owned), caller.actor.as_str(), traceparent(&call)]);
    let done = CHANGE.run::<CreditChanged>(&caller, &claim, own).await?;
    Ok(replayed(Face::of(&call).ok(&done.result)?, done.replayed))
}

/// All of a reservation may be meant without saying how much it is; everything else says its amount.
fn amount_of(kind: CreditEntry, sent: Option<i64>) -> Result<Option<i64>, Problem> {
    let amount = optional_minor(sent).map_err(|fault| wire::PublicFace::problem(&fault))?;
    match kind {
        CreditEntry::Confirm | CreditEntry::Cancel => Ok(amount),
        CreditEntry::Charge | CreditEntry::Reserve | CreditEntry::Refund | CreditEntry::Expire => {
            if amount.is_some() { Ok(amount) } else { Err(Code::Common400.into()) }
        }
    }
}

/// Confirm and cancel are of a reservation, a refund may be; nothing else is.
fn reservation_of(kind: CreditEntry, sent: Option<i64>) -> Result<Option<i64>, Problem> {
    let sent = sent.map(id).transpose()?;
    match (kind, sent) {
        (CreditEntry::Confirm | CreditEntry::Cancel, Some(_)) | (CreditEntry::Refund, _) => Ok(sent),
        (CreditEntry::Charge | CreditEntry::Reserve | CreditEntry::Expire, None) => Ok(None),
        (CreditEntry::Confirm | CreditEntry::Cancel, None)
        | (CreditEntry::Charge | CreditEntry::Reserve | CreditEntry::Expire, Some(_)) => {
            Err(Code::Common400.into())
        }
    }
}

/// Whose account in which currency is read, and for whom.
async fn account(call: &mut Call) -> Result<(Caller, String, Currency), Failure> {
    let caller = present(call).await?.signed().await?;
    let user = reference(&call.path_text("user")).map_err(|problem| problem.at("userId"))?.to_owned();
    let currency = Currency::parse(&call.query("currency").unwrap_or_default())?;
    Ok((caller, user, currency))
}

async fn balance(mut call: Call) -> Result<Answer, Failure> {
    let (caller, user, currency) = account(&mut call).await?;
    let found: CreditAccount = BALANCE.one(caller.tenant, params![user, currency.code()]).await?;
    call.ok(&found)
}

async fn entries(mut call: Call) -> Result<Answer, Failure> {
    let (caller, user, currency) = account(&mut call).await?;
    let page = call.page()?;
    let before = page.after.map(|key| key.sort);
    let own = params![user, currency.code(), before, page.rows_to_read()];
    let found: Vec<CreditEntryView> = ENTRIES.one(caller.tenant, own).await?;
    let (entries, next_cursor) = page.cut(found, |entry| Cursor { sort: entry.seq, id: entry.seq });
    call.ok(&CreditEntryPage { entries, has_next: next_cursor.is_some(), next_cursor })
}

//! `/v1/payments`: authorize, confirm, capture, cancel, and reading back.

use sandbox_kit::{Answer, Call, json};
use serde::Deserialize;
use serde_json::Number;
use spin_sdk::pg::ParameterValue;

use crate::amount::minor;
use crate::call::{Refused, body, idempotency_key, kept, order_id};
use crate::case::{Case, Operation};
use crate::charge::{Charge, Done, key_parts};
use crate::database;
use crate::fault::{self, Fault, Told};
use crate::render::{self, Moment};
use crate::toss_error::TossError;
use crate::webhook;

const CURRENCY: &str = "KRW";
const METHOD: &str = "카드";
const MERCHANT: &str = "moalog";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    order_id: String,
    amount: Number,
    currency: Option<String>,
    method: Option<String>,
    merchant: Option<String>,
    order_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Confirm {
    payment_key: String,
    order_id: String,
    amount: Number,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cancel {
    cancel_reason: String,
    cancel_amount: Option<Number>,
}

/// What is known of the money before the database is asked.
struct Money {
    order_id: String,
    minor: i64,
    currency: String,
    method: String,
    merchant: String,
    order_name: String,
}

impl Money {
    fn of(asked: Asked) -> Result<Self, Refused> {
        order_id(&asked.order_id)?;
        let currency = kept(asked.currency, CURRENCY);
        let known = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
        let minor = minor(&asked.amount, &currency).filter(|_| known).ok_or(TossError::InvalidRequest)?;
        let order_name = kept(asked.order_name, &asked.order_id);
        let (method, merchant) = (kept(asked.method, METHOD), kept(asked.merchant, MERCHANT));
        Ok(Self { order_id: asked.order_id, minor, currency, method, merchant, order_name })
    }
}

/// One call of a function in `sql/functions.sql`, the case as its last parameter.
struct Step {
    sql: &'static str,
    parameters: Vec<ParameterValue>,
    /// What a first answer shows, and a repeated one.
    moment: fn(Option<i32>) -> Moment,
}

impl Step {
    async fn run(&self, case: Option<Case>) -> Result<Done, Refused> {
        let mut parameters = self.parameters.clone();
        parameters.push(case.map(|case| case.name.to_owned()).into());
        Done::read(&database::one(self.sql, parameters).await?)
    }

    /// Does it, waits as long as it takes, and answers as the case demands.
    async fn answer(self, case: Option<Case>) -> Result<Answer, Refused> {
        let done = self.run(case).await?;
        if let Told::Payment { callbacks } = settle(&done).await? {
            return self.told(&done, callbacks).await;
        }
        // The fault is spent, so that the operation goes through; it does so after the answer, as a caller that goes
        // away would take it along.
        spin_sdk::wasip3::spawn(async move {
            fault::sleep(fault::LATE_MS).await;
            if self.run(None).await.is_err() {
                eprintln!("level=error diagnosis=\"a late operation was not carried out\"");
            }
        });
        Err(Fault::Error.into())
    }

    async fn told(&self, done: &Done, callbacks: u8) -> Result<Answer, Refused> {
        let charge = done.charge.as_ref().ok_or(TossError::FailedInternalSystemProcessing)?;
        // A declined charge that is asked for again is declined again.
        if let Some(error) = charge.failure.as_deref().and_then(declined_as) {
            return Err(error.into());
        }
        for _ in 0..callbacks {
            webhook::send_status(charge).await?;
        }
        Ok(json(200, &render::payment(charge, (self.moment)(done.cancel_number)).await?))
    }
}

/// Waits and decides; only a payment, or one that comes late, is handed back.
async fn settle(done: &Done) -> Result<Told, Refused> {
    let case = if done.replayed { None } else { done.case };
    match fault::told(case, done.delay_ms).await {
        Told::Error(error) => Err(error.into()),
        Told::Fault(fault) => Err(fault.into()),
        told @ (Told::Payment { .. } | Told::Late) => Ok(told),
    }
}

fn declined_as(case: &str) -> Option<TossError> {
    match Case::named(case)?.effect {
        crate::case::Effect::Decline(code) => TossError::of_code(code),
        _ => None,
    }
}

/// `POST /v1/payments/authorize`
pub(crate) async fn authorize(call: Call) -> Result<Answer, Refused> {
    let key = idempotency_key(&call)?;
    let money = Money::of(body(call).await?)?;
    let case = Case::of_merchant(&money.merchant, Operation::Authorize);
    let parameters = vec![
        money.order_id.into(),
        key.into(),
        money.minor.into(),
        money.currency.into(),
        money.method.into(),
        money.merchant.into(),
        money.order_name.into(),
    ];
    Step { sql: include_str!("sql/authorize.sql"), parameters, moment: |_| Moment::Approved }
        .answer(case)
        .await
}

/// `POST /v1/checkout`
pub(crate) async fn checkout(call: Call) -> Result<Answer, Refused> {
    let money = Money::of(body(call).await?)?;
    let parameters = vec![
        money.order_id.into(),
        money.minor.into(),
        money.currency.into(),
        money.method.into(),
        money.merchant.into(),
        money.order_name.into(),
    ];
    let row = database::one(include_str!("sql/checkout.sql"), parameters).await?;
    Ok(json(200, &render::payment(&Charge::read(&row, 0)?, Moment::Now).await?))
}

/// `POST /v1/payments/confirm`. The merchant is the checkout's, so the database looks for its script, and a name that
/// asks for a case is found with it.
pub(crate) async fn confirm(call: Call) -> Result<Answer, Refused> {
    let key = idempotency_key(&call)?;
    let asked: Confirm = body(call).await?;
    let [id, secret] = key_parts(&asked.payment_key).map_err(|_| TossError::NotFoundPaymentSession)?;
    let known = by_parts([id.clone(), secret.clone()]).await.map_err(|refused| match refused {
        Refused::Toss(_) => TossError::NotFoundPaymentSession.into(),
        other => other,
    })?;
    let minor = minor(&asked.amount, &known.currency).ok_or(TossError::InvalidRequest)?;
    let case = Case::of_merchant(&known.merchant, Operation::Confirm);
    let parameters = vec![id, secret, key.into(), asked.order_id.into(), minor.into()];
    Step { sql: include_str!("sql/confirm.sql"), parameters, moment: |_| Moment::Approved }.answer(case).await
}

/// `POST /v1/payments/{paymentKey}/capture`
pub(crate) async fn capture(call: Call, payment_key: &str) -> Result<Answer, Refused> {
    let key = idempotency_key(&call)?;
    let [id, secret] = key_parts(payment_key)?;
    let known = by_parts([id.clone(), secret.clone()]).await?;
    let case = Case::of_merchant(&known.merchant, Operation::Capture);
    let parameters = vec![id, secret, key.into()];
    Step { sql: include_str!("sql/capture.sql"), parameters, moment: |_| Moment::Captured }.answer(case).await
}

/// `POST /v1/payments/{paymentKey}/cancel`
pub(crate) async fn cancel(call: Call, payment_key: &str) -> Result<Answer, Refused> {
    let key = idempotency_key(&call)?;
    let [id, secret] = key_parts(payment_key)?;
    let asked: Cancel = body(call).await?;
    let known = by_parts([id.clone(), secret.clone()]).await?;
    let amount = match asked.cancel_amount {
        None => None,
        Some(amount) => Some(minor(&amount, &known.currency).ok_or(TossError::InvalidRequest)?),
    };
    let reason = kept(Some(asked.cancel_reason).filter(|reason| !reason.is_empty()), "");
    if reason.is_empty() {
        return Err(TossError::InvalidRequest.into());
    }
    let case = Case::of_merchant(&known.merchant, Operation::Cancel);
    let parameters = vec![id, secret, key.into(), amount.into(), reason.into()];
    let moment = |number: Option<i32>| number.map_or(Moment::Now, Moment::Canceled);
    Step { sql: include_str!("sql/cancel.sql"), parameters, moment }.answer(case).await
}

/// `GET /v1/payments/{paymentKey}`
pub(crate) async fn by_key(payment_key: &str) -> Result<Answer, Refused> {
    let charge = by_parts(key_parts(payment_key)?).await?;
    Ok(json(200, &render::payment(&charge, Moment::Now).await?))
}

/// `GET /v1/payments/orders/{orderId}`
pub(crate) async fn by_order(order_id: &str) -> Result<Answer, Refused> {
    let charge = of_order(order_id).await?;
    Ok(json(200, &render::payment(&charge, Moment::Now).await?))
}

/// The charge of an order.
pub(crate) async fn of_order(order_id: &str) -> Result<Charge, Refused> {
    let rows = database::query(include_str!("sql/by_order.sql"), vec![order_id.to_owned().into()]).await?;
    Charge::read(rows.first().ok_or(TossError::NotFoundPayment)?, 0)
}

async fn by_parts(parts: [ParameterValue; 2]) -> Result<Charge, Refused> {
    let rows = database::query(include_str!("sql/by_key.sql"), parts.to_vec()).await?;
    Charge::read(rows.first().ok_or(TossError::NotFoundPayment)?, 0)
}

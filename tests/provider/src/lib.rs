//! The payment provider's side of payments over HTTP: its notices, its report, its settlement files.
//!
//! One file per area under `tests/`; here is what several need. Payments themselves are in `tests/payments`.

use serde_json::{Value, json};
use tests_payments::{Merchant, checkout, requested};
use tests_support::{Answer, App};

/// Sends JSON to the sandbox and reads what it says.
///
/// # Panics
/// When it does not answer.
pub async fn sandbox(app: &App, path: &str, body: &Value) -> (u16, Value) {
    let request = reqwest::Client::new().post(format!("{}{path}", app.sandbox_url)).json(body);
    read(request).await
}

/// Speaks to the sandbox as the application does, with its secret key.
///
/// # Panics
/// When it does not answer.
pub async fn as_application(app: &App, path: &str, key: &str, body: &Value) -> (u16, Value) {
    let secret = &app.own().running.start().values["toss_secret_key"];
    let request = reqwest::Client::new()
        .post(format!("{}{path}", app.sandbox_url))
        .basic_auth(secret, Some(""))
        .header("idempotency-key", key)
        .json(body);
    read(request).await
}

async fn read(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("the sandbox answers");
    (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
}

/// A payment of an order of this many won, confirmed and so captured: its id and our order id at the provider.
///
/// # Panics
/// When it is not captured.
pub async fn confirmed(app: &App, merchant: &Merchant, won: i64) -> (i64, String) {
    let (payment, reference) = requested(merchant, won).await;
    let payment_key = checkout(app, &merchant.name, &reference, won).await;
    let body = json!({ "paymentKey": payment_key, "amount": won });
    let done = merchant.post(&format!("/api/v1/payments/{payment}/confirm"), &body).await.ok();
    assert_eq!(done["status"], "CAPTURED");
    (payment, reference)
}

/// A notice as anybody could send it: nothing in it is signed.
pub async fn notice(app: &App, reference: &str, status: &str, created_at: &str) -> Answer {
    let body = json!({
        "eventType": "PAYMENT_STATUS_CHANGED",
        "createdAt": created_at,
        "data": { "orderId": reference, "paymentKey": "tgen_forged", "status": status, "totalAmount": 1 },
    });
    app.stranger().post("/api/v1/webhooks/toss", &body).await
}

/// So many seconds from now, as RFC 3339 in UTC.
#[must_use]
pub fn in_seconds(seconds: i64) -> String {
    let at = chrono::Utc::now() + chrono::TimeDelta::seconds(seconds);
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

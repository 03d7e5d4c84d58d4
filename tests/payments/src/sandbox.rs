//! What the payment provider of the sandbox did, and what it is to do.

use serde_json::{Value, json};
use tests_support::App;

/// A charge that was really made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Our own order id at the provider.
    pub order_id: String,
    /// Minor units.
    pub amount: i64,
    /// Minor units not given back.
    pub balance: i64,
    /// ISO 4217.
    pub currency: String,
}

/// The charges made for a merchant, the oldest first.
///
/// # Panics
/// When the report cannot be had.
pub async fn charges_of(app: &App, merchant: &str) -> Vec<Charge> {
    charges(app, &format!("merchant={merchant}")).await
}

/// The charges made under a reference of ours.
///
/// # Panics
/// When the report cannot be had.
pub async fn charges_under(app: &App, reference: &str) -> Vec<Charge> {
    charges(app, &format!("orderId={reference}")).await
}

async fn charges(app: &App, filter: &str) -> Vec<Charge> {
    let url = format!("{}/v1/sandbox/charges?limit=1000&{filter}", app.sandbox_url);
    let answer = reqwest::get(url).await.expect("the sandbox answers");
    let body: Value = answer.error_for_status().expect("a report").json().await.expect("JSON");
    let rows = body["charges"].as_array().expect("charges").clone();
    let text = |row: &Value, name: &str| row[name].as_str().expect("a text").to_owned();
    let number = |row: &Value, name: &str| row[name].as_i64().expect("a number");
    rows.iter()
        .map(|row| Charge {
            order_id: text(row, "orderId"),
            amount: number(row, "amount"),
            balance: number(row, "balance"),
            currency: text(row, "currency"),
        })
        .collect()
}

/// Lets a case of the sandbox happen to a merchant or to one of our references.
///
/// # Panics
/// When the sandbox refuses.
pub async fn script(app: &App, target: &str, case: &str) {
    let url = format!("{}/v1/sandbox/scripts/{target}", app.sandbox_url);
    let request = reqwest::Client::new().put(url).json(&json!({ "case": case }));
    request.send().await.expect("the sandbox answers").error_for_status().expect("a known case");
}

/// The customer's part at the provider: a payment key to confirm with.
///
/// # Panics
/// When the sandbox refuses.
pub async fn checkout(app: &App, merchant: &str, reference: &str, amount: i64) -> String {
    let url = format!("{}/v1/checkout", app.sandbox_url);
    let body = json!({ "orderId": reference, "amount": amount, "currency": "KRW", "merchant": merchant });
    let answer = reqwest::Client::new().post(url).json(&body).send().await.expect("the sandbox answers");
    let made: Value = answer.error_for_status().expect("a checkout").json().await.expect("JSON");
    made["paymentKey"].as_str().expect("a key").to_owned()
}

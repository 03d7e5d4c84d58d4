//! An old client of the step API: unsigned, bare bodies.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tests_support::{Answer, App, Person};

/// A text that nobody else uses.
#[must_use]
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}{:x}-{:x}", std::process::id(), number)
}

/// A client that acts for one merchant by naming it.
pub struct Step {
    /// The merchant's name.
    pub merchant: String,
    /// Its connection.
    pub client: Person,
}

/// What an authorize request holds; change what the test is about.
#[must_use]
pub fn authorize_body(merchant: &str, key: &str, amount: i64) -> Value {
    json!({ "merchantId": merchant, "amount": amount, "currency": "KRW", "idempotencyKey": key })
}

impl Step {
    /// A merchant nobody has named before.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self { merchant: unique("step"), client: app.stranger() }
    }

    /// `POST /api/payments/authorize`
    pub async fn authorize(&self, key: &str, amount: i64) -> Answer {
        self.client.post("/api/payments/authorize", &authorize_body(&self.merchant, key, amount)).await
    }

    /// An authorized payment's id.
    ///
    /// # Panics
    /// When it is not authorized.
    pub async fn authorized(&self, amount: i64) -> i64 {
        let answer = self.authorize(&unique("key"), amount).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body["paymentId"].as_i64().expect("a payment's id")
    }

    /// `POST` of a step with an id.
    pub async fn step(&self, step: &str, payment: i64, more: Value) -> Answer {
        let mut body = json!({ "merchantId": self.merchant });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        self.client.post(&format!("/api/payments/{step}/{payment}"), &body).await
    }

    /// `GET /api/payments/{id}`
    pub async fn show(&self, payment: i64) -> Answer {
        self.client.get(&format!("/api/payments/{payment}?merchantId={}", self.merchant)).await
    }
}

/// Sends the same request until it is answered with success; whatever comes before must be an honest refusal.
///
/// # Panics
/// When another refusal comes, or no success within a minute.
pub async fn insist(client: &Step, key: &str, amount: i64) -> String {
    for _ in 0..400 {
        let request = client.client.request(reqwest::Method::POST, "/api/payments/authorize");
        let body = authorize_body(&client.merchant, key, amount);
        if let Ok(answer) = request.json(&body).send().await {
            let status = answer.status().as_u16();
            let text = answer.text().await;
            match (status, text) {
                (200, Ok(text)) => return text,
                (200 | 409 | 500..=504, _) => {}
                (other, text) => panic!("{other}: {text:?}"),
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    }
    panic!("no answer to {key}")
}

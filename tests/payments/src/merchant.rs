//! A merchant's server: signs what it sends.

use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests_support::{Answer, App, Person};

use crate::unique;

/// A merchant with a key.
pub struct Merchant {
    /// Its public name.
    pub name: String,
    /// Its key's id.
    pub key_id: String,
    /// Its key's secret.
    pub secret: String,
    /// The connection its requests go over.
    pub client: Person,
}

/// What a request's signature is made of; change what the test is about.
#[derive(Clone)]
pub struct Signing {
    /// The method that is signed.
    pub method: String,
    /// Path and query that are signed.
    pub path: String,
    /// Unix seconds.
    pub timestamp: String,
    /// Used once.
    pub nonce: String,
    /// The body that is signed.
    pub body: Vec<u8>,
    /// The key's id.
    pub key_id: String,
    /// The key's secret.
    pub secret: String,
}

/// The time as callers tell it.
///
/// # Panics
/// When the clock stands before 1970.
#[must_use]
pub fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock past 1970").as_secs()
}

impl Signing {
    /// The signature, in hexadecimal digits.
    ///
    /// # Panics
    /// Never: HMAC takes secrets of any length.
    #[must_use]
    pub fn signature(&self) -> String {
        let body = hex(&Sha256::digest(&self.body));
        let canonical = format!(
            "MOALOG-HMAC-SHA256-V1\n{}\n{}\n{}\n{}\n{body}",
            self.method, self.path, self.timestamp, self.nonce
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("any length");
        mac.update(canonical.as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    /// Puts the four headers on a request.
    pub fn on(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        request
            .header("x-api-key", &self.key_id)
            .header("x-timestamp", &self.timestamp)
            .header("x-nonce", &self.nonce)
            .header("x-signature", self.signature())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Merchant {
    /// A new merchant with a key, made by the development route.
    pub async fn new(app: &App) -> Self {
        Self::named(app, &unique("m")).await
    }

    /// A merchant of this name; with another key when there is one already.
    pub async fn named(app: &App, name: &str) -> Self {
        Self::made(app, name, "MERCHANT").await
    }

    /// Somebody whose key may order circuit breakers around.
    pub async fn operator(app: &App) -> Self {
        Self::made(app, &unique("ops"), "OPERATOR").await
    }

    async fn made(app: &App, name: &str, role: &str) -> Self {
        let client = app.stranger();
        let body = json!({ "merchantId": name, "role": role });
        let made = client.post("/api/v1/dev/merchants", &body).await.ok();
        let text = |field: &str| made[field].as_str().expect("a text").to_owned();
        Self { name: name.to_owned(), key_id: text("keyId"), secret: text("secret"), client }
    }

    /// What this request is signed with.
    #[must_use]
    pub fn signing(&self, method: &Method, path: &str, body: &[u8]) -> Signing {
        Signing {
            method: method.to_string(),
            path: path.to_owned(),
            timestamp: now_s().to_string(),
            nonce: unique("nonce-0123456789-"),
            body: body.to_vec(),
            key_id: self.key_id.clone(),
            secret: self.secret.clone(),
        }
    }

    /// Sends a signed request; `key` is its idempotency key.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>, key: Option<&str>) -> Answer {
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let mut request = self.signing(&method, path, &bytes).on(self.client.request(method, path));
        if body.is_some() {
            request = request.header("content-type", "application/json").body(bytes);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.client.send(request).await
    }

    /// A signed `POST` with an idempotency key of its own.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body), Some(&unique("key"))).await
    }

    /// A signed `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await
    }
}

/// A payment of an order of this many won that nobody authorized: its id and our order id at the provider.
///
/// # Panics
/// When it is not made.
pub async fn requested(merchant: &Merchant, won: i64) -> (i64, String) {
    let line = json!({ "productId": "pro", "productName": "팀 요금제", "quantity": 1, "unitPrice": won });
    let order = json!({ "userId": "user-1", "currency": "KRW", "lineItems": [line] });
    let order = merchant.post("/api/v1/orders", &order).await.ok();
    let payment = merchant.post("/api/v1/payments", &json!({ "orderId": order["orderId"] })).await.ok();
    let id = payment["paymentId"].as_i64().expect("an id");
    let shown = merchant.get(&format!("/api/v1/payments/{id}")).await.ok();
    (id, shown["providerReference"].as_str().expect("a reference").to_owned())
}

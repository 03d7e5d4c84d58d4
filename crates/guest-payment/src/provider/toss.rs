//! Toss Payments (API version 2022-11-16): Basic auth of the secret key, `Idempotency-Key`, amounts in major units.

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use rules_payment::Money;
use rules_payment::provider::{Decline, Doubt, ErrorClass, NotDone, Outcome, ProviderCode};
use serde::Serialize;
use serde_json::value::RawValue;
use spin_sdk::http::Method;

use super::payment::{Payment, Wanted, number};
use super::transport::{Reply, Silence, Wire, exchange};
use super::{Ask, DEADLINE_MS, Exchange, Provider, ReportFault, Seen, Sight, Transaction, codes, report};

/// Why there is no authorization without capture at Toss.
const TWO_STEP_NOT_OFFERED: &str = "TWO_STEP_NOT_OFFERED";
/// A body that could not be written as JSON.
const NOT_WRITTEN: &str = "NOT_WRITTEN";
/// The payment key belongs to a payment of another order.
const KEY_OF_ANOTHER: &str = "PAYMENT_KEY_OF_ANOTHER_ORDER";
/// What Toss shows the customer of a void.
const VOID_REASON: &str = "authorization released";
/// Characters of a reason at most, as Toss has it.
const REASON_CHARS_MAX: usize = 200;

/// The adapter.
pub struct Toss {
    /// Without a slash at the end.
    url: String,
    authorization: String,
    /// The trace that its calls are a part of.
    traceparent: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Confirm<'a> {
    payment_key: &'a str,
    order_id: &'a str,
    amount: Box<RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cancel<'a> {
    cancel_reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_amount: Option<&'a RawValue>,
}

impl Toss {
    pub(super) fn new(url: &str, secret_key: &str, traceparent: Option<&str>) -> Self {
        let authorization = format!("Basic {}", BASE64_STANDARD.encode(format!("{secret_key}:")));
        let url = url.trim_end_matches('/').to_owned();
        Self { url, authorization, traceparent: traceparent.map(str::to_owned) }
    }

    /// Sends a body and reads the payment that comes back.
    pub(super) async fn post(
        &self,
        path: &str,
        body: &impl Serialize,
        ask: &Ask<'_>,
        wanted: Wanted,
    ) -> Exchange {
        let Ok(body) = serde_json::to_vec(body) else { return not_done(NOT_WRITTEN) };
        let wire = Wire {
            method: Method::POST,
            url: format!("{}{path}", self.url),
            authorization: &self.authorization,
            key: Some(ask.key),
            traceparent: self.traceparent.as_deref(),
            body,
            deadline_ms: ask.deadline_ms,
        };
        let (reply, duration_ms) = exchange(wire).await;
        Exchange { outcome: outcome(reply, ask, wanted), duration_ms }
    }

    async fn get(&self, path: &str, deadline_ms: u32) -> (Result<Reply, Silence>, u32) {
        let wire = Wire {
            method: Method::GET,
            url: format!("{}{path}", self.url),
            authorization: &self.authorization,
            key: None,
            traceparent: self.traceparent.as_deref(),
            body: Vec::new(),
            deadline_ms,
        };
        exchange(wire).await
    }
}

/// What a reply to a call that moves money means.
fn outcome(reply: Result<Reply, Silence>, ask: &Ask<'_>, wanted: Wanted) -> Outcome {
    match reply {
        Err(Silence::Unknown(doubt)) => Outcome::Unknown(doubt),
        Err(Silence::NotDone(not_done)) => Outcome::NotDone(not_done),
        Ok(Reply { status: 200, body }) => match Payment::read(&body) {
            Some(payment) => payment.outcome(ask.reference, ask.money, wanted),
            None => Outcome::Unknown(Doubt::Unreadable),
        },
        Ok(Reply { status, body }) => codes::refusal(status, &body),
    }
}

/// What a reply to an inquiry shows.
fn sight(reply: Result<Reply, Silence>, reference: &str, money: Money) -> Sight {
    let reply = match reply {
        Ok(reply) => reply,
        Err(Silence::Unknown(doubt)) => return Sight::Unknown(doubt),
        Err(Silence::NotDone(not_done)) => return Sight::NotDone(not_done),
    };
    if reply.status == 200 {
        let payment = Payment::read(&reply.body);
        return payment.map_or(Sight::Unknown(Doubt::Unreadable), |payment| payment.seen(reference, money));
    }
    if codes::is_nothing(reply.status, &reply.body) {
        return Sight::Nothing;
    }
    match codes::refusal(reply.status, &reply.body) {
        Outcome::Unknown(doubt) => Sight::Unknown(doubt),
        Outcome::NotDone(not_done) => Sight::NotDone(not_done),
        // A question is not declined: whatever was said, it was not about the payment.
        Outcome::Declined(_) | Outcome::Approved(_) | Outcome::GivenBack(_) | Outcome::Review(_) => {
            Sight::Unknown(Doubt::Unreadable)
        }
    }
}

/// A decline, when the payment that was read is another order's.
fn of_another(reply: Result<Reply, Silence>, reference: &str) -> Option<Outcome> {
    let payment =
        reply.ok().filter(|reply| reply.status == 200).and_then(|reply| Payment::read(&reply.body))?;
    let decline = || Outcome::Declined(Decline { code: ProviderCode::read(KEY_OF_ANOTHER) });
    (!payment.is_of(reference)).then(decline)
}

/// Not offered here: nothing was sent.
fn not_done(code: &str) -> Exchange {
    let not_done = NotDone { class: ErrorClass::Bug, code: Some(ProviderCode::read(code)) };
    Exchange { outcome: Outcome::NotDone(not_done), duration_ms: 0 }
}

/// A payment key or an order id as a part of a path: both are checked where they come in, and encoded all the same.
pub(super) fn path_part(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn cut(reason: &str) -> String {
    reason.chars().take(REASON_CHARS_MAX).collect()
}

impl Provider for Toss {
    fn name(&self) -> &'static str {
        "toss"
    }

    /// Toss approves and takes in one step, `confirm`.
    async fn authorize(&self, _ask: &Ask<'_>) -> Exchange {
        not_done(TWO_STEP_NOT_OFFERED)
    }

    async fn confirm(&self, ask: &Ask<'_>, payment_key: &str) -> Exchange {
        let body = Confirm { payment_key, order_id: ask.reference, amount: number(ask.money) };
        let exchange = self.post("/v1/payments/confirm", &body, ask, Wanted::Taken).await;
        if exchange.outcome != Outcome::Unknown(Doubt::AlreadyThere) {
            return exchange;
        }
        // The key may be of a payment that was taken for another order; nothing of ours was taken then.
        let path = format!("/v1/payments/{}", path_part(payment_key));
        let (reply, more_ms) = self.get(&path, ask.deadline_ms).await;
        let duration_ms = exchange.duration_ms.saturating_add(more_ms);
        Exchange { outcome: of_another(reply, ask.reference).unwrap_or(exchange.outcome), duration_ms }
    }

    async fn capture(&self, _ask: &Ask<'_>, _payment_key: &str) -> Exchange {
        not_done(TWO_STEP_NOT_OFFERED)
    }

    async fn void(&self, ask: &Ask<'_>, payment_key: &str) -> Exchange {
        let path = format!("/v1/payments/{}/cancel", path_part(payment_key));
        let body = Cancel { cancel_reason: VOID_REASON.to_owned(), cancel_amount: None };
        self.post(&path, &body, ask, Wanted::Canceled).await
    }

    async fn refund(&self, ask: &Ask<'_>, payment_key: &str, reason: &str) -> Exchange {
        let path = format!("/v1/payments/{}/cancel", path_part(payment_key));
        let amount = number(ask.money);
        let body = Cancel { cancel_reason: cut(reason), cancel_amount: Some(&amount) };
        self.post(&path, &body, ask, Wanted::GivenBack).await
    }

    async fn inquire(&self, reference: &str, money: Money, deadline_ms: u32) -> Seen {
        let path = format!("/v1/payments/orders/{}", path_part(reference));
        let (reply, duration_ms) = self.get(&path, deadline_ms).await;
        Seen { sight: sight(reply, reference, money), duration_ms }
    }

    async fn transactions(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        after: Option<&str>,
    ) -> Result<Vec<Transaction>, ReportFault> {
        let (reply, _) = self.get(&report::path(from, to, after), DEADLINE_MS).await;
        report::read(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_sent_with_an_empty_password() {
        let toss = Toss::new("https://api.tosspayments.com/", "test_sk_a", None);
        assert_eq!(toss.authorization, format!("Basic {}", BASE64_STANDARD.encode("test_sk_a:")));
        assert_eq!(toss.url, "https://api.tosspayments.com");
    }

    #[test]
    fn nothing_breaks_out_of_a_path() {
        assert_eq!(path_part("tgen_1_a-b="), "tgen_1_a-b=");
        assert_eq!(path_part("../orders/x?y#z"), "%2E%2E%2Forders%2Fx%3Fy%23z");
    }

    #[test]
    fn a_question_that_is_refused_says_nothing_about_the_payment() {
        let money = Money::new(1000, rules_payment::Currency::KRW).unwrap();
        let of =
            |status, body: &'static str| sight(Ok(Reply { status, body: body.into() }), "mo-1-42", money);
        assert_eq!(of(404, r#"{"code":"NOT_FOUND_PAYMENT","message":"…"}"#), Sight::Nothing);
        assert_eq!(of(403, r#"{"code":"REJECT_CARD_COMPANY"}"#), Sight::Unknown(Doubt::Unreadable));
        assert_eq!(of(404, "<html>"), Sight::Unknown(Doubt::Unreadable));
        assert!(matches!(of(401, r#"{"code":"UNAUTHORIZED_KEY"}"#), Sight::NotDone(_)));
        assert_eq!(of(500, ""), Sight::Unknown(Doubt::ServerError));
    }
}

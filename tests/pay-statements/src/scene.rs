//! Payments and orders in a state.

use rules_payment::{Currency, Money, Posting};
use serde_json::Value;
use tokio_postgres::Client;

use crate::{
    Got, ask,
    step::{End, Step, lines},
};

/// A payment that is CAPTURE_REQUESTED.
pub async fn authorized(app: &Client, tenant: i64) -> i64 {
    let step = Step::new(tenant, None);
    let begun = step.begin(app).await;
    assert_eq!(begun.outcome, "BEGUN");
    assert_eq!(step.finish(app, &begun, &End::authorized("{}")).await.0, "DONE");
    begun.payment.unwrap()
}

/// A payment that is CAPTURED.
pub async fn captured(app: &Client, tenant: i64) -> i64 {
    let payment = authorized(app, tenant).await;
    assert_eq!(finish_capture(app, tenant, payment, "CAPTURED").await, "DONE");
    payment
}

/// Ends a capture.
pub async fn finish_capture(app: &Client, tenant: i64, payment: i64, to: &str) -> String {
    let (_, accounts, amounts) = lines("CAPTURE");
    let sql =
        "SELECT outcome FROM pay.finish_capture($1, $2, NULL, $3, 'settlement', 'worker', $4, $5, NULL)";
    app.query_one(sql, &[&tenant, &payment, &to, &accounts, &amounts]).await.unwrap().get(0)
}

/// Asks for a refund.
pub async fn refund(app: &Client, tenant: i64, key: Option<&str>, payment: i64, amount: Option<i64>) -> Got {
    let sql = "SELECT outcome, result FROM pay.request_refund($1, 'refund', $2, sha256('r'), $3, $4, 'broken', 'key:test',
                      NULL)";
    ask(app, sql, &[&tenant, &key, &payment, &amount]).await
}

/// Ends a refund; the cause of its move is the end's name.
pub async fn finish_refund(app: &Client, tenant: i64, got: &Got, to: &str) -> String {
    let refund = &got.result["refund"];
    let amount = Money::positive(refund["amount"].as_i64().unwrap(), Currency::KRW).unwrap();
    let posting = Posting::refund(amount).unwrap();
    let sql = "SELECT outcome FROM pay.finish_refund($1, $2, $3, $3, 'worker', $4, $5, NULL)";
    let id = refund["refundId"].as_i64();
    app.query_one(sql, &[&tenant, &id, &to, &posting.account_codes(), &posting.minors()])
        .await
        .unwrap()
        .get(0)
}

/// Asks for a capture.
pub async fn capture(app: &Client, tenant: i64, key: Option<&str>, payment: i64) -> Got {
    let sql = "SELECT outcome, result FROM pay.request_capture($1, 'capture', $2, sha256('c'), $3, 'key:test', NULL)";
    ask(app, sql, &[&tenant, &key, &payment]).await
}

/// An order of one thing at a price.
pub async fn order(app: &Client, tenant: i64, key: Option<&str>, price: i64) -> Got {
    let sql =
        "SELECT outcome, result FROM pay.create_order($1, 'order', $2, sha256('o'), 'user-1', 'KRW', $3,
                      '{\"note\": 1}', '{p-1}', '{thing}', '{1}', ARRAY[$3::bigint], 'key:test', NULL)";
    ask(app, sql, &[&tenant, &key, &price]).await
}

/// Makes the payment of an order.
pub async fn pay_order(app: &Client, tenant: i64, key: Option<&str>, order: i64) -> Got {
    let sql = "SELECT outcome, result FROM pay.create_payment($1, 'pay', $2, sha256('p'), $3, true, 'sandbox', 'key:test')";
    ask(app, sql, &[&tenant, &key, &order]).await
}

/// Changes credits of `user-1`.
pub async fn credit(app: &Client, tenant: i64, kind: &str, amount: Option<i64>, of: Option<i64>) -> Got {
    let sql =
        "SELECT outcome, result FROM pay.change_credit($1, 'credit', NULL, NULL, 'user-1', 'KRW', $2, $3, $4,
                      'ref', 'key:test', NULL)";
    ask(app, sql, &[&tenant, &kind, &amount, &of]).await
}

/// A payment as it is read.
pub async fn payment(app: &Client, tenant: i64, payment: i64) -> Value {
    crate::read(app, "SELECT pay.payment($1, $2)", &[&tenant, &payment]).await
}

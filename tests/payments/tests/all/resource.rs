//! The resource API: from an order to money, in two steps or by a confirmation of the customer's checkout.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests_payments::{Merchant, charges_under, checkout, requested, script, unique};
use tests_support::{app, run};

async fn order_of(merchant: &Merchant, payment: i64) -> Value {
    let shown = merchant.get(&format!("/api/v1/payments/{payment}")).await.ok();
    merchant.get(&format!("/api/v1/orders/{}", shown["orderId"])).await.ok()
}

#[test]
fn an_order_is_authorized_and_its_capture_asked_for_in_the_envelope() {
    run(async {
        let app = app().await;
        let merchant = Merchant::new(app).await;
        let (payment, reference) = requested(&merchant, 30_000).await;
        let path = format!("/api/v1/payments/{payment}/authorize");
        let key = unique("key");
        let first = merchant.send(Method::POST, &path, None, Some(&key)).await;
        let again = merchant.send(Method::POST, &path, None, Some(&key)).await;
        assert_eq!(again.text, first.text);
        assert_eq!(again.headers["idempotent-replay"], "true");
        let done = first.ok();
        assert_eq!((&done["status"], &done["amount"]), (&json!("CAPTURE_REQUESTED"), &json!(30_000)));
        let shown = merchant.get(&format!("/api/v1/payments/{payment}")).await.ok();
        for field in ["status", "version", "createdAt", "approvalNumber", "capturedAmount", "orderId"] {
            assert_eq!(done[field], shown[field], "{field}");
        }
        let captured = merchant.post(&format!("/api/v1/payments/{payment}/capture"), &json!({})).await.ok();
        assert_eq!(captured["status"], "CAPTURE_REQUESTED");
        assert_eq!(charges_under(app, &reference).await.len(), 1);
    });
}

#[test]
fn a_confirmed_checkout_is_captured_its_order_paid_and_its_money_can_be_asked_back() {
    run(async {
        let app = app().await;
        let merchant = Merchant::new(app).await;
        let (payment, reference) = requested(&merchant, 30_000).await;
        let payment_key = checkout(app, &merchant.name, &reference, 30_000).await;
        let path = format!("/api/v1/payments/{payment}/confirm");
        let wrong = json!({ "paymentKey": payment_key, "amount": 29_999 });
        merchant.post(&path, &wrong).await.refused(422, "PAY4225");
        let right = json!({ "paymentKey": payment_key, "amount": 30_000 });
        let done = merchant.post(&path, &right).await.ok();
        assert_eq!((&done["status"], &done["capturedAmount"]), (&json!("CAPTURED"), &json!(30_000)));
        assert_eq!(order_of(&merchant, payment).await["status"], "PAID");
        let shown = merchant.get(&format!("/api/v1/payments/{payment}")).await.ok();
        let lines = shown["ledgerEntries"].as_array().expect("entries");
        assert_eq!(lines.iter().filter_map(|line| line["amount"].as_i64()).sum::<i64>(), 0);
        assert!(
            lines.iter().any(|line| line["account"] == "PROVIDER_RECEIVABLE" && line["amount"] == 30_000)
        );

        let refund = |amount: i64| json!({ "paymentId": payment, "amount": amount, "reason": "부분 환불" });
        merchant.post("/api/v1/refunds", &refund(30_001)).await.refused(422, "PAY4222");
        let asked = merchant.post("/api/v1/refunds", &refund(10_000)).await.ok();
        assert_eq!(
            (&asked["status"], &asked["refund"]["status"]),
            (&json!("REFUND_REQUESTED"), &json!("REQUESTED"))
        );
        merchant.post("/api/v1/refunds", &refund(1)).await.refused(409, "PAY4094");
        let listed = merchant.get(&format!("/api/v1/refunds?paymentId={payment}")).await.ok();
        assert_eq!(listed["refunds"][0], asked["refund"]);
        let one = merchant.get(&format!("/api/v1/refunds/{}", asked["refund"]["refundId"])).await.ok();
        assert_eq!(one, asked["refund"]);
        // Confirmed with another key of ours: it is told what is, and nothing is charged.
        assert_eq!(merchant.post(&path, &right).await.ok()["status"], "REFUND_REQUESTED");
        assert_eq!(charges_under(app, &reference).await.len(), 1);
    });
}

#[test]
fn a_declined_payment_frees_its_order_for_another() {
    run(async {
        let app = app().await;
        let merchant = Merchant::new(app).await;
        let (payment, reference) = requested(&merchant, 30_000).await;
        script(app, &reference, "decline-balance").await;
        let declined = merchant.post(&format!("/api/v1/payments/{payment}/authorize"), &json!({})).await;
        declined.refused(402, "PAY4021");
        assert_eq!(declined.body["result"]["providerCode"], "REJECT_ACCOUNT_PAYMENT");
        let order = order_of(&merchant, payment).await["orderId"].clone();
        let second = merchant.post("/api/v1/payments", &json!({ "orderId": order })).await.ok();
        let path = format!("/api/v1/payments/{}/authorize", second["paymentId"]);
        assert_eq!(merchant.post(&path, &json!({})).await.ok()["status"], "CAPTURE_REQUESTED");
    });
}

#[test]
fn an_order_hit_from_all_sides_at_once_is_charged_once() {
    run(async {
        let app = app().await;
        let merchant = Merchant::new(app).await;
        let (payment, reference) = requested(&merchant, 30_000).await;
        let payment_key = checkout(app, &merchant.name, &reference, 30_000).await;
        let confirm = json!({ "paymentKey": payment_key, "amount": 30_000 });
        let path = format!("/api/v1/payments/{payment}/confirm");
        let same = unique("key");
        let twins = (0..8).map(|_| merchant.send(Method::POST, &path, Some(&confirm), Some(&same)));
        let others = (0..8).map(|_| merchant.post(&path, &confirm));
        let (twins, others) = futures::future::join(join_all(twins), join_all(others)).await;
        for answer in twins.iter().chain(&others) {
            assert!([200, 409].contains(&answer.status), "{} {}", answer.status, answer.text);
        }
        assert_eq!(merchant.get(&format!("/api/v1/payments/{payment}")).await.ok()["status"], "CAPTURED");
        let charges = charges_under(app, &reference).await;
        assert_eq!((charges.len(), charges[0].balance), (1, 30_000));
    });
}

#[test]
fn a_void_whose_answer_is_lost_is_found_out() {
    run(async {
        let app = app().await;
        let merchant = Merchant::new(app).await;
        let line = json!({ "productId": "p", "productName": "p", "quantity": 1, "unitPrice": 1_000 });
        let order = json!({ "userId": "u", "currency": "KRW", "lineItems": [line] });
        let order = merchant.post("/api/v1/orders", &order).await.ok();
        let body = json!({ "orderId": order["orderId"], "autoCapture": false });
        let payment = merchant.post("/api/v1/payments", &body).await.ok()["paymentId"].clone();
        let authorized =
            merchant.post(&format!("/api/v1/payments/{payment}/authorize"), &json!({})).await.ok();
        assert_eq!(authorized["status"], "AUTHORIZED");
        let shown = merchant.get(&format!("/api/v1/payments/{payment}")).await.ok();
        let reference = shown["providerReference"].as_str().expect("a reference").to_owned();
        script(app, &format!("{reference}/cancel"), "once-500-after").await;
        let (path, key) = (format!("/api/v1/payments/{payment}/void"), unique("key"));
        merchant.send(Method::POST, &path, None, Some(&key)).await.refused(502, "PAY5021");
        let shown = merchant.get(&format!("/api/v1/payments/{payment}")).await.ok();
        assert_eq!(shown["status"], "AUTHORIZED", "a void nobody knows of is no void");
        let voided = merchant.send(Method::POST, &path, None, Some(&key)).await.ok();
        assert_eq!(voided["status"], "VOIDED");
        assert_eq!(charges_under(app, &reference).await[0].balance, 0);
    });
}

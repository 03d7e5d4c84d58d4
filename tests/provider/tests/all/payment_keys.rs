//! The key of a customer's checkout comes from outside: a wrong one takes nothing, and what the provider gave back before
//! we knew of it is never taken for paid.

use serde_json::{Value, json};
use tests_payments::{Merchant, checkout, requested, script, unique};
use tests_provider::{as_application, confirmed};
use tests_support::{Answer, app, run};

async fn confirm(merchant: &Merchant, payment: i64, payment_key: &str, won: i64) -> Answer {
    let body = json!({ "paymentKey": payment_key, "amount": won });
    merchant.post(&format!("/api/v1/payments/{payment}/confirm"), &body).await
}

async fn shown(merchant: &Merchant, payment: i64) -> Value {
    merchant.get(&format!("/api/v1/payments/{payment}")).await.ok()
}

#[test]
fn the_key_of_another_orders_payment_is_declined_and_stops_nobody_elses_payments() {
    run(async {
        let app = app().await;
        let (merchant, other) = (Merchant::new(app).await, Merchant::new(app).await);
        let (first, _) = confirmed(app, &merchant, 9_000).await;
        let taken = shown(&merchant, first).await["paymentKey"].as_str().expect("a key").to_owned();
        for _ in 0..16 {
            let (payment, _) = requested(&merchant, 9_000).await;
            let declined = confirm(&merchant, payment, &taken, 9_000).await;
            declined.refused(402, "PAY4021");
            assert_eq!(shown(&merchant, payment).await["status"], "AUTH_FAILED");
        }
        confirmed(app, &other, 9_000).await;
    });
}

#[test]
fn a_payment_is_confirmed_with_its_own_key_only() {
    run(async {
        let app = app().await;
        let merchant = Merchant::new(app).await;
        let (payment, reference) = requested(&merchant, 9_000).await;
        let (_, of_another) = requested(&merchant, 9_000).await;
        let page_of_another = checkout(app, &merchant.name, &of_another, 9_000).await;
        confirm(&merchant, payment, &page_of_another, 9_000).await.refused(502, "PAY5021");
        let own = checkout(app, &merchant.name, &reference, 9_000).await;
        assert_eq!(confirm(&merchant, payment, &own, 9_000).await.ok()["status"], "CAPTURED");
        confirm(&merchant, payment, "nobodys_key", 9_000).await.refused(422, "PAY4228");
        assert_eq!(confirm(&merchant, payment, &own, 9_000).await.ok()["status"], "CAPTURED");
    });
}

#[test]
fn an_open_authorization_is_not_gone_on_with_as_a_confirmation() {
    run(async {
        let app = app().await;
        let merchant = Merchant::new(app).await;
        let (payment, reference) = requested(&merchant, 9_000).await;
        script(app, &reference, "once-500-after").await;
        let path = format!("/api/v1/payments/{payment}/authorize");
        merchant.post(&path, &json!({})).await.refused(502, "PAY5021");
        confirm(&merchant, payment, "nobodys_key", 9_000).await.refused(409, "PAY4092");
        assert_eq!(merchant.post(&path, &json!({})).await.ok()["status"], "CAPTURE_REQUESTED");
    });
}

#[test]
fn a_payment_that_the_provider_gave_back_before_we_knew_of_it_is_void() {
    run(async {
        let app = app().await;
        let merchant = Merchant::new(app).await;
        let (payment, reference) = requested(&merchant, 9_000).await;
        script(app, &reference, "once-500-after").await;
        let own = checkout(app, &merchant.name, &reference, 9_000).await;
        confirm(&merchant, payment, &own, 9_000).await.refused(502, "PAY5021");
        let cancel = json!({ "cancelReason": "by the provider's console" });
        let path = format!("/v1/payments/{own}/cancel");
        let (status, told) = as_application(app, &path, &unique("k"), &cancel).await;
        assert_eq!(status, 200, "{told}");
        confirm(&merchant, payment, &own, 9_000).await.refused(402, "PAY4021");
        let now = shown(&merchant, payment).await;
        assert_eq!((&now["status"], &now["ledgerEntries"]), (&json!("VOIDED"), &json!([])), "{now}");
        let order = merchant.get(&format!("/api/v1/orders/{}", now["orderId"])).await.ok();
        assert_eq!(order["status"], "PENDING");
        merchant.post("/api/v1/payments", &json!({ "orderId": now["orderId"] })).await.ok();
    });
}

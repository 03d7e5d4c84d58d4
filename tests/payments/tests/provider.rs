//! What a provider can do to us: decline, be silent, break, say something else. Unknown is never guessed.

use reqwest::Method;
use serde_json::json;
use tests_payments::{Merchant, Step, charges_of, unique};
use tests_support::{App, app, run};
use tokio::sync::OnceCell;

/// A merchant to whom a case of the sandbox happens.
async fn client_of(case: &str) -> (&'static App, Step) {
    let app = app().await;
    without_breaker(app).await;
    // 32 characters are all a merchant's name has.
    let merchant = format!("script-{case}--{:04x}", rand::random::<u16>());
    (app, Step { merchant, client: app.stranger() })
}

/// These cases fail on purpose, and more often than the circuit breaker would go along with.
async fn without_breaker(app: &App) {
    static DISABLED: OnceCell<()> = OnceCell::const_new();
    let disable = async || {
        let operator = Merchant::operator(app).await;
        let path = "/circuit-breaker/payment-provider/disable";
        let answer = operator.send(Method::POST, path, None, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        // Longer than an instance's copy of the shared snapshot is good for.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    DISABLED.get_or_init(disable).await;
}

#[test]
fn a_decline_keeps_the_providers_code_and_is_replayed() {
    run(async {
        let (app, client) = client_of("decline").await;
        let key = unique("key");
        let first = client.authorize(&key, 5_000).await;
        assert_eq!((first.status, &first.body["code"]), (402, &json!("PAYMENT_DECLINED")), "{}", first.text);
        assert_eq!(first.body["providerCode"], "REJECT_CARD_COMPANY");
        let again = client.authorize(&key, 5_000).await;
        assert_eq!((again.status, &again.text), (402, &first.text));
        assert_eq!(again.headers["idempotent-replay"], "true");
        let shown = client.show(first.body["paymentId"].as_i64().expect("an id")).await.body;
        assert_eq!(shown["status"], "AUTH_FAILED");
        assert!(charges_of(app, &client.merchant).await.is_empty());
    });
}

/// Cases in which an answer is lost: the same key finds out, and there is one charge.
async fn found_out_later(case: &str, status: u16, code: &str) {
    let (app, client) = client_of(case).await;
    let key = unique("key");
    let first = client.authorize(&key, 5_000).await;
    assert_eq!((first.status, first.body["code"].as_str()), (status, Some(code)), "{case}: {}", first.text);
    let payment = first.body["paymentId"].as_i64().expect("an id");
    let shown = client.show(payment).await.body;
    assert_eq!(shown["status"], "AUTH_UNKNOWN", "{case}");
    assert!(shown["unknownSince"].is_string());
    let again = client.authorize(&key, 5_000).await;
    assert_eq!(
        (again.status, again.body["paymentId"].as_i64()),
        (200, Some(payment)),
        "{case}: {}",
        again.text
    );
    assert!(!again.headers.contains_key("idempotent-replay"), "the first answer of this key is this one");
    let replay = client.authorize(&key, 5_000).await;
    assert_eq!((replay.text, replay.headers["idempotent-replay"].as_bytes()), (again.text, &b"true"[..]));
    let charges = charges_of(app, &client.merchant).await;
    assert_eq!((charges.len(), charges[0].amount), (1, 5_000), "{case}");
}

#[test]
fn a_timeout_after_charging_is_found_out_with_the_same_key_and_charged_once() {
    run(found_out_later("once-timeout-after", 504, "PROVIDER_TIMEOUT"));
}

#[test]
fn a_timeout_before_charging_is_charged_once_with_the_same_key() {
    run(found_out_later("once-timeout-before", 504, "PROVIDER_TIMEOUT"));
}

#[test]
fn a_broken_connection_is_found_out_and_charged_once() {
    run(found_out_later("once-drop-after", 502, "PROVIDER_ERROR"));
    run(found_out_later("once-drop-before", 502, "PROVIDER_ERROR"));
}

#[test]
fn a_server_error_or_nonsense_is_found_out_and_charged_once() {
    run(found_out_later("once-500-after", 502, "PROVIDER_ERROR"));
    run(found_out_later("once-500-before", 502, "PROVIDER_ERROR"));
    run(found_out_later("once-garbage-after", 502, "PROVIDER_ERROR"));
}

#[test]
fn a_busy_provider_is_known_to_have_done_nothing() {
    run(async {
        let (app, client) = client_of("once-retry-later").await;
        let key = unique("key");
        let first = client.authorize(&key, 5_000).await;
        assert_eq!((first.status, &first.body["code"]), (503, &json!("UNAVAILABLE")), "{}", first.text);
        let payment = first.body["paymentId"].as_i64().expect("an id");
        assert_eq!(client.show(payment).await.body["status"], "REQUESTED");
        let again = client.authorize(&key, 5_000).await;
        assert_eq!((again.status, again.body["paymentId"].as_i64()), (200, Some(payment)), "{}", again.text);
        let calls = client.show(payment).await.body["providerCalls"].clone();
        assert_eq!((&calls[0]["attempt"], &calls[1]["attempt"]), (&json!(1), &json!(2)));
        assert_eq!(charges_of(app, &client.merchant).await.len(), 1);
    });
}

#[test]
fn an_echo_of_something_else_is_never_a_success_and_waits_for_a_person() {
    run(async {
        for case in ["echo-amount", "echo-currency", "echo-order"] {
            let (_, client) = client_of(case).await;
            let key = unique("key");
            let first = client.authorize(&key, 5_000).await;
            assert_eq!(first.status, 502, "{case}: {}", first.text);
            let payment = first.body["paymentId"].as_i64().expect("an id");
            let shown = client.show(payment).await.body;
            assert_eq!(shown["status"], "AUTH_UNKNOWN", "{case}");
            assert_eq!(shown["review"]["asked"]["amount"], 5_000, "{case}: {shown}");
            assert_ne!(shown["review"]["asked"], shown["review"]["echoed"], "{case}");
            let again = client.authorize(&key, 5_000).await;
            assert_eq!((again.status, &again.body["code"]), (409, &json!("IN_REVIEW")), "{}", again.text);
            assert!(shown["ledgerEntries"].as_array().is_some_and(Vec::is_empty));
        }
    });
}

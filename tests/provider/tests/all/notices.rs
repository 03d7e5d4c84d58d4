//! A notice is a hint: whatever it claims, however often and in whatever order it comes, the payment is read back.

use serde_json::json;
use tests_payments::{Step, charges_of, unique};
use tests_provider::{notice, sandbox};
use tests_support::{App, app, run};

/// More than the circuit breaker takes for failing half of the time.
const WELL_AROUND: usize = 4;

/// A payment whose outcome nobody knows, of a merchant to whom this case happened: client, key, payment.
async fn unknown(app: &App, case: &str) -> (Step, String, i64) {
    // Calls that go well around each that does not: the circuit breaker is not what these tests are about.
    let steady = Step::new(app);
    for _ in 0..WELL_AROUND {
        steady.authorized(1_000).await;
    }
    let merchant = format!("script-{case}--{:04x}", rand::random::<u16>());
    let (client, key) = (Step { merchant, client: app.stranger() }, unique("key"));
    let lost = client.authorize(&key, 5_000).await;
    assert_eq!(lost.status, 502, "{}", lost.text);
    let payment = lost.body["paymentId"].as_i64().expect("an id");
    assert_eq!(client.show(payment).await.body["status"], "AUTH_UNKNOWN");
    (client, key, payment)
}

async fn reference_of(client: &Step, payment: i64) -> String {
    let shown = client.show(payment).await.body;
    shown["providerReference"].as_str().expect("a reference").to_owned()
}

/// How often each state was entered.
async fn moves(client: &Step, payment: i64) -> Vec<String> {
    let shown = client.show(payment).await.body;
    let timeline = shown["timeline"].as_array().expect("a timeline").clone();
    timeline.iter().map(|step| step["to"].as_str().expect("a state").to_owned()).collect()
}

/// The request is made again: it finds the payment, and the provider took the money once.
async fn charged_once(app: &App, client: &Step, key: &str, payment: i64) {
    let answer = client.authorize(key, 5_000).await;
    let found = (answer.status, answer.body["paymentId"].as_i64());
    assert_eq!(found, (200, Some(payment)), "{}", answer.text);
    assert_eq!(charges_of(app, &client.merchant).await.len(), 1);
}

#[test]
fn every_order_of_a_payments_notices_gives_one_result() {
    run(async {
        let app = app().await;
        for order in [
            ["DONE", "CANCELED", "ABORTED"],
            ["DONE", "ABORTED", "CANCELED"],
            ["CANCELED", "DONE", "ABORTED"],
            ["CANCELED", "ABORTED", "DONE"],
            ["ABORTED", "DONE", "CANCELED"],
            ["ABORTED", "CANCELED", "DONE"],
        ] {
            let (client, key, payment) = unknown(app, "once-500-after").await;
            let reference = reference_of(&client, payment).await;
            let asked = json!({ "orderId": reference, "statuses": order, "times": 2 });
            let (status, sent) = sandbox(app, "/v1/sandbox/webhooks", &asked).await;
            assert_eq!(
                (status, &sent["answers"]),
                (200, &json!([200, 200, 200, 200, 200, 200])),
                "{order:?}"
            );
            let expected = ["REQUESTED", "AUTH_UNKNOWN", "AUTHORIZED", "CAPTURE_REQUESTED"];
            assert_eq!(moves(&client, payment).await, expected, "{order:?}");
            charged_once(app, &client, &key, payment).await;
        }
    });
}

#[test]
fn a_notice_about_a_payment_that_the_provider_never_saw_charges_nothing_and_decides_nothing() {
    run(async {
        let app = app().await;
        let (client, key, payment) = unknown(app, "once-500-before").await;
        let reference = reference_of(&client, payment).await;
        let now = now();
        for status in ["DONE", "ABORTED", "DONE"] {
            notice(app, &reference, status, &now).await.refused(503, "COMMON503");
        }
        assert_eq!(client.show(payment).await.body["status"], "AUTH_UNKNOWN");
        assert!(charges_of(app, &client.merchant).await.is_empty());
        charged_once(app, &client, &key, payment).await;
    });
}

#[test]
fn a_storm_of_notices_asks_the_provider_once_and_leaves_the_merchants_own_retry_alone() {
    run(async {
        let app = app().await;
        let (client, key, payment) = unknown(app, "once-500-before").await;
        let reference = reference_of(&client, payment).await;
        let version = async || client.show(payment).await.body["version"].as_i64().expect("a version");
        let before = version().await;
        for status in ["DONE", "ABORTED", "CANCELED", "EXPIRED", "READY", "IN_PROGRESS"] {
            notice(app, &reference, status, &now()).await.refused(503, "COMMON503");
        }
        // Taken to be asked about, and given back.
        assert_eq!(version().await - before, 2);
        charged_once(app, &client, &key, payment).await;
    });
}

#[test]
fn a_provider_that_did_something_else_is_never_believed() {
    run(async {
        let app = app().await;
        let (client, _, payment) = unknown(app, "echo-amount").await;
        let reference = reference_of(&client, payment).await;
        assert_eq!(notice(app, &reference, "DONE", &now()).await.status, 200);
        let shown = client.show(payment).await.body;
        assert_eq!(shown["status"], "AUTH_UNKNOWN");
        let numbers = (&shown["review"]["asked"]["amount"], &shown["review"]["echoed"]["amount"]);
        assert_eq!(numbers, (&json!(5_000), &json!(5_001)), "{shown}");
    });
}

#[test]
fn a_notice_about_a_finished_payment_changes_nothing() {
    run(async {
        let app = app().await;
        let client = Step::new(app);
        let payment = client.authorized(5_000).await;
        let before = moves(&client, payment).await;
        let reference = reference_of(&client, payment).await;
        for status in ["ABORTED", "CANCELED", "EXPIRED", "DONE"] {
            assert_eq!(notice(app, &reference, status, &now()).await.status, 200, "{status}");
        }
        assert_eq!(moves(&client, payment).await, before);
    });
}

#[test]
fn a_notice_about_nobodys_payment_is_answered_like_any_other() {
    run(async {
        let app = app().await;
        let client = Step::new(app);
        let payment = client.authorized(5_000).await;
        let ours = notice(app, &reference_of(&client, payment).await, "DONE", &now()).await;
        for reference in
            ["mo-1-1", "mo-999999-42", "somebody-elses", "", "mo-1-'; DROP TABLE pay.payment; --"]
        {
            let answer = notice(app, reference, "DONE", &now()).await;
            assert_eq!((answer.status, &answer.text), (ours.status, &ours.text), "{reference:?}");
        }
    });
}

#[test]
fn a_notice_of_another_time_or_none_at_all_is_refused() {
    run(async {
        let app = app().await;
        for created_at in ["2020-01-01T00:00:00.000000", "2100-01-01T00:00:00.000000", "soon", ""] {
            notice(app, "mo-1-1", "DONE", created_at).await.refused(400, "COMMON400");
        }
        for body in [json!({}), json!([]), json!("x"), json!({ "eventType": "PAYMENT_STATUS_CHANGED" })] {
            let answer = app.stranger().post("/api/v1/webhooks/toss", &body).await;
            answer.refused(400, "COMMON400");
        }
    });
}

/// The time of a notice that is sent now.
fn now() -> String {
    tests_provider::in_seconds(0)
}

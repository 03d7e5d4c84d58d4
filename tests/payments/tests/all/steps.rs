//! The step API as its old clients use it: authorize, capture, refund, void, reading back.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests_payments::{Step, authorize_body, charges_of, unique};
use tests_support::{Answer, app, run};

/// Checks a bare refusal.
#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.body["code"].as_str()), (status, Some(code)), "{}", answer.text);
    assert!(answer.body["message"].as_str().is_some_and(|text| !text.is_empty()), "{}", answer.text);
    assert!(answer.body.get("isSuccess").is_none(), "{}", answer.text);
}

fn states(payment: &Value) -> Vec<&str> {
    let timeline = payment["timeline"].as_array().expect("a timeline");
    timeline.iter().filter_map(|entry| entry["to"].as_str()).collect()
}

#[test]
fn an_authorized_payment_asks_for_its_capture_and_shows_its_whole_life() {
    run(async {
        let app = app().await;
        let client = Step::new(app);
        let answer = client.authorize(&unique("key"), 10_000).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let body = &answer.body;
        assert_eq!(body["status"], "CAPTURE_REQUESTED");
        assert_eq!((&body["amount"], &body["currency"]), (&json!(10_000), &json!("KRW")));
        assert!(body["approvalNumber"].as_str().is_some_and(|number| !number.is_empty()));
        let lines = body["ledgerEntries"].as_array().expect("entries");
        assert_eq!(lines.iter().filter_map(|line| line["amount"].as_i64()).sum::<i64>(), 0);
        assert_eq!(lines.len(), 2);

        let payment = body["paymentId"].as_i64().expect("an id");
        let shown = client.show(payment).await.body;
        assert_eq!(states(&shown), ["REQUESTED", "AUTHORIZED", "CAPTURE_REQUESTED"]);
        assert_eq!(shown["ledgerEntries"].as_array().map(Vec::len), Some(2));
        assert_eq!(shown["providerCalls"][0]["outcome"], "APPROVED");
        assert_eq!(shown["timeline"][1]["actor"], format!("merchant:{}", client.merchant));
        let charges = charges_of(app, &client.merchant).await;
        assert_eq!((charges.len(), charges[0].amount), (1, 10_000));
        assert_eq!(shown["providerReference"], charges[0].order_id);
    });
}

#[test]
fn without_auto_capture_a_payment_waits_and_can_be_captured_or_voided_once() {
    run(async {
        let app = app().await;
        let client = Step::new(app);
        let authorize = |amount: i64| {
            let mut body = authorize_body(&client.merchant, &unique("key"), amount);
            body["autoCapture"] = json!(false);
            let client = &client;
            async move { client.client.post("/api/payments/authorize", &body).await.body }
        };
        let (kept, given_up) = (authorize(1_000).await, authorize(2_000).await);
        assert_eq!(kept["status"], "AUTHORIZED");
        let kept = kept["paymentId"].as_i64().expect("an id");
        let captured = client.step("capture", kept, json!({})).await;
        assert_eq!((captured.status, &captured.body["status"]), (200, &json!("CAPTURE_REQUESTED")));
        let again = client.step("capture", kept, json!({})).await;
        assert_eq!((again.status, &again.body["status"]), (200, &json!("CAPTURE_REQUESTED")));
        refused(&client.step("void", kept, json!({})).await, 409, "VOID_CONFLICT");
        refused(&client.step("refund", kept, json!({ "reason": "변심" })).await, 409, "REFUND_CONFLICT");

        let given_up = given_up["paymentId"].as_i64().expect("an id");
        let voided = client.step("void", given_up, json!({ "reason": "품절" })).await;
        assert_eq!((voided.status, &voided.body["status"]), (200, &json!("VOIDED")), "{}", voided.text);
        refused(&client.step("capture", given_up, json!({})).await, 409, "CAPTURE_CONFLICT");
        let shown = client.show(given_up).await.body;
        assert_eq!(states(&shown), ["REQUESTED", "AUTHORIZED", "VOIDED"]);
        assert_eq!(shown["timeline"][2]["reason"], "품절");
        let sum: i64 = shown["ledgerEntries"]
            .as_array()
            .expect("entries")
            .iter()
            .filter(|line| line["account"] == "AUTHORIZED_HOLD")
            .filter_map(|line| line["amount"].as_i64())
            .sum();
        assert_eq!(sum, 0, "nothing is held any more");
        let charges = charges_of(app, &client.merchant).await;
        assert_eq!(charges.iter().map(|charge| charge.balance).collect::<Vec<_>>(), [1_000, 0]);
    });
}

#[test]
fn a_replay_has_the_first_answers_bytes_and_says_that_it_is_one() {
    run(async {
        let app = app().await;
        let client = Step::new(app);
        let key = unique("key");
        let first = client.authorize(&key, 700).await;
        let again = client.authorize(&key, 700).await;
        assert_eq!((again.status, &again.text), (first.status, &first.text));
        assert_eq!(again.headers["idempotent-replay"], "true");
        assert!(!first.headers.contains_key("idempotent-replay"));
        // The key in the header counts as the one in the body, and neither order nor spaces of the JSON matter.
        let text = format!(
            "{{ \"currency\":\"KRW\",\n \"amount\": 700, \"x\": 1, \"merchantId\": \"{}\" }}",
            client.merchant
        );
        let request = client.client.request(Method::POST, "/api/payments/authorize");
        let request = request.header("idempotency-key", &key).header("content-type", "application/json");
        assert_eq!(client.client.send(request.body(text)).await.text, first.text);
        refused(&client.authorize(&key, 701).await, 422, "IDEMPOTENCY_MISMATCH");
        assert_eq!(charges_of(app, &client.merchant).await.len(), 1);
    });
}

#[test]
fn sixty_four_identical_requests_at_once_are_one_charge_and_one_answer() {
    run(async {
        let app = app().await;
        let client = Step::new(app);
        let key = unique("key");
        let answers = join_all((0..64).map(|_| client.authorize(&key, 6_400))).await;
        let (done, rest): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert!(!done.is_empty());
        assert!(done.iter().all(|answer| answer.text == done[0].text));
        for answer in rest {
            refused(answer, 409, "IN_PROGRESS");
            assert!(answer.headers.contains_key("retry-after"));
        }
        assert_eq!(client.authorize(&key, 6_400).await.text, done[0].text);
        assert_eq!(charges_of(app, &client.merchant).await.len(), 1);
    });
}

#[test]
fn requests_that_cannot_be_are_refused_with_their_fields_and_charge_nothing() {
    run(async {
        let app = app().await;
        let client = Step::new(app);
        let with = |field: &str, value: Value| {
            let mut body = authorize_body(&client.merchant, "key", 1_000);
            body[field] = value;
            body
        };
        for (body, field) in [
            (with("amount", json!(0)), "amount"),
            (with("amount", json!(-1)), "amount"),
            (with("amount", json!(0.5)), "amount"),
            (with("amount", json!(1e3)), "amount"),
            (with("amount", json!("1000")), "amount"),
            (with("amount", json!(9_007_199_254_740_992_i64)), "amount"),
            (with("amount", json!(u64::MAX)), "amount"),
            (with("amount", Value::Null), "amount"),
            (with("currency", json!("krw")), "currency"),
            (with("currency", json!("XXX")), "currency"),
            (with("merchantId", json!("")), "merchantId"),
            (with("merchantId", json!("a".repeat(33))), "merchantId"),
            (with("merchantId", json!("a'; --")), "merchantId"),
            (with("merchantId", Value::Null), "merchantId"),
            (with("idempotencyKey", json!("")), "idempotencyKey"),
            (with("idempotencyKey", json!("k".repeat(65))), "idempotencyKey"),
            (with("idempotencyKey", json!("한글")), "idempotencyKey"),
            (with("idempotencyKey", Value::Null), "idempotencyKey"),
            (with("autoCapture", json!("yes")), "autoCapture"),
        ] {
            let answer = client.client.post("/api/payments/authorize", &body).await;
            refused(&answer, 400, "VALIDATION_FAILED");
            assert_eq!(answer.body["fields"][0]["field"], field, "{body}: {}", answer.text);
        }
        let raw = |text: &'static str| {
            let request = client.client.request(Method::POST, "/api/payments/authorize");
            client.client.send(request.header("content-type", "application/json").body(text))
        };
        for text in ["", "{", "[]", "{\"amount\":1,\"amount\":2}"] {
            refused(&raw(text).await, 400, "VALIDATION_FAILED");
        }
        assert!(charges_of(app, &client.merchant).await.is_empty());
    });
}

#[test]
fn refusals_of_the_host_and_of_methods_are_bare_as_well() {
    run(async {
        let client = Step::new(app().await);
        refused(&client.client.get("/api/payments/authorize").await, 405, "METHOD_NOT_ALLOWED");
        for id in ["0", "x", "-1", "9007199254740992", "1.0"] {
            let answer =
                client.client.get(&format!("/api/payments/{id}?merchantId={}", client.merchant)).await;
            refused(&answer, 400, "VALIDATION_FAILED");
        }
        refused(&client.show(4_711).await, 404, "NOT_FOUND");
        refused(&client.step("capture", 4_711, json!({})).await, 404, "NOT_FOUND");
        refused(&client.step("void", 4_711, json!({})).await, 404, "NOT_FOUND");
        refused(&client.step("refund", 4_711, json!({ "reason": "x" })).await, 404, "NOT_FOUND");
        for body in [json!({ "reason": "" }), json!({ "reason": "x".repeat(129) }), json!({})] {
            refused(&client.step("refund", 4_711, body).await, 400, "VALIDATION_FAILED");
        }
        let body = json!({ "reason": "x", "amount": 0 });
        refused(&client.step("refund", 4_711, body).await, 400, "VALIDATION_FAILED");
    });
}

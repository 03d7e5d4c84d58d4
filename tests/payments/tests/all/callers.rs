//! Who may call: signatures and everything that is done to them, tenants and what they cannot learn of each other.

use reqwest::Method;
use serde_json::{Value, json};
use tests_payments::{Ledgers, Merchant, Signing, authorize_body, now_s, unique};
use tests_support::{Answer, app, run};

const PATH: &str = "/api/v1/payments?size=1";

/// Sends `GET` [`PATH`] with a signature that something was done to.
async fn with(merchant: &Merchant, change: impl FnOnce(&mut Signing)) -> Answer {
    let mut signing = merchant.signing(&Method::GET, PATH, b"");
    change(&mut signing);
    merchant.client.send(signing.on(merchant.client.request(Method::GET, PATH))).await
}

#[test]
fn a_signed_request_is_taken_and_no_altered_one_is() {
    run(async {
        let app = app().await;
        let (merchant, other) = (Merchant::new(app).await, Merchant::new(app).await);
        assert_eq!(with(&merchant, |_| ()).await.status, 200);
        let alterations: [fn(&mut Signing); 9] = [
            |signing| signing.path = "/api/v1/payments?size=2".into(),
            |signing| signing.path = "/api/v1/orders?size=1".into(),
            |signing| signing.method = "POST".into(),
            |signing| signing.body = b"{}".to_vec(),
            |signing| signing.timestamp = (now_s() - 301).to_string(),
            |signing| signing.timestamp = (now_s() + 310).to_string(),
            |signing| signing.timestamp = format!("{}.0", now_s()),
            |signing| signing.nonce = "short".into(),
            |signing| signing.secret.push('x'),
        ];
        for (number, alteration) in alterations.into_iter().enumerate() {
            let answer = with(&merchant, alteration).await;
            assert_eq!((number, answer.status), (number, 401), "{}", answer.text);
            answer.refused(401, "PAY4011");
        }
        with(&merchant, |signing| signing.key_id.clone_from(&other.key_id)).await.refused(401, "PAY4011");
        with(&merchant, |signing| signing.key_id = "mk_1_00000000000000000000".into())
            .await
            .refused(401, "PAY4011");
    });
}

#[test]
fn a_signature_that_was_cut_doubled_or_left_out_is_none() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        let signing = merchant.signing(&Method::GET, PATH, b"");
        let signature = signing.signature();
        let send = |headers: Vec<(&'static str, String)>| {
            let mut request = merchant.client.request(Method::GET, PATH);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            merchant.client.send(request)
        };
        let all = |signature: String| {
            vec![
                ("x-api-key", signing.key_id.clone()),
                ("x-timestamp", signing.timestamp.clone()),
                ("x-nonce", signing.nonce.clone()),
                ("x-signature", signature),
            ]
        };
        for cut in [0, 1, 32, 63] {
            send(all(signature[..cut].to_owned())).await.refused(401, "PAY4011");
        }
        for at in 0..4 {
            let mut headers = all(signature.clone());
            headers.remove(at);
            send(headers).await.refused(401, "PAY4011");
            let mut headers = all(signature.clone());
            headers.push(headers[at].clone());
            send(headers).await.refused(401, "PAY4011");
        }
        send(Vec::new()).await.refused(401, "PAY4011");
        // None of them spent the nonce.
        assert_eq!(send(all(signature.to_uppercase())).await.status, 200);
    });
}

#[test]
fn a_nonce_is_good_once() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        let signing = merchant.signing(&Method::GET, PATH, b"");
        let send = || merchant.client.send(signing.on(merchant.client.request(Method::GET, PATH)));
        assert_eq!(send().await.status, 200);
        send().await.refused(401, "PAY4011");
        let raced = merchant.signing(&Method::GET, PATH, b"");
        let send = || merchant.client.send(raced.on(merchant.client.request(Method::GET, PATH)));
        let answers = futures::future::join_all((0..16).map(|_| send())).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    });
}

#[test]
fn reading_makes_no_merchant() {
    run(async {
        let app = app().await;
        let (name, reader) = (unique("ghost"), app.stranger());
        let list = format!("/api/payments?merchantId={name}");
        assert_eq!(reader.get(&list).await.body["payments"], json!([]));
        let one = reader.get(&format!("/api/payments/1024?merchantId={name}")).await;
        assert_eq!(one.status, 404, "{}", one.text);
        let ledgers = Ledgers::open(app).await;
        assert!(!ledgers.knows(&name).await);
        let body = authorize_body(&name, &unique("key"), 100);
        assert_eq!(reader.post("/api/payments/authorize", &body).await.status, 200);
        assert!(ledgers.knows(&name).await);
        assert_eq!(reader.get(&list).await.body["payments"].as_array().expect("a list").len(), 1);
    });
}

#[test]
fn two_idempotency_keys_that_differ_are_refused() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        let (path, body) = ("/api/v1/credits/charge", r#"{"userId":"u","currency":"KRW","amount":1}"#);
        let send = |keys: [&str; 2]| {
            let signing = merchant.signing(&Method::POST, path, body.as_bytes());
            let request = signing.on(merchant.client.request(Method::POST, path));
            let request = request.header("idempotency-key", keys[0]).header("idempotency-key", keys[1]);
            merchant.client.send(request.header("content-type", "application/json").body(body))
        };
        send(["one", "two"]).await.refused(400, "COMMON400");
        send(["one", "one"]).await.ok();
    });
}

#[test]
fn the_body_is_signed_byte_for_byte() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        let path = "/api/payments/authorize";
        let body = authorize_body(&merchant.name, &unique("key"), 100).to_string();
        let signing = merchant.signing(&Method::POST, path, body.as_bytes());
        let send = |body: String| {
            let request = signing.on(merchant.client.request(Method::POST, path));
            merchant.client.send(request.header("content-type", "application/json").body(body))
        };
        for other in [body.replace("100", "101"), format!("{body} "), String::new()] {
            assert_eq!(send(other).await.status, 401);
        }
        assert_eq!(send(body).await.status, 200);
    });
}

#[test]
fn two_keys_live_at_once_and_a_key_acts_for_its_own_merchant_only() {
    run(async {
        let app = app().await;
        let first = Merchant::new(app).await;
        let second = Merchant::named(app, &first.name).await;
        assert_ne!(first.key_id, second.key_id);
        assert_eq!(first.get(PATH).await.status, 200);
        assert_eq!(second.get(PATH).await.status, 200);
        let third = first.client.post("/api/v1/dev/merchants", &json!({ "merchantId": first.name })).await;
        third.refused(409, "COMMON409");
        let body = authorize_body(&unique("other"), &unique("key"), 100);
        let answer = first.send(Method::POST, "/api/payments/authorize", Some(&body), None).await;
        assert_eq!((answer.status, &answer.body["code"]), (403, &json!("FORBIDDEN")), "{}", answer.text);
    });
}

/// Every route with an id of another tenant, beside the same route with an id that nobody has.
#[test]
fn another_tenants_things_are_refused_exactly_like_missing_ones_on_every_route() {
    run(async {
        let app = app().await;
        let (owner, stranger) = (Merchant::new(app).await, Merchant::new(app).await);
        let line = json!({ "productId": "p", "productName": "p", "quantity": 1, "unitPrice": 1_000 });
        let order = json!({ "userId": "u", "currency": "KRW", "lineItems": [line] });
        let order = owner.post("/api/v1/orders", &order).await.ok()["orderId"].as_i64().expect("an id");
        let payment = owner.post("/api/v1/payments", &json!({ "orderId": order })).await.ok();
        let payment = payment["paymentId"].as_i64().expect("an id");
        let missing = 4_711;
        let confirm = json!({ "paymentKey": "tgen_1", "amount": 1_000 });
        let reason = json!({ "reason": "x" });
        let name = &stranger.name;
        let probes: Vec<Probe> = vec![
            probe(Method::GET, |id| format!("/api/v1/orders/{id}"), |_| None, order),
            probe(Method::PUT, |id| format!("/api/v1/orders/{id}/cancel"), |_| None, order),
            probe(Method::POST, |_| "/api/v1/payments".into(), |id| Some(json!({ "orderId": id })), order),
            probe(Method::GET, |id| format!("/api/v1/payments/{id}"), |_| None, payment),
            probe(Method::POST, |id| format!("/api/v1/payments/{id}/authorize"), |_| None, payment),
            probe(Method::POST, |id| format!("/api/v1/payments/{id}/capture"), |_| None, payment),
            probe(Method::POST, |id| format!("/api/v1/payments/{id}/void"), |_| None, payment),
            probe(
                Method::POST,
                |id| format!("/api/v1/payments/{id}/confirm"),
                move |_| Some(confirm.clone()),
                payment,
            ),
            probe(
                Method::POST,
                |_| "/api/v1/refunds".into(),
                |id| Some(json!({ "paymentId": id, "reason": "x" })),
                payment,
            ),
            probe(Method::GET, |id| format!("/api/v1/refunds?paymentId={id}"), |_| None, payment),
            probe(Method::GET, |id| format!("/api/v1/refunds/{id}"), |_| None, payment),
            probe(Method::GET, |id| format!("/api/payments/{id}"), |_| None, payment),
            probe(Method::POST, |id| format!("/api/payments/capture/{id}"), |_| Some(json!({})), payment),
            probe(Method::POST, |id| format!("/api/payments/void/{id}"), |_| Some(json!({})), payment),
            probe(
                Method::POST,
                |id| format!("/api/payments/refund/{id}"),
                move |_| Some(reason.clone()),
                payment,
            ),
        ];
        for (method, path, body, id) in probes {
            let mut answers = Vec::new();
            for id in [id, missing] {
                let answer = stranger.send(method.clone(), &path(id), body(id).as_ref(), None).await;
                answers.push((answer.status, answer.text));
            }
            assert_eq!(answers[0], answers[1], "{method} {}", path(id));
            let empty_list = answers[0].1.contains("\"refunds\":[]");
            assert!(answers[0].0 == 404 || empty_list, "{name} {method} {}: {}", path(id), answers[0].1);
        }
        let untouched = owner.get(&format!("/api/v1/payments/{payment}")).await.ok();
        assert_eq!((&untouched["status"], &untouched["version"]), (&json!("REQUESTED"), &json!(1)));
    });
}

type Probe = (Method, Box<dyn Fn(i64) -> String>, Box<dyn Fn(i64) -> Option<Value>>, i64);

fn probe(
    method: Method,
    path: impl Fn(i64) -> String + 'static,
    body: impl Fn(i64) -> Option<Value> + 'static,
    id: i64,
) -> Probe {
    (method, Box::new(path), Box::new(body), id)
}

#[test]
fn the_same_key_of_two_tenants_is_two_keys() {
    run(async {
        let app = app().await;
        let (one, other) = (Merchant::new(app).await, Merchant::new(app).await);
        let key = unique("key");
        let mut ids = Vec::new();
        for merchant in [&one, &other] {
            let body = authorize_body(&merchant.name, &key, 100);
            let answer = merchant.send(Method::POST, "/api/payments/authorize", Some(&body), None).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            ids.push(answer.body["paymentId"].clone());
        }
        assert_ne!(ids[0], ids[1]);
    });
}

//! Orders and credits of the resource API, and payments made from orders.

use std::collections::HashSet;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests_payments::{Merchant, unique};
use tests_support::{app, run};

fn order(user: &str) -> Value {
    json!({
        "userId": user, "currency": "KRW", "metadata": { "channel": "웹", "coupon": null },
        "lineItems": [
            { "productId": "pro-1", "productName": "팀 요금제", "quantity": 3, "unitPrice": 9_900 },
            { "productId": "pro-2", "productName": "추가 회고방", "quantity": 1, "unitPrice": 300 },
        ],
    })
}

#[test]
fn an_order_costs_what_its_lines_add_up_to_and_is_given_back_as_it_was_sent() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        let made = merchant.post("/api/v1/orders", &order("user-1")).await.ok();
        assert_eq!((&made["totalAmount"], &made["status"]), (&json!(30_000), &json!("PENDING")));
        let read = merchant.get(&format!("/api/v1/orders/{}", made["orderId"])).await.ok();
        assert_eq!(read, made);
        assert_eq!(read["lineItems"], order("user-1")["lineItems"]);
        assert_eq!(read["metadata"], order("user-1")["metadata"]);
    });
}

#[test]
fn a_repeated_order_is_the_first_one_byte_for_byte_and_another_body_is_refused() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        let key = unique("key");
        let send = |body: Value| {
            let (merchant, key) = (&merchant, &key);
            async move { merchant.send(Method::POST, "/api/v1/orders", Some(&body), Some(key)).await }
        };
        let first = send(order("user-1")).await;
        let again = send(order("user-1")).await;
        assert_eq!((again.status, &again.text), (first.status, &first.text));
        assert_eq!(again.headers["idempotent-replay"], "true");
        assert!(!first.headers.contains_key("idempotent-replay"));
        send(order("user-2")).await.refused(422, "PAY4221");
    });
}

#[test]
fn an_order_that_cannot_be_is_refused_with_its_fields() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        let line = |field: &str, value: Value| {
            let mut body = order("user-1");
            body["lineItems"][1][field] = value;
            body
        };
        let top = |field: &str, value: Value| {
            let mut body = order("user-1");
            body[field] = value;
            body
        };
        let max = 9_007_199_254_740_991_i64;
        for (body, code, field) in [
            (top("lineItems", json!([])), "COMMON400", "lineItems"),
            (top("currency", json!("krw")), "PAY4001", "currency"),
            (top("userId", json!("")), "COMMON400", "userId"),
            (top("userId", json!("a b")), "COMMON400", "userId"),
            (top("metadata", json!({ "x": "y".repeat(5_000) })), "COMMON400", "metadata"),
            (line("quantity", json!(0)), "COMMON400", "lineItems[1].quantity"),
            (line("unitPrice", json!(-1)), "PAY4001", "lineItems[1].unitPrice"),
            (line("unitPrice", json!(max)), "PAY4001", "lineItems"),
            (line("unitPrice", json!(max + 1)), "PAY4001", "lineItems[1].unitPrice"),
            (line("unitPrice", json!(0.5)), "COMMON400", "lineItems[1].unitPrice"),
            (line("productName", json!("가".repeat(201))), "COMMON400", "lineItems[1].productName"),
            (line("productId", json!("x y")), "COMMON400", "lineItems[1].productId"),
        ] {
            let answer = merchant.post("/api/v1/orders", &body).await;
            answer.refused(400, code);
            assert_eq!(answer.body["result"]["fieldErrors"][0]["field"], field, "{}", answer.text);
        }
    });
}

#[test]
fn an_order_has_one_live_payment_and_a_cancelled_order_none() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        let made = merchant.post("/api/v1/orders", &order("user-1")).await.ok();
        let body = json!({ "orderId": made["orderId"] });
        let payment = merchant.post("/api/v1/payments", &body).await.ok();
        assert_eq!((&payment["status"], &payment["amount"]), (&json!("REQUESTED"), &json!(30_000)));
        merchant.post("/api/v1/payments", &body).await.refused(409, "PAY4097");
        let path = format!("/api/v1/orders/{}/cancel", made["orderId"]);
        let cancelled = merchant.send(Method::PUT, &path, None, None).await.ok();
        assert_eq!(cancelled["status"], "CANCELLED");
        merchant.post("/api/v1/payments", &body).await.refused(409, "PAY4096");
        let gone = merchant.get(&format!("/api/v1/payments/{}", payment["paymentId"])).await.ok();
        assert_eq!(gone["status"], "EXPIRED");
    });
}

#[test]
fn sixty_four_payments_for_one_order_at_once_make_one() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        let made = merchant.post("/api/v1/orders", &order("user-1")).await.ok();
        let body = json!({ "orderId": made["orderId"] });
        let answers = join_all((0..64).map(|_| merchant.post("/api/v1/payments", &body))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            refused.refused(409, "PAY4097");
        }
    });
}

#[test]
fn lists_are_cut_without_gap_or_double() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        for number in 0..5 {
            let made = merchant.post("/api/v1/orders", &order(&format!("user-{}", number % 2))).await.ok();
            merchant.post("/api/v1/payments", &json!({ "orderId": made["orderId"] })).await.ok();
        }
        for (list, id, expected) in [
            ("/api/v1/orders?size=2", "orderId", 5),
            ("/api/v1/orders?size=2&userId=user-0&status=PENDING", "orderId", 3),
            ("/api/v1/payments?size=2", "paymentId", 5),
            ("/api/v1/payments?size=2&status=REQUESTED&from=2020-01-01", "paymentId", 5),
            ("/api/v1/payments?size=2&to=2020-01-01T00:00:00Z", "paymentId", 0),
            ("/api/v1/refunds", "refundId", 0),
        ] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = merchant.get(&format!("{list}{cursor}")).await.ok();
                let name = list.split(['/', '?']).nth(3).expect("the list's name");
                let entries = page[name].as_array().expect("entries").clone();
                seen.extend(entries.iter().map(|entry| entry[id].as_i64().expect("an id")));
                match page["nextCursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let distinct: HashSet<i64> = seen.iter().copied().collect();
            assert_eq!((seen.len(), distinct.len()), (expected, expected), "{list}");
        }
        for bad in ["status=NONE", "from=yesterday", "from=-4713-01-01", "size=0", "cursor=x"] {
            merchant.get(&format!("/api/v1/payments?{bad}")).await.refused(400, "COMMON400");
        }
        // A cursor of a time that no calendar holds: nothing is older than that, or everything.
        for list in ["orders", "payments", "reconciliation/files"] {
            merchant.get(&format!("/api/v1/{list}?cursor=f_________8AAAAAAAAAAXEF")).await.ok();
        }
    });
}

#[test]
fn what_the_database_cannot_keep_is_a_bad_request_and_what_looks_like_it_is_kept() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        let line = json!({ "productId": "p", "productName": "p", "quantity": 1, "unitPrice": 1_000 });
        let order = |metadata: Value| json!({ "userId": "u", "currency": "KRW", "lineItems": [line], "metadata": metadata });
        let long = order(json!({ "a": vec![1e300; 40] }));
        merchant.post("/api/v1/orders", &long).await.refused(400, "COMMON400");
        merchant.post("/api/v1/orders", &order(json!({ "a": "\u{0}" }))).await.refused(400, "COMMON400");
        let kept = json!({ "a": "\\u0000" });
        assert_eq!(merchant.post("/api/v1/orders", &order(kept.clone())).await.ok()["metadata"], kept);
    });
}

#[test]
fn an_account_holds_no_more_than_an_amount_and_is_found_under_any_users_name() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        let charge = |amount: i64| json!({ "userId": "a/b@x.org", "currency": "KRW", "amount": amount });
        merchant.post("/api/v1/credits/charge", &charge(9_007_199_254_740_991)).await.ok();
        merchant.post("/api/v1/credits/charge", &charge(1)).await.refused(400, "PAY4001");
        let account = merchant.get("/api/v1/credits/a%2Fb%40x.org?currency=KRW").await.ok();
        assert_eq!(account["balance"], 9_007_199_254_740_991_i64);
    });
}

#[test]
fn credits_are_never_spent_twice_nor_below_nothing() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        let change = |kind: &'static str, more: Value| {
            let mut body = json!({ "userId": "user-1", "currency": "KRW" });
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            let merchant = &merchant;
            async move { merchant.post(&format!("/api/v1/credits/{kind}"), &body).await }
        };
        merchant.get("/api/v1/credits/user-1?currency=KRW").await.refused(404, "PAY4044");
        change("charge", json!({ "amount": 1_000 })).await.ok();
        let reserved = change("reserve", json!({ "amount": 400 })).await.ok();
        assert_eq!((&reserved["balance"], &reserved["available"]), (&json!(1_000), &json!(600)));
        change("reserve", json!({ "amount": 601 })).await.refused(422, "PAY4226");
        change("expire", json!({ "amount": 601 })).await.refused(422, "PAY4226");
        let id = reserved["entry"]["reservationId"].clone();
        let confirmed = change("confirm", json!({ "reservationId": id, "amount": 300 })).await.ok();
        assert_eq!((&confirmed["balance"], &confirmed["reserved"]), (&json!(700), &json!(100)));
        change("refund", json!({ "reservationId": id, "amount": 301 })).await.refused(422, "PAY4227");
        change("refund", json!({ "reservationId": id, "amount": 300 })).await.ok();
        change("confirm", json!({ "reservationId": id, "amount": 101 })).await.refused(409, "PAY4099");
        change("cancel", json!({ "reservationId": id })).await.ok();
        let answers = join_all((0..32).map(|_| change("reserve", json!({ "amount": 100 })))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 10);
        let account = merchant.get("/api/v1/credits/user-1?currency=KRW").await.ok();
        assert_eq!((&account["balance"], &account["available"]), (&json!(1_000), &json!(0)));
        let page = merchant.get("/api/v1/credits/user-1/entries?currency=KRW&size=100").await.ok();
        let seqs: Vec<i64> =
            page["entries"].as_array().expect("entries").iter().filter_map(|e| e["seq"].as_i64()).collect();
        assert_eq!(seqs, (1..=i64::try_from(seqs.len()).expect("few")).rev().collect::<Vec<_>>());
    });
}

#[test]
fn another_tenants_credits_are_refused_exactly_like_missing_ones_on_every_route() {
    run(async {
        let app = app().await;
        let (owner, stranger) = (Merchant::new(app).await, Merchant::new(app).await);
        let body = |user: &str, more: Value| {
            let mut body = json!({ "userId": user, "currency": "KRW" });
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            body
        };
        owner.post("/api/v1/credits/charge", &body("mina", json!({ "amount": 1_000 }))).await.ok();
        let reserved =
            owner.post("/api/v1/credits/reserve", &body("mina", json!({ "amount": 400 }))).await.ok();
        let id = reserved["entry"]["reservationId"].clone();
        let account = owner.get("/api/v1/credits/mina?currency=KRW").await.ok();
        let of = |reservation: Value| json!({ "reservationId": reservation });
        let part_of = |reservation: Value| json!({ "reservationId": reservation, "amount": 100 });
        let amount = || json!({ "amount": 100 });
        for (kind, theirs, missing) in [
            ("reserve", amount(), amount()),
            ("expire", amount(), amount()),
            ("confirm", of(id.clone()), of(json!(4_711))),
            ("cancel", of(id.clone()), of(json!(4_711))),
            ("refund", part_of(id.clone()), part_of(json!(4_711))),
        ] {
            let (theirs, missing) = (body("mina", theirs), body("nobody", missing));
            let path = format!("/api/v1/credits/{kind}");
            let (theirs, missing) =
                (stranger.post(&path, &theirs).await, stranger.post(&path, &missing).await);
            assert_eq!((theirs.status, &theirs.text), (missing.status, &missing.text), "{kind}");
            assert_eq!(theirs.status, 404, "{kind}: {}", theirs.text);
        }
        for rest in ["", "/entries"] {
            let path = |user: &str| format!("/api/v1/credits/{user}{rest}?currency=KRW");
            let (theirs, missing) = (stranger.get(&path("mina")).await, stranger.get(&path("nobody")).await);
            assert_eq!((theirs.status, &theirs.text), (missing.status, &missing.text), "{rest}");
        }
        assert_eq!(owner.get("/api/v1/credits/mina?currency=KRW").await.ok(), account);
    });
}

//! Everything may stop between any two statements, and servers may be killed: afterwards each payment is in a listed
//! state, the ledger sums to zero, the outbox says what the state says, and there is one charge.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::future::join_all;
use host_dev_stack::DevStack;
use moalog::Fault;
use serde_json::{Value, json};
use tests_payments::{
    Host, Ledgers, Merchant, Step, charges_of, checkout, insist, serve_until_killed, unique,
};
use tests_support::{App, run};
use tokio::sync::OnceCell;

/// Calls of the database that a request makes, at most.
const CALLS_MAX: u32 = 24;

/// One app for the tests that only throw switches. Whoever holds the lock has it alone: a switch is everybody's.
async fn alone() -> (tokio::sync::MutexGuard<'static, ()>, &'static App) {
    static APP: OnceCell<App> = OnceCell::const_new();
    static LOCK: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let lock = LOCK.lock().await;
    let start = || async {
        let stack = DevStack::shared().await.expect("the servers start");
        App::start(stack, |_| {}).await.expect("the app starts")
    };
    (lock, APP.get_or_init(start).await)
}

fn stop_after(app: &App, calls: u32) {
    app.own().running.capabilities().postgres.faults().set(Fault::UnavailableAfter(calls));
}

fn go_on(app: &App) {
    app.own().running.capabilities().postgres.faults().set(Fault::None);
}

#[test]
fn an_authorization_may_stop_after_any_call_of_the_database() {
    run(async {
        let (_lock, app) = alone().await;
        let ledgers = Ledgers::open(app).await;
        let client = Step::new(app);
        client.authorized(1).await;
        let mut stopped = 0;
        for calls in 0..CALLS_MAX {
            let key = unique("key");
            stop_after(app, calls);
            let answer = client.authorize(&key, 5_000).await;
            go_on(app);
            stopped += u32::from(answer.status == 503);
            assert!([200, 503].contains(&answer.status), "{calls}: {}", answer.text);
            ledgers.check(&client.merchant).await;
            ledgers.end_leases(&client.merchant).await;
            let again = client.authorize(&key, 5_000).await;
            assert_eq!(again.status, 200, "{calls}: {}", again.text);
            assert_eq!(client.authorize(&key, 5_000).await.text, again.text, "{calls}");
        }
        ledgers.check(&client.merchant).await;
        assert!(
            (1..CALLS_MAX).contains(&stopped),
            "{stopped} stops: some were in the middle, some beyond the end"
        );
        let charges = charges_of(app, &client.merchant).await;
        let expected = usize::try_from(CALLS_MAX).expect("few") + 1;
        assert_eq!(charges.len(), expected, "one charge per key");
    });
}

#[test]
fn a_confirmation_and_a_void_may_stop_after_any_call_of_the_database() {
    run(async {
        let (_lock, app) = alone().await;
        let ledgers = Ledgers::open(app).await;
        let merchant = Merchant::new(app).await;
        for calls in 0..CALLS_MAX {
            for step in ["confirm", "void"] {
                let line = json!({ "productId": "p", "productName": "p", "quantity": 1, "unitPrice": 1_000 });
                let order = json!({ "userId": "u", "currency": "KRW", "lineItems": [line] });
                let order = merchant.post("/api/v1/orders", &order).await.ok()["orderId"].clone();
                let body = json!({ "orderId": order, "autoCapture": false });
                let payment = merchant.post("/api/v1/payments", &body).await.ok()["paymentId"].clone();
                let shown = merchant.get(&format!("/api/v1/payments/{payment}")).await.ok();
                let reference = shown["providerReference"].as_str().expect("a reference").to_owned();
                let (body, end) = if step == "confirm" {
                    let key = checkout(app, &merchant.name, &reference, 1_000).await;
                    (json!({ "paymentKey": key, "amount": 1_000 }), "CAPTURED")
                } else {
                    let path = format!("/api/v1/payments/{payment}/authorize");
                    merchant.post(&path, &json!({})).await.ok();
                    (json!({}), "VOIDED")
                };
                let (path, key) = (format!("/api/v1/payments/{payment}/{step}"), unique("key"));
                let send = || merchant.send(reqwest::Method::POST, &path, Some(&body), Some(&key));
                stop_after(app, calls);
                let answer = send().await;
                go_on(app);
                assert!([200, 503].contains(&answer.status), "{step} {calls}: {}", answer.text);
                ledgers.check(&merchant.name).await;
                ledgers.end_leases(&merchant.name).await;
                let again = send().await;
                assert_eq!(again.status, 200, "{step} {calls}: {}", again.text);
                assert_eq!(again.ok()["status"], end, "{step} {calls}");
            }
        }
        ledgers.check(&merchant.name).await;
        for charge in charges_of(app, &merchant.name).await {
            assert!([0, 1_000].contains(&charge.balance));
        }
    });
}

/// Numbers that look random and are the same for a seed.
fn next(seed: &AtomicU32) -> u32 {
    let number = seed.load(Ordering::Relaxed).wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    seed.store(number, Ordering::Relaxed);
    number >> 8
}

#[test]
fn sixty_four_identical_requests_through_kills_of_redis_and_postgresql_are_one_charge() {
    run(async {
        let seed = std::env::var("MOALOG_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
        let numbers = AtomicU32::new(seed);
        let stack = DevStack::throwaway().await.expect("the servers start");
        let app = App::start(&stack, |_| {}).await.expect("the app starts");
        let ledgers = Ledgers::open(&app).await;
        let client = Step::new(&app);
        client.authorized(1).await;
        for round in 0..3 {
            let key = unique("key");
            let requests = join_all((0..64).map(|_| insist(&client, &key, 5_000)));
            let kills = async {
                tokio::time::sleep(Duration::from_millis(u64::from(next(&numbers) % 60))).await;
                if next(&numbers).is_multiple_of(2) {
                    stack.kill_redis().await.expect("redis dies");
                    tokio::time::sleep(Duration::from_millis(u64::from(next(&numbers) % 100))).await;
                    stack.restart_redis().await.expect("redis comes back");
                }
                stack.kill_database().await.expect("the database dies");
                tokio::time::sleep(Duration::from_millis(u64::from(next(&numbers) % 200))).await;
                stack.restart_database().await.expect("the database comes back");
                // Nobody waits half a minute for a lease in a test.
                for _ in 0..20 {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    Ledgers::open(&app).await.end_leases_older(&client.merchant, 3).await;
                }
            };
            let (answers, ()) = futures::future::join(requests, kills).await;
            let first: Value = serde_json::from_str(&answers[0]).expect("JSON");
            assert!(answers.iter().all(|answer| *answer == answers[0]), "seed {seed}, round {round}");
            assert_eq!(first["status"], "CAPTURE_REQUESTED");
        }
        drop(ledgers);
        Ledgers::open(&app).await.check(&client.merchant).await;
        let charges = charges_of(&app, &client.merchant).await;
        assert_eq!(charges.len(), 4, "seed {seed}: one per key");
    });
}

#[test]
#[ignore = "is the host that the next test kills, in a process of its own"]
fn the_host_that_is_killed() {
    run(serve_until_killed());
}

#[test]
fn sixty_four_identical_requests_through_kills_of_the_host_are_one_charge() {
    run(async {
        let seed = std::env::var("MOALOG_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
        let numbers = AtomicU32::new(seed);
        let stack = DevStack::shared().await.expect("the servers start");
        let app = App::start(stack, |_| {}).await.expect("the app starts");
        let mut host = Host::spawn(&app, stack, "stops::the_host_that_is_killed").await;
        let client = host.step(&app);
        client.authorized(1).await;
        for round in 0..5 {
            let key = unique("key");
            let requests = join_all((0..64).map(|_| insist(&client, &key, 5_000)));
            let kills = async {
                tokio::time::sleep(Duration::from_millis(u64::from(next(&numbers) % 60))).await;
                host.kill();
                host.restart().await;
                for _ in 0..10 {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    Ledgers::open(&app).await.end_leases_older(&client.merchant, 3).await;
                }
            };
            let (answers, ()) = futures::future::join(requests, kills).await;
            assert!(answers.iter().all(|answer| *answer == answers[0]), "seed {seed}, round {round}");
            Ledgers::open(&app).await.check(&client.merchant).await;
        }
        let charges = charges_of(&app, &client.merchant).await;
        assert_eq!(charges.len(), 6, "seed {seed}: one per key");
    });
}

#[test]
fn the_check_of_these_tests_notices_an_event_that_is_not_there() {
    run(async {
        let (_lock, app) = alone().await;
        let client = Step::new(app);
        client.authorized(5_000).await;
        let merchant = client.merchant.clone();
        Ledgers::open(app).await.check(&merchant).await;
        Ledgers::open(app).await.lose_an_event(&merchant).await;
        let ledgers = Ledgers::open(app).await;
        let noticed = tokio::spawn(async move { ledgers.check(&merchant).await }).await;
        assert!(noticed.is_err_and(|ended| ended.is_panic()));
    });
}

//! Idempotency keys and claims: many at once, dead owners, late ends.

use std::{collections::HashMap, time::Duration};

use futures::future::join_all;
use tests_pay_statements::{Base, Parameter, scene, see, step::*};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_locks_its_order_before_its_payment() {
    let base = Base::new().await;
    let (app, mut other, tenant) = (base.app().await, base.app().await, base.tenant("locks").await);
    let order = scene::order(&app, tenant, None, AMOUNT).await.result["orderId"].as_i64().unwrap();
    let payment = scene::pay_order(&app, tenant, None, order).await.result["paymentId"].as_i64().unwrap();
    let step = Step::new(tenant, None);
    let begun = step.begin_on(&app, payment, "authorize").await;
    step.finish(&app, &begun, &End::authorized("{}")).await;
    see(&other, Some(tenant)).await;
    let cancelling = other.transaction().await.unwrap();
    let locked = "SELECT FROM pay.customer_order WHERE order_id = $1 FOR NO KEY UPDATE";
    cancelling.execute(locked, &[&order]).await.unwrap();
    let capturing =
        tokio::spawn(async move { scene::finish_capture(&app, tenant, payment, "CAPTURED").await });
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted";
    while base.number(tenant, waits, &[]).await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    // Who has the order gets its payment too: whoever captures has not taken it yet.
    let next = "SELECT FROM pay.payment WHERE payment_id = $1 FOR NO KEY UPDATE NOWAIT";
    cancelling.execute(next, &[&payment]).await.unwrap();
    cancelling.commit().await.unwrap();
    assert_eq!(capturing.await.unwrap(), "DONE");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_begins_at_once_with_one_key_one_is_begun_and_the_others_wait() {
    let base = Base::new().await;
    let (apps, tenant) = (base.apps(32).await, base.tenant("many").await);
    for round in 0..5 {
        let key = format!("key-{round}");
        let steps: Vec<Step<'_>> = (0..64).map(|_| Step::new(tenant, Some(&key))).collect();
        let begun =
            join_all(steps.iter().enumerate().map(async |(n, step)| step.begin(&apps[n % 32]).await)).await;
        let mut outcomes: HashMap<&str, usize> = HashMap::new();
        for one in &begun {
            *outcomes.entry(&one.outcome).or_default() += 1;
        }
        assert_eq!(outcomes, HashMap::from([("BEGUN", 1), ("IN_PROGRESS", 63)]));
        let winner = begun.iter().position(|one| one.outcome == "BEGUN").unwrap();
        assert_eq!(steps[winner].finish(&apps[0], &begun[winner], &End::authorized("first")).await.0, "DONE");
        let again =
            join_all(steps.iter().enumerate().map(async |(n, step)| step.begin(&apps[n % 32]).await)).await;
        for one in again {
            assert_eq!((one.outcome.as_str(), one.answer), ("REPLAY", Some((200, "first".to_owned()))));
        }
    }
    assert_eq!(base.number(tenant, "SELECT count(*) FROM pay.payment", &[]).await, 5);
}

#[tokio::test]
async fn a_key_with_another_request_is_a_mismatch_whether_answered_or_not() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("mismatch").await);
    let step = Step::new(tenant, Some("k"));
    let begun = step.begin(&app).await;
    let other = Step { request: "other", ..Step::new(tenant, Some("k")) };
    assert_eq!(other.begin(&app).await.outcome, "MISMATCH");
    step.finish(&app, &begun, &End::authorized("{}")).await;
    assert_eq!(other.begin(&app).await.outcome, "MISMATCH");
    let elsewhere = base.tenant("elsewhere").await;
    assert_eq!(Step::new(elsewhere, Some("k")).begin(&app).await.outcome, "BEGUN", "keys are a tenant's own");
}

#[tokio::test]
async fn a_caller_who_lost_our_first_answers_gets_them_again() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("lost").await);
    let step = Step::new(tenant, Some("k"));
    let (first, second) = (step.begin(&app).await, step.begin(&app).await);
    assert_eq!(first, second);
    let end = End::authorized("{}");
    let done = ("DONE".to_owned(), Some("CAPTURE_REQUESTED".to_owned()));
    assert_eq!(step.finish(&app, &first, &end).await, done);
    assert_eq!(step.finish(&app, &first, &end).await, done);
    assert_eq!(base.number(tenant, "SELECT count(*) FROM pay.payment_history", &[]).await, 2);
}

#[tokio::test]
async fn an_owner_who_dies_leaves_a_key_that_resumes_after_the_lease_and_its_late_end_is_refused() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("dies").await);
    let dead = Step { lease_ms: 150, ..Step::new(tenant, Some("k")) };
    let begun = dead.begin(&app).await;
    let heir = Step::new(tenant, Some("k"));
    assert_eq!(heir.begin(&app).await.outcome, "IN_PROGRESS");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let resumed = heir.begin(&app).await;
    assert_eq!((resumed.outcome.as_str(), resumed.payment), ("RESUME", begun.payment));
    assert_eq!((resumed.open_step.as_deref(), resumed.attempt), (Some("authorize"), Some(1)));
    assert_eq!(dead.finish(&app, &begun, &End::authorized("late")).await.0, "STALE");
    assert_eq!(heir.begin(&app).await.outcome, "RESUME", "the same heir asks again and is told the same");
    assert_eq!(heir.finish(&app, &resumed, &End::authorized("heir")).await.0, "DONE");
    assert_eq!(dead.finish(&app, &begun, &End::authorized("late")).await.0, "STALE");
    assert_eq!(dead.begin(&app).await.answer, Some((200, "heir".to_owned())));
    assert_eq!(base.number(tenant, "SELECT count(*) FROM pay.ledger_transaction", &[]).await, 1);
}

#[tokio::test]
async fn an_end_after_the_lease_counts_while_nobody_has_taken_over() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("slow").await);
    let slow = Step { lease_ms: 1, ..Step::new(tenant, Some("k")) };
    let begun = slow.begin(&app).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(slow.finish(&app, &begun, &End::authorized("{}")).await.0, "DONE");
}

#[tokio::test]
async fn an_unknown_end_is_asked_for_by_the_same_key_and_by_others_and_never_begun_again() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("unknown").await);
    let step = Step::new(tenant, Some("k"));
    let begun = step.begin(&app).await;
    let unknown = ("DONE".to_owned(), Some("AUTH_UNKNOWN".to_owned()));
    assert_eq!(step.finish(&app, &begun, &End::unknown()).await, unknown);
    let age = "SELECT count(*) FROM pay.payment WHERE unknown_since IS NOT NULL";
    assert_eq!(base.number(tenant, age, &[]).await, 1);
    let asking = Step::new(tenant, Some("k"));
    let resumed = asking.begin(&app).await;
    assert_eq!(resumed.outcome, "RESUME");
    // Still unknown: the state stays, the age too, and the next one asks again.
    let still = End { end: "UNKNOWN", ..End::default() };
    assert_eq!(asking.finish(&app, &resumed, &still).await, unknown);
    let reconciler = Step::new(tenant, None);
    let taken = reconciler.resolve(&app, begun.payment.unwrap()).await;
    assert_eq!(taken.outcome, "RESUME");
    assert_eq!(asking.begin(&app).await.outcome, "IN_PROGRESS");
    assert_eq!(
        reconciler.finish(&app, &taken, &End { body: None, ..End::authorized("") }).await.1.as_deref(),
        Some("CAPTURE_REQUESTED")
    );
    assert_eq!(base.number(tenant, age, &[]).await, 0);
    // The key had no answer; now it is decided, and the first answer kept is everybody's.
    assert_eq!(step.begin(&app).await.outcome, "DECIDED");
    let keep =
        "SELECT answer_status, answer_body FROM pay.keep_answer($1, $2, 'k', sha256('request'), 200, $3)";
    for body in ["composed first", "composed second"] {
        let own: &[Parameter<'_>] = &[&tenant, &ENDPOINT, &body];
        let kept = app.query_one(keep, own).await.unwrap();
        assert_eq!(kept.get::<_, String>(1), "composed first");
    }
    assert_eq!(step.begin(&app).await.answer, Some((200, "composed first".to_owned())));
}

#[tokio::test]
async fn a_known_failure_raises_the_attempt_and_a_step_never_sent_does_not() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("attempt").await);
    let step = Step::new(tenant, Some("k"));
    let begun = step.begin(&app).await;
    let release = "SELECT pay.release_step($1, $2, $3)";
    for expected in ["DONE", "STALE"] {
        let own: &[Parameter<'_>] = &[&tenant, &begun.payment, &step.claim];
        assert_eq!(app.query_one(release, own).await.unwrap().get::<_, String>(0), expected);
    }
    assert_eq!(step.finish(&app, &begun, &End::authorized("{}")).await.0, "STALE", "it was given back");
    let next = Step::new(tenant, Some("k"));
    let begun = next.begin(&app).await;
    assert_eq!((begun.outcome.as_str(), begun.attempt), ("BEGUN", Some(1)));
    let failed = End { end: "FAILED", ..End::default() };
    assert_eq!(next.finish(&app, &begun, &failed).await.1.as_deref(), Some("REQUESTED"));
    let third = Step::new(tenant, Some("k")).begin(&app).await;
    assert_eq!((third.outcome.as_str(), third.attempt), ("BEGUN", Some(2)));
}

#[tokio::test]
async fn an_echo_that_differs_is_for_people_to_look_at() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("review").await);
    let step = Step::new(tenant, Some("k"));
    let begun = step.begin(&app).await;
    let review = r#"{"asked": 15000, "said": 150}"#;
    step.finish(&app, &begun, &End { review: Some(review), ..End::unknown() }).await;
    assert_eq!(Step::new(tenant, Some("k")).begin(&app).await.outcome, "IN_REVIEW");
    let read = scene::payment(&app, tenant, begun.payment.unwrap()).await;
    assert_eq!((&read["status"], &read["review"]["said"]), (&"AUTH_UNKNOWN".into(), &150.into()));
}

#[tokio::test]
async fn an_expired_key_begins_anew() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("expired").await);
    let step = Step::new(tenant, Some("k"));
    let begun = step.begin(&app).await;
    step.finish(&app, &begun, &End::authorized("{}")).await;
    let age = "UPDATE pay.idempotency SET expires_at = now() - interval '1 second'";
    base.change(tenant, age, &[]).await.unwrap();
    let anew = Step { claim: Uuid::new_v4(), ..step.clone() }.begin(&app).await;
    assert_eq!(anew.outcome, "BEGUN");
    assert_ne!(anew.payment, begun.payment);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_hit_at_once_by_many_has_one_live_payment() {
    let base = Base::new().await;
    let (apps, tenant) = (base.apps(32).await, base.tenant("order").await);
    let order = scene::order(&apps[0], tenant, None, 700).await.result["orderId"].as_i64().unwrap();
    let keys: Vec<String> = (0..64).map(|n| format!("key-{}", n / 2)).collect();
    let got = join_all(keys.iter().enumerate().map(async |(n, key)| {
        if n % 2 == 0 {
            scene::pay_order(&apps[n % 32], tenant, Some(key), order).await.outcome
        } else {
            Step::new(tenant, Some(key)).begin_order(&apps[n % 32], Some(order), None).await.outcome
        }
    }))
    .await;
    let won = got.iter().filter(|outcome| ["DONE", "BEGUN"].contains(&outcome.as_str())).count();
    assert_eq!(won, 1, "{got:?}");
    assert!(
        got.iter().all(|outcome| ["DONE", "BEGUN", "PAYMENT_LIVE"].contains(&outcome.as_str())),
        "{got:?}"
    );
    let refused =
        "INSERT INTO pay.payment (tenant_id, order_id, currency, amount, auto_capture, provider, created_by)
                   VALUES ($1, $2, 'KRW', 700, true, 'sandbox', 'x')";
    let refused = base.change(tenant, refused, &[&tenant, &order]).await.unwrap_err();
    assert_eq!(tests_pay_statements::violated(&refused), "payment_one_live_per_order");
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_of_a_single_statement_get_the_same_answer() {
    let base = Base::new().await;
    let (apps, tenant) = (base.apps(16).await, base.tenant("twins").await);
    let got = join_all(apps.iter().map(async |app| scene::order(app, tenant, Some("k"), 700).await)).await;
    assert_eq!(got.iter().filter(|one| one.outcome == "DONE").count(), 1);
    assert!(got.iter().all(|one| one.result == got[0].result && one.result["orderId"].is_i64()), "{got:?}");
    let payment = scene::captured(&apps[0], tenant).await;
    let got =
        join_all(apps.iter().map(async |app| scene::refund(app, tenant, Some("k"), payment, Some(5)).await))
            .await;
    assert_eq!(got.iter().filter(|one| one.outcome == "DONE").count(), 1);
    assert!(got.iter().all(|one| one.result == got[0].result), "{got:?}");
}

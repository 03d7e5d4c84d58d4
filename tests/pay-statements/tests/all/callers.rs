//! Callers, webhooks and the outbox's partitions.

use futures::future::join_all;
use tests_pay_statements::{Base, Parameter, scene};
use tokio_postgres::Client;

async fn admit(app: &Client, key: &str, nonce: &str) -> (String, Option<i64>) {
    let sql = "SELECT outcome, tenant_id FROM pay.admit($1, $2, extract(epoch FROM now())::bigint + 300)";
    let row = app.query_one(sql, &[&key, &nonce]).await.unwrap();
    (row.get(0), row.get(1))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_calls_at_once_with_one_nonce_one_is_admitted() {
    let base = Base::new().await;
    let (apps, tenant) = (base.apps(32).await, base.tenant("signs").await);
    let key = "SELECT key_id FROM pay.make_key($1, 'MERCHANT')";
    let key: String = apps[0].query_one(key, &[&tenant]).await.unwrap().get(0);
    let got = join_all((0..64).map(async |n| admit(&apps[n % 32], &key, "0123456789abcdef").await.0)).await;
    assert_eq!(got.iter().filter(|outcome| *outcome == "ADMITTED").count(), 1);
    assert_eq!(got.iter().filter(|outcome| *outcome == "NONCE_USED").count(), 63);
    assert_eq!(admit(&apps[0], &key, "another-nonce-01").await, ("ADMITTED".to_owned(), Some(tenant)));
}

#[tokio::test]
async fn a_tenant_has_two_live_keys_at_most_and_one_that_has_ended_admits_nobody() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("keys").await);
    let mut keys = Vec::new();
    for expected in ["DONE", "DONE", "TWO_LIVE"] {
        let sql = "SELECT outcome, key_id FROM pay.make_key($1, 'MERCHANT')";
        let row = app.query_one(sql, &[&tenant]).await.unwrap();
        assert_eq!(row.get::<_, String>(0), expected);
        keys.extend(row.get::<_, Option<String>>(1));
    }
    let retire = "SELECT pay.retire_key($1, $2, now())";
    app.query_one(retire, &[&tenant, &keys[0]]).await.unwrap();
    assert_eq!(admit(&app, &keys[0], "0123456789abcdef").await, ("UNKNOWN_KEY".to_owned(), None));
    assert_eq!(admit(&app, &keys[1], "0123456789abcdef").await.0, "ADMITTED");
    for strange in
        ["", "mk_", "mk_1_", "mk_99999999999999999999_00000000000000000000", "mk_1_00000000000000000000'"]
    {
        assert_eq!(admit(&app, strange, "0123456789abcdef").await.0, "UNKNOWN_KEY", "{strange}");
    }
    let own: &[Parameter<'_>] = &[&tenant];
    let made = app.query_one("SELECT outcome FROM pay.make_key($1, 'MERCHANT')", own).await.unwrap();
    assert_eq!(made.get::<_, String>(0), "DONE", "the retired one has left its place");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_named_by_many_at_once_becomes_one_tenant() {
    let base = Base::new().await;
    let apps = base.apps(16).await;
    let ask = "SELECT pay.tenant_by_merchant('newcomer', $1)";
    let none: Option<i64> = apps[0].query_one(ask, &[&false]).await.unwrap().get(0);
    assert_eq!(none, None);
    let made =
        join_all(apps.iter().map(async |app| app.query_one(ask, &[&true]).await.unwrap().get::<_, i64>(0)))
            .await;
    assert!(made.iter().all(|tenant| *tenant == made[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_stored_once_and_worked_on_until_it_is_done() {
    let base = Base::new().await;
    let (apps, tenant) = (base.apps(8).await, base.tenant("hooks").await);
    let payment = scene::authorized(&apps[0], tenant).await;
    let store =
        "SELECT outcome, webhook_id FROM pay.store_webhook($1, 'toss', 'd', 'PAYMENT', $2, '{}', NULL)";
    let got = join_all(
        apps.iter()
            .map(async |app| app.query_one(store, &[&tenant, &payment]).await.unwrap().get::<_, String>(0)),
    )
    .await;
    assert_eq!(got.iter().filter(|outcome| *outcome == "STORED").count(), 1);
    assert_eq!(got.iter().filter(|outcome| *outcome == "OPEN").count(), 7);
    let row = apps[0].query_one(store, &[&tenant, &payment]).await.unwrap();
    let done = "SELECT pay.webhook_done($1, $2, 'APPLIED', 'fine')";
    apps[0].query_one(done, &[&tenant, &row.get::<_, i64>(1)]).await.unwrap();
    let row = apps[0].query_one(store, &[&tenant, &payment]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "DUPLICATE");
    let row = apps[0].query_one(store, &[&tenant, &77_i64]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "UNKNOWN_PAYMENT");
}

#[tokio::test]
async fn a_payment_keeps_a_bounded_number_of_notices() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("storm").await);
    let payment = scene::authorized(&app, tenant).await;
    let store = "SELECT outcome FROM pay.store_webhook($1, 'toss', $2, 'PAYMENT', $3, '{}', NULL)";
    let mut kept = 0;
    for n in 0..80 {
        let said: String = app.query_one(store, &[&tenant, &n.to_string(), &payment]).await.unwrap().get(0);
        kept += i64::from(said == "STORED");
        assert!(["STORED", "NOT_KEPT"].contains(&said.as_str()), "{said}");
    }
    let count = "SELECT count(*) FROM pay.webhook_in WHERE payment_id = $1";
    assert_eq!((kept, base.number(tenant, count, &[&payment]).await), (64, 64));
}

#[tokio::test]
async fn an_event_of_a_day_without_a_partition_is_kept_and_partitions_are_made_ahead() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("days").await);
    let make = "SELECT pay.make_outbox_partitions($1)";
    let made: i32 = app.query_one(make, &[&20]).await.unwrap().get(0);
    assert!(made >= 5, "{made}");
    assert_eq!(app.query_one(make, &[&20]).await.unwrap().get::<_, i32>(0), 0);
    let far = "INSERT INTO pay.outbox_event (tenant_id, created_on, aggregate_type, aggregate_id, aggregate_seq, event_type, payload)
               VALUES ($1, current_date + 25, 'payment', 1, 1, 'payment.captured', '{}')";
    base.change(tenant, far, &[&tenant]).await.unwrap();
    // The day that already has a row elsewhere is left there, the others are made.
    let made: i32 = app.query_one(make, &[&30]).await.unwrap().get(0);
    assert_eq!(made, 9);
    assert_eq!(base.number(tenant, "SELECT count(*) FROM pay.outbox_event", &[]).await, 1);
    let open =
        "SELECT count(*) FROM pg_class c WHERE c.relnamespace = 'pay'::regnamespace AND c.relispartition
                   AND c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)";
    assert_eq!(base.number(tenant, open, &[]).await, 0);
}

#[tokio::test]
async fn ids_fit_into_json_numbers_and_follow_the_node() {
    let base = Base::new().await;
    let app = base.app().await;
    let mut seen = std::collections::HashSet::new();
    for node in [0_i16, 7, 1023] {
        base.owner.execute("UPDATE retro.node SET number = $1", &[&node]).await.unwrap();
        // Another session: one that was there before still has ids of the old node in advance.
        let fresh = base.app().await;
        for row in fresh.query("SELECT pay.next_id() FROM generate_series(1, 100)", &[]).await.unwrap() {
            let id: i64 = row.get(0);
            assert!(id > 0 && id < 1 << 53 && seen.insert(id), "{id}");
            assert_eq!(id % 1_024, i64::from(node));
        }
        let early: i64 = app.query_one("SELECT pay.next_id()", &[]).await.unwrap().get(0);
        assert!(seen.insert(early), "{early}");
    }
}

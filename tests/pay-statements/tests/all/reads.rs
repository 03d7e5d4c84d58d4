//! Reads at size: every function can be prepared, hot reads touch an index, lists go on where they ended.

use std::collections::BTreeSet;

use serde_json::Value;
use tests_pay_statements::{Base, Parameter, read, scene, see, step::*};
use tokio_postgres::Client;

/// A tenant with so many captured payments, their history, events and entries, made in bulk.
const GROW: &str = "
INSERT INTO pay.customer_order (tenant_id, user_id, currency, total_amount, created_by, created_at)
SELECT $1, 'user-' || n % 1000, 'KRW', 15000, 'bulk', now() - n * interval '1 second' FROM generate_series(1, 100000) AS n;
INSERT INTO pay.payment (tenant_id, order_id, currency, amount, auto_capture, provider, created_by, created_at)
SELECT $1, order_id, 'KRW', 15000, true, 'sandbox', 'bulk', created_at FROM pay.customer_order;
UPDATE pay.payment SET state = 'CAPTURED', moves = 3, captured = 15000, captured_at = created_at, event_seq = 3, calls = 1;
INSERT INTO pay.payment_history (tenant_id, payment_id, seq, from_state, to_state, cause, actor)
SELECT $1, payment_id, m.seq, m.was, m.became, 'bulk', 'bulk' FROM pay.payment
 CROSS JOIN (VALUES (1, 'REQUESTED', 'AUTHORIZED'), (2, 'AUTHORIZED', 'CAPTURE_REQUESTED'),
                    (3, 'CAPTURE_REQUESTED', 'CAPTURED')) AS m (seq, was, became);
INSERT INTO pay.provider_call (tenant_id, payment_id, seq, step, attempt, outcome, duration_ms)
SELECT $1, payment_id, 1, 'authorize', 1, 'APPROVED', 5 FROM pay.payment;
INSERT INTO pay.outbox_event (tenant_id, aggregate_type, aggregate_id, aggregate_seq, event_type, payload, state)
SELECT $1, 'payment', payment_id, 1, 'payment.authorized', '{}', 'PUBLISHED' FROM pay.payment;
INSERT INTO pay.idempotency (tenant_id, endpoint, key, request_sha256, payment_id)
SELECT $1, 'bulk', payment_id::text, sha256(''), payment_id FROM pay.payment;
WITH head AS (
    INSERT INTO pay.ledger_transaction (tenant_id, subject_id, source_seq, payment_id, kind, posted_at, hash)
    SELECT $1, payment_id, 3, payment_id, 'CAPTURE', captured_at, sha256('') FROM pay.payment RETURNING subject_id)
INSERT INTO pay.ledger_line (tenant_id, subject_id, source_seq, line_no, account, amount, currency)
SELECT $1, subject_id, 3, l.n, l.account, l.amount, 'KRW' FROM head
 CROSS JOIN (VALUES (1, 'PROVIDER_RECEIVABLE', 15000), (2, 'MERCHANT_PAYABLE', -15000)) AS l (n, account, amount);
";

async fn grow(base: &Base, tenant: i64) {
    see(&base.owner, Some(tenant)).await;
    base.owner.batch_execute(&GROW.replace("$1", &tenant.to_string())).await.unwrap();
    base.owner.batch_execute("ANALYZE").await.unwrap();
}

/// Scans without an index so far, over tables that have become large.
async fn scans(base: &Base) -> i64 {
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    let sql = "SELECT coalesce(sum(s.seq_scan), 0)::bigint FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
                WHERE s.schemaname = 'pay' AND c.reltuples > 10000";
    base.owner.query_one(sql, &[]).await.unwrap().get(0)
}

/// What a merchant's callers ask all day, against a large tenant.
async fn hot(app: &Client, tenant: i64, payment: i64) {
    for n in 0..8 {
        let key = format!("hot-{n}");
        let step = Step::new(tenant, Some(&key));
        let begun = step.begin(app).await;
        step.finish(app, &begun, &End::authorized("{}")).await;
        assert_eq!(step.begin(app).await.outcome, "REPLAY");
        let fresh = begun.payment.unwrap();
        assert_eq!(scene::finish_capture(app, tenant, fresh, "CAPTURED").await, "DONE");
        let got = scene::refund(app, tenant, None, fresh, Some(5)).await;
        assert_eq!(scene::finish_refund(app, tenant, &got, "COMPLETED").await, "DONE");
        assert_eq!(scene::payment(app, tenant, payment).await["timeline"].as_array().unwrap().len(), 4);
        for sql in [
            "SELECT pay.payments($1, NULL, NULL, NULL, NULL, NULL, 50)",
            "SELECT pay.payments($1, 'CAPTURED', NULL, NULL, NULL, NULL, 50)",
            "SELECT pay.payments($1, 'AUTH_UNKNOWN', NULL, NULL, NULL, NULL, 50)",
            "SELECT pay.payments($1, 'CAPTURE_REQUESTED', NULL, NULL, NULL, NULL, 50)",
            "SELECT pay.payments($1, NULL, now() - interval '5 hours', now() - interval '4 hours', NULL, NULL, 50)",
            "SELECT pay.orders($1, 'user-7', NULL, NULL, NULL, NULL, NULL, 50)",
            "SELECT pay.orders($1, NULL, NULL, NULL, NULL, NULL, NULL, 50)",
            "SELECT pay.refunds($1, NULL, NULL, NULL, 50)",
            "SELECT pay.reconcile_page($1, now() - interval '20 minutes', now() - interval '15 minutes', NULL, 100)",
        ] {
            assert!(read(app, sql, &[&tenant]).await.is_array(), "{sql}");
        }
    }
}

#[tokio::test]
async fn hot_statements_use_an_index_at_a_hundred_thousand_payments() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("large").await);
    grow(&base, tenant).await;
    let payment = base.number(tenant, "SELECT min(payment_id) FROM pay.payment", &[]).await;
    let before = scans(&base).await;
    hot(&app, tenant, payment).await;
    drop(app);
    assert_eq!(scans(&base).await, before, "a large table was read from end to end");
    // The counter does count.
    let whole = "SET enable_indexscan = off; SET enable_bitmapscan = off; SELECT count(cause) FROM pay.payment_history";
    base.owner.batch_execute(whole).await.unwrap();
    assert!(scans(&base).await > before);
}

#[tokio::test]
async fn every_function_can_be_prepared_by_the_application() {
    let base = Base::new().await;
    let app = base.app().await;
    let functions = "SELECT p.oid::regproc::text, p.pronargs::integer FROM pg_proc p
                      WHERE p.pronamespace = 'pay'::regnamespace AND p.prorettype <> 'trigger'::regtype
                        AND p.proname <> 'protect'";
    let rows = app.query(functions, &[]).await.unwrap();
    assert!(rows.len() > 60, "only {} functions were found", rows.len());
    for row in rows {
        let (name, arguments): (String, i32) = (row.get(0), row.get(1));
        let places: Vec<String> = (1..=arguments).map(|n| format!("${n}")).collect();
        let sql = format!("SELECT * FROM {name}({})", places.join(", "));
        app.prepare(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

#[tokio::test]
async fn a_list_read_page_by_page_holds_each_payment_once_and_newest_first() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("pages").await);
    let mut made = BTreeSet::new();
    for n in 0..23 {
        let payment = scene::authorized(&app, tenant).await;
        if n % 3 == 0 {
            scene::finish_capture(&app, tenant, payment, "CAPTURED").await;
        }
        made.insert(payment);
    }
    // Some of the same instant.
    base.change(tenant, "UPDATE pay.payment SET created_at = now() WHERE payment_id % 2 = 0", &[])
        .await
        .unwrap();
    for (status, expected) in
        [(None, 23), (Some("CAPTURED"), 8), (Some("CAPTURE_REQUESTED"), 15), (Some("VOIDED"), 0)]
    {
        let mut seen: Vec<(i64, i64)> = Vec::new();
        loop {
            let last = seen.last().copied().unzip();
            let sql = "SELECT pay.payments($1, $2, NULL, NULL, $3, $4, 5)";
            let own: &[Parameter<'_>] = &[&tenant, &status, &last.0, &last.1];
            let page = read(&app, sql, own).await;
            let rows = page.as_array().unwrap();
            let number = |row: &Value, name: &str| row[name].as_i64().unwrap();
            seen.extend(rows.iter().map(|row| (number(row, "cursorSort"), number(row, "paymentId"))));
            if rows.len() < 5 {
                break;
            }
        }
        assert_eq!(seen.len(), expected, "{status:?}");
        assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "newest first, each once");
        assert!(seen.iter().all(|(_, payment)| made.contains(payment)));
    }
}

//! A session of one's own: its meaning is kept, and nothing leaks from one owner to the next.

use crate::server::{connection_failure, eventually, number, one, rows, run_all, shared, sql_state, table};
use host_postgres::interface::DbValue;
use host_postgres::{PostgresGrants, Sessions, Settings};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_transaction_keeps_its_session_and_others_do_not_see_it() {
    let host = shared().host(Settings::default());
    table(&host, "kept").await;
    let (connection, other) = (host.open().await, host.open().await);
    run_all(&connection, &["BEGIN", "INSERT INTO kept VALUES (1)"]).await;
    assert_eq!(number(&connection, "SELECT count(*) FROM kept").await, 1);
    assert_eq!(number(&other, "SELECT count(*) FROM kept").await, 0);
    run_all(&connection, &["ROLLBACK"]).await;
    assert_eq!(number(&connection, "SELECT count(*) FROM kept").await, 0);
    run_all(&connection, &["BEGIN", "INSERT INTO kept VALUES (2)", "COMMIT"]).await;
    assert_eq!(number(&other, "SELECT count(*) FROM kept").await, 1);
}

#[tokio::test]
async fn a_connection_dropped_inside_a_transaction_is_rolled_back_and_its_locks_go() {
    let host = shared().host(Settings { dedicated_max: 1, ..Settings::default() });
    table(&host, "left_open").await;
    let connection = host.open().await;
    run_all(&connection, &["BEGIN", "INSERT INTO left_open VALUES (1)", "LOCK TABLE left_open"]).await;
    drop(connection);
    let next = host.open().await;
    assert_eq!(next.execute("INSERT INTO left_open VALUES (2)", &[]).await.unwrap(), 1);
    assert_eq!(number(&next, "SELECT count(*) FROM left_open").await, 1);
    // The one dedicated session is clean: a write in it is not inside a transaction.
    run_all(&next, &["SET application_name = 'x'", "INSERT INTO left_open VALUES (3)"]).await;
    assert_eq!(number(&host.open().await, "SELECT count(*) FROM left_open").await, 2);
    assert_eq!(host.counter("discarded"), 0);
}

#[tokio::test]
async fn a_call_abandoned_inside_a_transaction_leaves_nothing_behind() {
    let host = shared().host(Settings { dedicated_max: 1, ..Settings::default() });
    table(&host, "abandoned").await;
    let connection = host.open().await;
    run_all(&connection, &["BEGIN", "INSERT INTO abandoned VALUES (1)"]).await;
    let call = connection.execute("UPDATE abandoned SET a = 2 WHERE pg_sleep(20) IS NOT NULL", &[]);
    assert!(tokio::time::timeout(Duration::from_millis(200), call).await.is_err());
    drop(connection);
    let begun = Instant::now();
    let next = host.open().await;
    run_all(&next, &["BEGIN", "LOCK TABLE abandoned", "INSERT INTO abandoned VALUES (3)", "COMMIT"]).await;
    assert_eq!(number(&next, "SELECT sum(a) FROM abandoned").await, 3);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn settings_locks_and_temporary_tables_do_not_outlive_their_owner() {
    let host = shared().host(Settings { dedicated_max: 1, ..Settings::default() });
    let connection = host.open().await;
    let session = number(&connection, "SELECT pg_backend_pid()").await;
    run_all(
        &connection,
        &[
            "SET search_path = nowhere",
            "SELECT pg_advisory_lock(77)",
            "CREATE TEMP TABLE scratch (a int)",
            "LISTEN something",
            "SELECT set_config('app.tenant_id', '7', false)",
        ],
    )
    .await;
    assert!(
        matches!(one(&connection, "SHOW search_path", &[]).await, DbValue::Str(path) if path == "nowhere")
    );
    assert_eq!(number(&connection, "SELECT count(*) FROM scratch").await, 0);
    drop(connection);
    let next = host.open().await;
    assert_eq!(number(&next, "SELECT pg_backend_pid()").await, session, "the session is used again");
    assert!(matches!(one(&next, "SHOW search_path", &[]).await, DbValue::Str(path) if path != "nowhere"));
    assert_eq!(number(&next, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").await, 0);
    assert_eq!(number(&next, "SELECT count(*) FROM pg_class WHERE relname = 'scratch'").await, 0);
    assert!(rows(&next, "SELECT pg_listening_channels()", &[]).await.unwrap().is_empty());
    let tenant = one(&next, "SELECT coalesce(current_setting('app.tenant_id', true), '')", &[]).await;
    assert!(matches!(&tenant, DbValue::Str(tenant) if tenant.is_empty()), "{tenant:?}");
    let bound = one(&next, "SHOW statement_timeout", &[]).await;
    assert!(matches!(&bound, DbValue::Str(bound) if bound == "30s"), "{bound:?}");
}

#[tokio::test]
async fn a_session_with_named_statements_is_not_used_again() {
    let host = shared().host(Settings { dedicated_max: 1, ..Settings::default() });
    let connection = host.open().await;
    run_all(&connection, &["PREPARE p AS SELECT 1", "EXECUTE p"]).await;
    drop(connection);
    let next = host.open().await;
    run_all(&next, &["PREPARE p AS SELECT 2"]).await;
    assert!(host.counter("discarded") >= 1);
}

#[tokio::test]
async fn a_sequences_last_value_is_the_sessions_own() {
    let host = shared().host(Settings { dedicated_max: 2, ..Settings::default() });
    let connection = host.open().await;
    run_all(&connection, &["DROP SEQUENCE IF EXISTS counted", "CREATE SEQUENCE counted"]).await;
    assert_eq!(number(&connection, "SELECT nextval('counted')").await, 1);
    assert_eq!(number(&host.open().await, "SELECT nextval('counted')").await, 2);
    assert_eq!(number(&connection, "SELECT currval('counted')").await, 1);
    drop(connection);
    eventually("the session is back", async || host.fill().dedicated_used == 0).await;
    // Never another owner's value.
    assert_eq!(sql_state(rows(&host.open().await, "SELECT lastval()", &[]).await.unwrap_err()), "55000");
}

#[tokio::test]
async fn a_component_that_asks_for_it_has_a_session_for_each_connection() {
    let host = shared().host(Settings::default());
    let grants = PostgresGrants {
        hosts: host_egress::Grants::parse(["postgres://127.0.0.1:*"]).unwrap(),
        sessions: Sessions::Dedicated,
    };
    let instance = host.postgres.instance(grants);
    let connection = instance.open(&host.address, None).await.unwrap();
    run_all(&host.open().await, &[
        "DROP FUNCTION IF EXISTS sneaky()",
        "CREATE FUNCTION sneaky() RETURNS text LANGUAGE sql AS $$ SELECT set_config('app.sneaky', 'on', false) $$",
    ])
    .await;
    rows(&connection, "SELECT sneaky()", &[]).await.unwrap();
    let seen = one(&connection, "SELECT current_setting('app.sneaky', true)", &[]).await;
    assert!(matches!(&seen, DbValue::Str(seen) if seen == "on"), "{seen:?}");
    eventually("it has a session, and nobody else", async || host.fill().dedicated_used == 1).await;
    drop(connection);
    let next = instance.open(&host.address, None).await.unwrap();
    let seen = one(&next, "SELECT coalesce(current_setting('app.sneaky', true), '')", &[]).await;
    assert!(matches!(&seen, DbValue::Str(seen) if seen.is_empty()), "{seen:?}");
}

#[tokio::test]
async fn a_full_pool_is_busy_after_the_bound_and_free_again_after() {
    let host = shared().host(Settings { dedicated_max: 2, busy_wait_ms: 300, ..Settings::default() });
    let (first, second, third) = (host.open().await, host.open().await, host.open().await);
    run_all(&first, &["BEGIN"]).await;
    run_all(&second, &["BEGIN"]).await;
    let begun = Instant::now();
    let waiting = third.execute("BEGIN", &[]);
    tokio::pin!(waiting);
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut waiting).await.is_err());
    assert_eq!((host.fill().waiting, host.fill().dedicated_used), (1, 2));
    let reason = connection_failure(waiting.await.unwrap_err());
    assert!(reason.starts_with("busy: "), "{reason}");
    assert!((250..1_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    assert_eq!((host.fill().waiting, host.counter("busy")), (0, 1));
    // Shared statements are not held up, and a freed session is had at once.
    assert_eq!(number(&third, "SELECT 1").await, 1);
    drop(first);
    run_all(&third, &["BEGIN"]).await;
}

#[tokio::test]
async fn a_caller_that_stops_waiting_leaves_the_queue() {
    let host = shared().host(Settings { dedicated_max: 1, ..Settings::default() });
    let (first, second) = (host.open().await, host.open().await);
    run_all(&first, &["BEGIN"]).await;
    let waiting = tokio::time::timeout(Duration::from_millis(50), second.execute("BEGIN", &[])).await;
    assert!(waiting.is_err());
    assert_eq!(host.fill().waiting, 0);
    drop(first);
    run_all(&second, &["BEGIN", "COMMIT"]).await;
}

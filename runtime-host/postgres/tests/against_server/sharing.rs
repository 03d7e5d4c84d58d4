//! Statements of many callers on few sessions.

use crate::server::{eventually, number, one, rows, run_all, shared, sql_state, table};
use host_postgres::Settings;
use host_postgres::interface::{DbValue, Error, ParameterValue};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_first_uses_at_once_prepare_once_per_session() {
    let host = shared().host(Settings { connections_max: 1, ..Settings::default() });
    let connection = host.open().await;
    let prepares = host.counter("prepares");
    let calls = (0..64).map(|number| {
        let connection = connection.clone();
        tokio::spawn(async move {
            let parameters = [ParameterValue::Int32(number)];
            let value = one(&connection, "SELECT $1::int4 + 1000", &parameters).await;
            assert!(matches!(value, DbValue::Int32(sum) if sum == number + 1000), "{value:?}");
        })
    });
    for call in futures::future::join_all(calls).await {
        call.unwrap();
    }
    assert_eq!(host.counter("prepares") - prepares, 1);
    assert_eq!(
        number(
            &connection,
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int4 + 1000'"
        )
        .await,
        1
    );
    let fill = host.fill();
    assert_eq!((fill.calls, fill.shared_used, fill.shared_idle, fill.dedicated_used), (0, 0, 1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_share_few_connections_and_more_are_opened_only_up_to_the_bound() {
    let host = shared().host(Settings { connections_max: 3, ..Settings::default() });
    let connection = host.open().await;
    for _ in 0..4 {
        let calls = (0..30).map(|_| connection.execute("SELECT pg_sleep(0.005)", &[]));
        assert!(futures::future::join_all(calls).await.into_iter().all(|outcome| outcome.is_ok()));
    }
    let fill = host.fill();
    assert_eq!((fill.calls, fill.shared_used + fill.shared_idle), (0, 3));
    assert_eq!(host.counter("connects"), 3);
}

#[tokio::test]
async fn a_forgotten_statement_is_closed_on_the_server() {
    let host = shared().host(Settings { connections_max: 1, statements_max: 8, ..Settings::default() });
    let connection = host.open().await;
    for unique in 0..40 {
        connection.execute(&format!("SELECT {unique}"), &[]).await.unwrap();
    }
    let kept = number(&connection, "SELECT count(*) FROM pg_prepared_statements").await;
    assert!(kept <= 9, "{kept} statements kept");
}

#[tokio::test]
async fn a_plan_that_no_longer_fits_is_prepared_again() {
    let host = shared().host(Settings { connections_max: 1, ..Settings::default() });
    table(&host, "changing").await;
    let connection = host.open().await;
    connection.execute("INSERT INTO changing VALUES (1)", &[]).await.unwrap();
    assert_eq!(rows(&connection, "SELECT * FROM changing", &[]).await.unwrap()[0].len(), 1);
    let other = host.open().await;
    other.execute("ALTER TABLE changing ADD COLUMN b int", &[]).await.unwrap();
    assert_eq!(rows(&connection, "SELECT * FROM changing", &[]).await.unwrap()[0].len(), 2);
    assert_eq!(host.counter("stale_statements"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abandoned_calls_on_shared_sessions_hold_up_nobody_for_long() {
    let host = shared().host(Settings { connections_max: 2, ..Settings::default() });
    let connection = Arc::new(host.open().await);
    for _ in 0..3 {
        let call = connection.execute("SELECT pg_sleep(3)", &[]);
        assert!(tokio::time::timeout(Duration::from_millis(50), call).await.is_err());
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let begun = Instant::now();
    assert_eq!(number(&connection, "SELECT 1").await, 1);
    assert!(begun.elapsed() < Duration::from_millis(1_000), "{:?}", begun.elapsed());
    eventually("calls are through", async || host.fill().calls == 0).await;
}

#[tokio::test]
async fn a_call_dropped_while_it_prepares_leaves_the_statement_for_the_next() {
    let host = shared().host(Settings { connections_max: 1, ..Settings::default() });
    let connection = host.open().await;
    let sql = "SELECT 'dropped while preparing'";
    {
        let call = connection.execute(sql, &[]);
        tokio::pin!(call);
        assert!(futures::poll!(&mut call).is_pending());
    }
    connection.execute(sql, &[]).await.unwrap();
    let kept = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT ''dropped while%'";
    assert_eq!(number(&connection, kept).await, 1);
}

#[tokio::test]
async fn the_server_stops_a_statement_at_its_deadline() {
    let host = shared().host(Settings { call_ms: 300, ..Settings::default() });
    let connection = host.open().await;
    let begun = Instant::now();
    let error = connection.execute("SELECT pg_sleep(5)", &[]).await.unwrap_err();
    assert_eq!(sql_state(error), "57014");
    assert!((250..1_500).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    // A guest that lifts the server's bound still has the host's.
    run_all(&connection, &["SET statement_timeout = 0"]).await;
    let error = connection.execute("SELECT pg_sleep(5)", &[]).await.unwrap_err();
    assert!(
        matches!(&error, Error::ConnectionFailed(reason) if reason.contains("no answer within")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_stricter_bound_of_the_role_is_kept() {
    let host = shared().host(Settings::default());
    let address = format!("{}&options=-c%20statement_timeout%3D1234", host.address);
    let connection = host.instance.open(&address, None).await.unwrap();
    let bound = one(&connection, "SHOW statement_timeout", &[]).await;
    assert!(matches!(&bound, DbValue::Str(bound) if bound == "1234ms"), "{bound:?}");
}

//! Results too large to be handed over in one go.

use crate::server::{Host, eventually, number, shared, sql_state};
use host_postgres::interface::{DbValue, Error};
use host_postgres::{Connection, RowReader, Rows, Settings};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

type End = oneshot::Receiver<Result<(), Error>>;

async fn stream(connection: &Connection, sql: &str) -> (RowReader, End) {
    match connection.query(sql, &[]).await.unwrap().rows {
        Rows::Streaming(reader, end) => (reader, end),
        Rows::Whole(rows, end) => panic!("whole: {} rows, {end:?}", rows.len()),
    }
}

fn one_shared(settings: Settings) -> Host {
    shared().host(Settings { connections_max: 1, dedicated_max: 1, ..settings })
}

#[tokio::test]
async fn a_large_result_comes_in_order_and_whole() {
    let host = one_shared(Settings::default());
    let connection = host.open().await;
    for _ in 0..2 {
        let (mut reader, end) = stream(&connection, "SELECT i FROM generate_series(1, 200000) AS i").await;
        let mut expected = 1;
        while let Some(rows) = reader.take().await {
            for row in rows {
                assert!(matches!(row[0], DbValue::Int32(number) if number == expected), "{row:?}");
                expected += 1;
            }
        }
        assert_eq!(expected, 200_001);
        end.await.unwrap().unwrap();
    }
    eventually("both calls are through", async || host.fill().calls == 0 && host.fill().dedicated_used == 0)
        .await;
}

#[tokio::test]
async fn a_reader_that_is_slow_fills_no_memory_and_does_not_stop_others() {
    let settings = Settings {
        stream_buffer_bytes_max: 100_000,
        stream_rescue_bytes_max: 200_000,
        ..Settings::default()
    };
    let host = shared().host(Settings { connections_max: 2, ..settings });
    let connection = host.open().await;
    // The second connection opens while the first is busy.
    futures::future::join_all((0..8).map(|_| connection.execute("SELECT pg_sleep(0.02)", &[]))).await;
    eventually("two connections", async || host.fill().shared_idle == 2).await;
    let (mut reader, end) =
        stream(&connection, "SELECT repeat('x', 1000) FROM generate_series(1, 100000)").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    for _ in 0..50 {
        assert_eq!(number(&connection, "SELECT 1").await, 1);
    }
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
    let first = reader.take().await.unwrap().len();
    assert!(first < 400, "{first} rows were held");
    drop(reader);
    end.await.unwrap().unwrap();
    eventually("the connection recovers", async || host.fill().calls == 0).await;
    assert_eq!(number(&connection, "SELECT 1").await, 1);
}

#[tokio::test]
async fn a_dropped_reader_gives_the_connection_back() {
    let host = one_shared(Settings::default());
    let connection = host.open().await;
    let (mut reader, _) = stream(&connection, "SELECT i FROM generate_series(1, 300000) AS i").await;
    assert!(reader.take().await.is_some());
    drop(reader);
    let begun = Instant::now();
    assert_eq!(number(&connection, "SELECT 1").await, 1);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    eventually("calls are through", async || host.fill().calls == 0).await;
}

#[tokio::test]
async fn an_endless_result_that_nobody_reads_costs_its_connection() {
    let host = one_shared(Settings { drain_ms: 100, ..Settings::default() });
    let connection = host.open().await;
    let endless = "SELECT repeat('x', 500), generate_series(1, 1000000000)";
    let (reader, _) = stream(&connection, endless).await;
    drop(reader);
    eventually("the connection is given up", async || host.counter("discarded") == 1).await;
    assert_eq!(number(&connection, "SELECT 1").await, 1);
    let left = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT repeat%1000000000)' AND state = 'active'";
    eventually("the server has stopped", async || number(&connection, left).await == 0).await;
}

#[tokio::test]
async fn a_reader_that_takes_nothing_loses_the_rest() {
    let host = one_shared(Settings { stream_stall_ms: 300, ..Settings::default() });
    let connection = host.open().await;
    let (mut reader, end) =
        stream(&connection, "SELECT repeat('x', 1000) FROM generate_series(1, 100000)").await;
    let outcome = end.await.unwrap();
    assert!(matches!(&outcome, Err(Error::Other(reason)) if reason.contains("took nothing")), "{outcome:?}");
    // What was read is still there.
    assert!(reader.take().await.is_some());
    assert!(reader.take().await.is_none());
    assert_eq!(host.counter("stalled_streams"), 1);
    assert_eq!(number(&connection, "SELECT 1").await, 1);
}

#[tokio::test]
async fn an_error_behind_many_rows_comes_at_the_end() {
    let host = one_shared(Settings::default());
    let connection = host.open().await;
    let (mut reader, end) =
        stream(&connection, "SELECT 1 / (100000 - i) FROM generate_series(1, 200000) AS i").await;
    let mut count = 0;
    while let Some(rows) = reader.take().await {
        count += rows.len();
    }
    assert!((90_000..100_000).contains(&count), "{count}");
    assert_eq!(sql_state(end.await.unwrap().unwrap_err()), "22012");
    assert_eq!(number(&connection, "SELECT 1").await, 1);
}

#[tokio::test]
async fn an_error_behind_few_rows_comes_at_the_end_too() {
    let host = one_shared(Settings::default());
    let connection = host.open().await;
    let answer = connection.query("SELECT 1 / (3 - i) FROM generate_series(1, 5) AS i", &[]).await.unwrap();
    let Rows::Whole(rows, Err(error)) = answer.rows else { panic!() };
    assert_eq!((rows.len(), sql_state(error).as_str()), (2, "22012"));
}

#[tokio::test]
async fn a_result_beyond_the_bound_is_an_error() {
    let host = one_shared(Settings { result_bytes_max: 300_000, ..Settings::default() });
    let connection = host.open().await;
    let sql = "SELECT repeat('x', 1000) FROM generate_series(1, 1000)";
    let error = connection.query_whole(sql, &[]).await.err().unwrap();
    assert!(format!("{error:?}").contains("exceeds limit of 300000 bytes"), "{error:?}");
    assert_eq!(number(&connection, "SELECT 1").await, 1);
}

#[tokio::test]
async fn a_statement_known_for_large_results_runs_beside_the_shared_connections() {
    let host = one_shared(Settings::default());
    let connection = host.open().await;
    let sql = "SELECT repeat('y', 1000) FROM generate_series(1, 20000)";
    let (reader, _) = stream(&connection, sql).await;
    drop(reader);
    eventually("calls are through", async || host.fill().calls == 0).await;
    let (reader, _) = stream(&connection, sql).await;
    let fill = host.fill();
    assert_eq!((fill.calls, fill.dedicated_used), (0, 1));
    drop(reader);
    eventually("the session is back", async || host.fill().dedicated_used == 0).await;
}

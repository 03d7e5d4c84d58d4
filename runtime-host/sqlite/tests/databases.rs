//! Connections as a component instance gets them: values, streams, deadlines, bounds, and what SQL may not do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use host_sqlite::{
    Connection, QueryError, QueryResult, Settings, SettingsError, Sqlite, SqliteInstance, Value,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

struct Host {
    sqlite: Sqlite,
    folder: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let databases = ["default", "other"].map(str::to_owned).into();
        let mut settings = Settings { folder: folder.path().join("db"), databases, ..Settings::default() };
        change(&mut settings);
        Self { sqlite: Sqlite::new(settings).unwrap(), folder }
    }

    fn instance(&self) -> SqliteInstance {
        self.sqlite.instance(Arc::new(BTreeSet::from(["default".to_owned(), "missing".to_owned()])))
    }
}

async fn run(connection: &Connection, sql: &str) -> Result<QueryResult, QueryError> {
    connection.execute(sql.to_owned(), Vec::new()).await
}

/// The only value of the only row, as text.
async fn one(connection: &Connection, sql: &str) -> String {
    let result = run(connection, sql).await.unwrap();
    assert_eq!(result.rows.len(), 1, "{sql}");
    shown(&result.rows[0].values[0])
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => format!("{number:?}"),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => format!("{bytes:?}"),
    }
}

#[tokio::test]
async fn every_type_of_value_comes_back_as_it_went_in() {
    let host = Host::new();
    let instance = host.instance();
    let connection = instance.open("default").await.unwrap();
    let values = vec![
        Value::Integer(i64::MIN),
        Value::Real(-0.5),
        Value::Text("grüße\0!".to_owned()),
        Value::Blob(vec![0, 255]),
        Value::Null,
        Value::Text(String::new()),
    ];
    let result =
        connection.execute("SELECT ?1 AS i, ?2 AS r, ?3, ?4, ?5, ?6".to_owned(), values).await.unwrap();
    assert_eq!(result.columns[..2], ["i", "r"]);
    let shown: Vec<_> = result.rows[0].values.iter().map(shown).collect();
    assert_eq!(shown, ["-9223372036854775808", "-0.5", "grüße\0!", "[0, 255]", "NULL", ""]);
}

#[tokio::test]
async fn changes_and_row_ids_belong_to_the_connection() {
    let host = Host::new();
    let instance = host.instance();
    let (one_of_two, other) =
        (instance.open("default").await.unwrap(), instance.open("default").await.unwrap());
    assert_eq!((one_of_two.last_insert_rowid(), one_of_two.changes()), (0, 0));
    run(&one_of_two, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)").await.unwrap();
    run(&one_of_two, "INSERT INTO t (v) VALUES (1), (2), (3)").await.unwrap();
    assert_eq!((one_of_two.last_insert_rowid(), one_of_two.changes()), (3, 3));
    run(&one_of_two, "UPDATE t SET v = 0 WHERE id < 3").await.unwrap();
    assert_eq!((one_of_two.last_insert_rowid(), one_of_two.changes()), (3, 2));
    assert_eq!(one(&other, "SELECT sum(v) FROM t").await, "3", "the file is shared");
    assert_eq!((other.last_insert_rowid(), other.changes()), (0, 0));
    run(&one_of_two, "CREATE TEMP TABLE mine (v)").await.unwrap();
    assert!(run(&other, "SELECT * FROM mine").await.is_err(), "temporary tables are not");
}

#[tokio::test]
async fn a_connection_that_is_dropped_within_a_transaction_undoes_it() {
    let host = Host::new();
    let instance = host.instance();
    let (leaving, staying) =
        (instance.open("default").await.unwrap(), instance.open("default").await.unwrap());
    run(&leaving, "CREATE TABLE t (v)").await.unwrap();
    run(&leaving, "BEGIN IMMEDIATE").await.unwrap();
    run(&leaving, "INSERT INTO t VALUES (1)").await.unwrap();
    assert_eq!(one(&staying, "SELECT count(*) FROM t").await, "0");
    drop(leaving);
    run(&staying, "INSERT INTO t VALUES (2)").await.unwrap();
    assert_eq!(one(&staying, "SELECT group_concat(v) FROM t").await, "2");
}

#[tokio::test]
async fn a_result_is_streamed_and_its_end_is_told() {
    let host = Host::new();
    let instance = host.instance();
    let connection = instance.open("default").await.unwrap();
    let sql =
        "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 10000) SELECT v FROM n";
    let (columns, mut stream) = connection.stream(sql.to_owned(), Vec::new()).await.unwrap();
    assert_eq!(columns, ["v"]);
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        rows += batch.len();
    }
    assert_eq!(rows, 10_000);
    stream.end().await.unwrap();
}

#[tokio::test]
async fn a_failure_shows_at_once_or_at_the_end_of_the_stream_by_when_it_happens() {
    let host = Host::new();
    let instance = host.instance();
    let connection = instance.open("default").await.unwrap();
    let unknown = connection.stream("SELECT missing".to_owned(), Vec::new()).await.unwrap_err();
    assert!(unknown.to_string().contains("no such column"), "{unknown}");
    let sql = "SELECT 1 UNION ALL SELECT json_extract('{', '$')";
    let (_, mut stream) = connection.stream(sql.to_owned(), Vec::new()).await.unwrap();
    while stream.next().await.is_some() {}
    let failed = stream.end().await.unwrap_err();
    assert!(failed.to_string().contains("malformed JSON"), "{failed}");
    assert_eq!(one(&connection, "SELECT 1").await, "1");
}

#[tokio::test]
async fn a_change_is_made_even_when_nobody_reads_its_empty_result() {
    let host = Host::new();
    let instance = host.instance();
    let connection = instance.open("default").await.unwrap();
    run(&connection, "CREATE TABLE t (v)").await.unwrap();
    let sql = "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 300000) INSERT INTO t SELECT v FROM n";
    let (_, stream) = connection.stream(sql.to_owned(), Vec::new()).await.unwrap();
    stream.end().await.unwrap();
    assert_eq!(one(&connection, "SELECT count(*) FROM t").await, "300000");
    let (_, stream) = connection.stream("DELETE FROM t".to_owned(), Vec::new()).await.unwrap();
    drop(stream);
    assert_eq!(one(&connection, "SELECT count(*) FROM t").await, "0");
}

const ENDLESS: &str = "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n) SELECT max(v) FROM n";

#[tokio::test]
async fn an_endless_statement_is_stopped_at_its_deadline_and_the_connection_lives_on() {
    let host = Host::with(|settings| settings.call_ms = 200);
    let instance = host.instance();
    let connection = instance.open("default").await.unwrap();
    let before = Instant::now();
    assert!(matches!(run(&connection, ENDLESS).await, Err(QueryError::Deadline(200))));
    assert!(before.elapsed() < Duration::from_millis(600), "{:?}", before.elapsed());
    assert_eq!(one(&connection, "SELECT 1").await, "1");
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_gives_its_thread_back() {
    let host = Host::with(|settings| settings.threads_max = 1);
    let instance = host.instance();
    let (one_of_two, other) =
        (instance.open("default").await.unwrap(), instance.open("default").await.unwrap());
    assert!(tokio::time::timeout(Duration::from_millis(50), run(&one_of_two, ENDLESS)).await.is_err());
    let before = Instant::now();
    assert_eq!(one(&other, "SELECT 1").await, "1");
    assert!(before.elapsed() < Duration::from_millis(500), "{:?}", before.elapsed());

    let (_, stream) =
        tokio::time::timeout(Duration::from_secs(1), one_of_two.stream(ENDLESS.to_owned(), Vec::new()))
            .await
            .unwrap()
            .unwrap();
    drop(instance);
    let gone = tokio::time::timeout(Duration::from_secs(1), stream.end()).await;
    assert!(matches!(gone, Ok(Err(_))), "an instance takes its statements with it: {gone:?}");
}

#[tokio::test]
async fn a_reader_that_is_too_slow_ends_the_statement_at_its_deadline() {
    let host = Host::with(|settings| settings.stream_ms = 200);
    let instance = host.instance();
    let connection = instance.open("default").await.unwrap();
    let sql = "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n) SELECT v FROM n";
    let (_, mut stream) = connection.stream(sql.to_owned(), Vec::new()).await.unwrap();
    assert!(stream.next().await.is_some());
    tokio::time::sleep(Duration::from_millis(400)).await;
    while stream.next().await.is_some() {}
    assert!(matches!(stream.end().await, Err(QueryError::Deadline(200))));
}

#[tokio::test]
async fn a_lock_is_waited_for_until_the_deadline() {
    let host = Host::with(|settings| settings.call_ms = 300);
    let instance = host.instance();
    let (holder, waiter) = (instance.open("default").await.unwrap(), instance.open("default").await.unwrap());
    run(&holder, "CREATE TABLE t (v)").await.unwrap();
    run(&holder, "BEGIN IMMEDIATE").await.unwrap();
    let before = Instant::now();
    assert!(matches!(run(&waiter, "INSERT INTO t VALUES (1)").await, Err(QueryError::Locked)));
    assert!(before.elapsed() >= Duration::from_millis(290), "{:?}", before.elapsed());
    let waiting = tokio::spawn({
        let waiter = waiter.clone();
        async move { run(&waiter, "INSERT INTO t VALUES (2)").await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    run(&holder, "COMMIT").await.unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn sql_cannot_reach_beyond_its_file() {
    let host = Host::new();
    let instance = host.instance();
    let connection = instance.open("default").await.unwrap();
    run(&connection, "CREATE TABLE t (v)").await.unwrap();
    let secret = host.folder.path().join("secret.db");
    let file = secret.to_str().unwrap();
    for sql in [
        format!("ATTACH '{file}' AS x"),
        format!("ATTACH '{file}' || '' AS x"),
        "ATTACH '' AS x".to_owned(),
        "ATTACH ':memory:' AS x".to_owned(),
        format!("VACUUM INTO '{file}'"),
        "SELECT load_extension('x')".to_owned(),
        format!("PRAGMA temp_store_directory = '{file}'"),
        "PRAGMA journal_mode = OFF".to_owned(),
        "PRAGMA max_page_count = 1000000000".to_owned(),
        "PRAGMA writable_schema = ON".to_owned(),
        "PRAGMA mmap_size = 1".to_owned(),
        "SELECT * FROM pragma_mmap_size".to_owned(),
        "CREATE VIRTUAL TABLE x USING csv('a')".to_owned(),
        "CREATE VIRTUAL TABLE x USING dbstat".to_owned(),
    ] {
        assert!(run(&connection, &sql).await.is_err(), "{sql}");
    }
    let computed = connection.execute("ATTACH ?1 AS x".to_owned(), vec![Value::Text(file.to_owned())]).await;
    assert!(computed.unwrap_err().to_string().contains("not authorized"));
    assert!(!secret.exists());
    for sql in [
        "VACUUM",
        "PRAGMA user_version = 7",
        "PRAGMA journal_mode",
        "CREATE VIRTUAL TABLE f USING fts5(a)",
        "PRAGMA table_info(t)",
    ] {
        run(&connection, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    assert_eq!(one(&connection, "PRAGMA journal_mode").await, "wal");
    assert_eq!(one(&connection, "PRAGMA user_version").await, "7");
}

#[tokio::test]
async fn a_full_file_says_so_and_keeps_what_it_has() {
    let host = Host::with(|settings| settings.file_bytes_max = 100 * 4096);
    let instance = host.instance();
    let connection = instance.open("default").await.unwrap();
    run(&connection, "CREATE TABLE t (v)").await.unwrap();
    run(&connection, "INSERT INTO t VALUES (1)").await.unwrap();
    assert!(matches!(
        run(&connection, "INSERT INTO t VALUES (zeroblob(500000))").await,
        Err(QueryError::Full)
    ));
    assert_eq!(one(&connection, "SELECT count(*) FROM t").await, "1");
    run(&connection, "CREATE TEMP TABLE scratch (v)").await.unwrap();
}

#[tokio::test]
async fn bounds_are_answered_and_given_back() {
    let host = Host::with(|settings| {
        settings.connections_max = 2;
        settings.result_bytes_max = 10_000;
        settings.value_bytes_max = 5_000;
        settings.statement_bytes_max = 1_000;
    });
    let instance = host.instance();
    let (first, second) = (instance.open("default").await.unwrap(), instance.open("default").await.unwrap());
    assert!(matches!(instance.open("default").await, Err(QueryError::TooMany(_))));
    drop(second);
    let until = Instant::now() + Duration::from_secs(2);
    while instance.open("default").await.is_err() {
        assert!(Instant::now() < until);
    }
    let rows =
        "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 1000) SELECT v FROM n";
    assert!(matches!(run(&first, rows).await, Err(QueryError::ResultTooLarge(10_000))));
    assert!(run(&first, "SELECT zeroblob(5001)").await.is_err());
    assert!(run(&first, &format!("SELECT '{}'", "x".repeat(1_000))).await.is_err());
    assert!(matches!(run(&first, "SELECT CAST(x'ff' AS TEXT)").await, Err(QueryError::NotUtf8(0))));
    assert!(run(&first, "SELECT ?1").await.unwrap_err().to_string().contains("arameter"));
    assert!(run(&first, "SELECT 1; SELECT 2").await.is_err());
}

#[tokio::test]
async fn an_instance_opens_what_it_is_granted_and_what_exists() {
    let host = Host::new();
    let instance = host.instance();
    assert!(matches!(instance.open("other").await, Err(QueryError::AccessDenied)));
    assert!(matches!(instance.open("../default").await, Err(QueryError::AccessDenied)));
    assert!(matches!(instance.open("missing").await, Err(QueryError::NoSuchDatabase)));
    host.sqlite.ready().await.unwrap();
    let folder = host.folder.path().join("bad");
    let label =
        Sqlite::new(Settings { folder, databases: ["../x".to_owned()].into(), ..Settings::default() });
    assert!(matches!(label.err(), Some(SettingsError::Label(_))));
}

#[tokio::test]
async fn an_injected_fault_is_an_outage_until_the_switch_is_set_back() {
    let host = Host::new();
    let instance = host.instance();
    let connection = instance.open("default").await.unwrap();
    host.sqlite.faults().set(host_faults::Fault::Unavailable);
    assert!(matches!(run(&connection, "SELECT 1").await, Err(QueryError::Unavailable(_))));
    assert!(host.sqlite.ready().await.is_err());
    host.sqlite.faults().set(host_faults::Fault::None);
    assert_eq!(one(&connection, "SELECT 1").await, "1");
}

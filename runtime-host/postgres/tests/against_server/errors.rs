//! What a component is told when something is wrong.

use crate::server::{connection_failure, number, rows, run_all, shared, sql_state};
use host_postgres::interface::{Error, ParameterValue, QueryError};
use host_postgres::{Postgres, Settings};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_broken_constraint_is_told_by_its_name() {
    let host = shared().host(Settings::default());
    let connection = host.open().await;
    run_all(&connection, &[
        "DROP TABLE IF EXISTS broken",
        "CREATE TABLE broken (a int CONSTRAINT a_is_small CHECK (a < 10), b int CONSTRAINT b_is_one UNIQUE NOT NULL)",
        "INSERT INTO broken VALUES (1, 1)",
    ])
    .await;
    for is_query in [true, false] {
        let sql = "INSERT INTO broken VALUES ($1, $2) RETURNING a";
        let parameters = [ParameterValue::Int32(2), ParameterValue::Int32(1)];
        let error = match is_query {
            true => rows(&connection, sql, &parameters).await.unwrap_err(),
            false => connection.execute(sql, &parameters).await.unwrap_err(),
        };
        let Error::QueryFailed(QueryError::DbError(error)) = error else { panic!("{error:?}") };
        assert_eq!((error.code.as_str(), error.severity.as_str()), ("23505", "ERROR"));
        assert_eq!(error.detail.as_deref(), Some("Key (b)=(1) already exists."));
        assert!(error.as_text.contains("b_is_one") && error.message.contains("duplicate key"), "{error:?}");
        for (name, value) in [("constraint", "b_is_one"), ("table", "broken"), ("schema", "public")] {
            assert!(error.extras.contains(&(name.to_owned(), value.to_owned())), "{name}: {error:?}");
        }
    }
    let error = connection.execute("INSERT INTO broken VALUES (11, 2)", &[]).await.unwrap_err();
    assert_eq!(sql_state(error), "23514");
    let error = connection.execute("INSERT INTO broken VALUES (1, NULL)", &[]).await.unwrap_err();
    let Error::QueryFailed(QueryError::DbError(error)) = error else { panic!("{error:?}") };
    assert!(error.extras.contains(&("column".to_owned(), "b".to_owned())), "{error:?}");
}

#[tokio::test]
async fn an_unknown_name_is_told_with_its_position() {
    let host = shared().host(Settings::default());
    let connection = host.open().await;
    let error = rows(&connection, "SELECT nothing FROM nowhere", &[]).await.unwrap_err();
    let Error::QueryFailed(QueryError::DbError(error)) = error else { panic!("{error:?}") };
    assert_eq!(error.code, "42P01");
    assert!(error.extras.contains(&("position".to_owned(), "21".to_owned())), "{error:?}");
}

#[tokio::test]
async fn a_value_that_means_nothing_is_the_components_fault() {
    let host = shared().host(Settings::default());
    let connection = host.open().await;
    for (ty, parameter) in [
        ("uuid", ParameterValue::Uuid("x".to_owned())),
        ("date", ParameterValue::Date((2023, 2, 29))),
        ("time", ParameterValue::Time((24, 0, 0, 0))),
        ("numeric", ParameterValue::Decimal("1e3".to_owned())),
        ("numeric[]", ParameterValue::ArrayDecimal(vec![Some("x".to_owned())])),
        ("jsonb", ParameterValue::Jsonb(b"{".to_vec())),
    ] {
        let sql = format!("SELECT $1::{ty}");
        let error = rows(&connection, &sql, std::slice::from_ref(&parameter)).await.unwrap_err();
        assert!(matches!(error, Error::BadParameter(_)), "{ty}: {error:?}");
        let error = connection.execute(&sql, &[parameter]).await.unwrap_err();
        assert!(matches!(error, Error::ValueConversionFailed(_)), "{ty}: {error:?}");
    }
    let error =
        rows(&connection, "SELECT $1::int4", &[ParameterValue::Str("1".to_owned())]).await.unwrap_err();
    assert!(matches!(error, Error::QueryFailed(QueryError::Text(_))), "{error:?}");
    let error = rows(&connection, "SELECT $1::int4", &[]).await.unwrap_err();
    assert!(matches!(error, Error::QueryFailed(QueryError::Text(_))), "{error:?}");
    assert_eq!(number(&connection, "SELECT 1").await, 1);
}

#[tokio::test]
async fn an_address_that_is_not_granted_is_refused_before_anything_is_dialled() {
    let postgres = Postgres::new(Settings::default());
    let grants = host_egress::Grants::parse(["postgres://db.example:5432"]).unwrap();
    let instance = postgres.instance(grants);
    for address in
        [shared().address(), format!("host=db.example hostaddr=127.0.0.1 port={} user=u", shared().port())]
    {
        let reason = connection_failure(instance.open(&address, None).await.err().unwrap());
        assert!(reason.contains("not permitted") && reason.contains("allowed_outbound_hosts"), "{reason}");
    }
    assert!(postgres.fill().is_empty());
}

#[tokio::test]
async fn a_pool_that_another_component_opened_is_still_checked() {
    let host = shared().host(Settings::default());
    host.open().await;
    let other = host.postgres.instance(host_egress::Grants::default());
    assert!(
        connection_failure(other.open(&host.address, None).await.err().unwrap()).contains("not permitted")
    );
}

#[tokio::test]
async fn a_blocked_network_is_not_dialled() {
    let address_policy = host_egress::AddressPolicy::blocking(["127.0.0.0/8"]).unwrap();
    let host = shared().host(Settings { address_policy, ..Settings::default() });
    let reason = connection_failure(host.instance.open(&host.address, None).await.err().unwrap());
    assert!(reason.contains("does not connect to"), "{reason}");
}

#[tokio::test]
async fn a_server_that_is_away_is_told_within_a_second() {
    let mut host = shared().host(Settings::default());
    host.address = format!("host=127.0.0.1 port={} user=moalog", crate::server::free_port().unwrap());
    let begun = Instant::now();
    let reason = connection_failure(host.instance.open(&host.address, None).await.err().unwrap());
    assert!(reason.contains("refused"), "{reason}");
    assert!(begun.elapsed() < Duration::from_secs(1));
    // A listener that never answers.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    host.address = format!("host=127.0.0.1 port={} user=moalog", silent.local_addr().unwrap().port());
    let begun = Instant::now();
    let reason = connection_failure(host.instance.open(&host.address, None).await.err().unwrap());
    assert!(reason.contains("within 900 ms"), "{reason}");
    assert!(begun.elapsed() < Duration::from_millis(1_100));
}

#[tokio::test]
async fn an_injected_fault_is_a_connection_failure() {
    let host = shared().host(Settings::default());
    let connection = host.open().await;
    host.postgres.faults().set(host_faults::Fault::Unavailable);
    connection_failure(connection.execute("SELECT 1", &[]).await.unwrap_err());
    assert!(host.postgres.ready().await.is_err());
    host.postgres.faults().set(host_faults::Fault::None);
    assert_eq!(number(&connection, "SELECT 1").await, 1);
    assert_eq!(host.postgres.ready().await, Ok(()));
}

#[tokio::test]
async fn copy_is_refused_and_the_connection_lives() {
    let host = shared().host(Settings::default());
    let connection = host.open().await;
    let error = connection.execute("COPY pg_class TO STDOUT", &[]).await.unwrap_err();
    assert!(matches!(error, Error::QueryFailed(QueryError::Text(_))), "{error:?}");
    assert_eq!(number(&connection, "SELECT 1").await, 1);
}

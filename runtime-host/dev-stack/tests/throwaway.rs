//! Throwaway stacks: databases per test, and servers that are broken on purpose.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::time::Duration;

use host_dev_stack::DevStack;
use tokio_postgres::{Client, NoTls};

async fn try_connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn connect(url: &str) -> Client {
    try_connect(url).await.unwrap()
}

#[tokio::test]
async fn each_test_gets_a_database_of_its_own_also_as_a_copy() {
    let stack = DevStack::shared().await.unwrap();
    let first = stack.create_database(None).await.unwrap();
    let owner = connect(&first.owner_url).await;
    owner
        .batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1); GRANT SELECT ON t TO moalog_app")
        .await
        .unwrap();
    drop(owner);
    let copy = stack.create_database(Some(&first.name)).await.unwrap();
    assert_ne!(first.name, copy.name);
    let app = connect(&copy.database_url).await;
    assert_eq!(app.query_one("SELECT n FROM t", &[]).await.unwrap().get::<_, i32>(0), 1);
}

/// Shares the server with the test above although that test's event loop may have ended.
#[tokio::test]
async fn the_shared_stack_outlives_the_test_that_started_it() {
    let stack = DevStack::shared().await.unwrap();
    let database = stack.create_database(None).await.unwrap();
    assert!(connect(&database.database_url).await.query_one("SELECT 1", &[]).await.is_ok());
}

#[tokio::test]
async fn a_killed_database_refuses_connections_and_comes_back_on_the_same_port() {
    let stack = DevStack::throwaway().await.unwrap();
    let owner = connect(&stack.owner_url()).await;
    owner.batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)").await.unwrap();
    stack.kill_database().await.unwrap();
    assert!(try_connect(&stack.owner_url()).await.is_err());
    stack.restart_database().await.unwrap();
    let again = connect(&stack.owner_url()).await;
    again.query_one("SELECT 1", &[]).await.unwrap();
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_redis_refuses_connections_and_comes_back_on_the_same_port() {
    let stack = DevStack::throwaway().await.unwrap();
    let client = redis::Client::open(stack.redis_url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap();
    stack.kill_redis().await.unwrap();
    assert!(client.get_multiplexed_async_connection().await.is_err());
    stack.restart_redis().await.unwrap();
    client.get_multiplexed_async_connection().await.unwrap();
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_paused_database_answers_nobody_until_it_is_resumed() {
    let stack = DevStack::throwaway().await.unwrap();
    let client = connect(&stack.database_url()).await;
    stack.pause_database().await.unwrap();
    let wait = Duration::from_millis(300);
    assert!(tokio::time::timeout(wait, client.query_one("SELECT 1", &[])).await.is_err());
    assert!(tokio::time::timeout(wait, try_connect(&stack.database_url())).await.is_err());
    stack.resume_database().await.unwrap();
    client.query_one("SELECT 1", &[]).await.unwrap();
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_paused_stack_stops_all_the_same() {
    let stack = DevStack::throwaway().await.unwrap();
    stack.pause_redis().await.unwrap();
    stack.pause_database().await.unwrap();
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_ends_by_itself_is_noticed() {
    let stack = DevStack::throwaway().await.unwrap();
    let client = redis::Client::open(stack.redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let _closed = redis::cmd("SHUTDOWN").arg("NOSAVE").query_async::<()>(&mut connection).await;
    let lost = tokio::time::timeout(Duration::from_secs(5), stack.server_lost()).await.unwrap();
    assert!(lost.starts_with("Redis is gone: it exited with status 0"), "{lost}");
    stack.stop().await.unwrap();
}

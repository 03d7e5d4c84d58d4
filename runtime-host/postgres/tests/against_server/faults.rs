//! The server goes away, and comes back.

use crate::server::{TestServer, connection_failure, eventually, number, run_all};
use host_postgres::Settings;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_fails_calls_at_once_and_all_recovers_when_it_is_back() {
    let mut server = TestServer::start(&[]).unwrap();
    let host = server.host(Settings::default());
    let (connection, pinned) = (host.open().await, host.open().await);
    run_all(&connection, &["CREATE TABLE survivors (a int)"]).await;
    let connection = {
        drop(connection);
        host.open().await
    };
    run_all(&pinned, &["BEGIN", "INSERT INTO survivors VALUES (1)"]).await;
    assert_eq!(host.postgres.ready().await, Ok(()));

    let in_flight = {
        let connection = connection.clone();
        tokio::spawn(async move { connection.execute("SELECT pg_sleep(20)", &[]).await })
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    let killed = Instant::now();
    server.kill();
    let reason = connection_failure(in_flight.await.unwrap().unwrap_err());
    assert!(reason.contains("not known"), "{reason}");
    assert!(killed.elapsed() < Duration::from_secs(1), "{:?}", killed.elapsed());

    for _ in 0..20 {
        let begun = Instant::now();
        connection_failure(connection.execute("SELECT 1", &[]).await.unwrap_err());
        connection_failure(host.instance.open(&host.address, None).await.err().unwrap());
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    }
    let reason = host.postgres.ready().await.unwrap_err();
    assert!(reason.starts_with("PostgreSQL 127.0.0.1:"), "{reason}");

    server.restart().unwrap();
    let back = Instant::now();
    eventually("calls go through again", async || connection.execute("SELECT 1", &[]).await.is_ok()).await;
    assert!(back.elapsed() < Duration::from_secs(3), "{:?}", back.elapsed());
    assert_eq!(host.postgres.ready().await, Ok(()));
    // A transaction that was lost is never silently continued somewhere else.
    let reason = connection_failure(pinned.execute("COMMIT", &[]).await.unwrap_err());
    assert!(reason.contains("lost"), "{reason}");
    assert_eq!(number(&connection, "SELECT count(*) FROM survivors").await, 0);
    assert_eq!(host.fill().calls, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_backend_hurts_only_what_it_was_doing() {
    let server = TestServer::start(&[]).unwrap();
    let host = server.host(Settings { connections_max: 2, ..Settings::default() });
    let (connection, executioner) = (host.open().await, host.open().await);
    run_all(&executioner, &["SET application_name = 'executioner'"]).await;
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    for _ in 0..5 {
        assert_eq!(number(&connection, "SELECT 1").await, 1);
        let in_flight = {
            let connection = connection.clone();
            tokio::spawn(async move { connection.execute("SELECT pg_sleep(20)", &[]).await })
        };
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(number(&executioner, kill).await >= 1);
        connection_failure(in_flight.await.unwrap().unwrap_err());
        eventually("calls go through again", async || connection.execute("SELECT 1", &[]).await.is_ok())
            .await;
    }
}

/// The port of a way to the server that leaves its caller's socket open when the server has closed its own.
async fn lingering(server: u16) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((caller, _)) = listener.accept().await {
            let (mut from_server, mut to_server) =
                TcpStream::connect(("127.0.0.1", server)).await.unwrap().into_split();
            let (mut from_caller, mut to_caller) = caller.into_split();
            tokio::spawn(async move {
                tokio::join!(async { tokio::io::copy(&mut from_caller, &mut to_server).await }, async {
                    let copied = tokio::io::copy(&mut from_server, &mut to_caller).await;
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    copied
                })
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_whose_end_was_announced_takes_no_further_call() {
    let server = TestServer::start(&[]).unwrap();
    let host = server.host(Settings { connections_max: 1, ..Settings::default() });
    let way = host.address.replace(&server.port().to_string(), &lingering(server.port()).await.to_string());
    let connection = host.instance.open(&way, None).await.unwrap();
    let executioner = host.open().await;
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    assert_eq!(number(&connection, "SELECT 1").await, 1);
    let in_flight = {
        let connection = connection.clone();
        tokio::spawn(async move { connection.execute("SELECT pg_sleep(20)", &[]).await })
    };
    eventually("the statement runs", async || number(&executioner, kill).await == 1).await;
    connection_failure(in_flight.await.unwrap().unwrap_err());
    // The socket is still open: only the server's word says that nobody is at its other end.
    assert_eq!(number(&connection, "SELECT 2").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_free_connections_is_told_and_survived() {
    let server = TestServer::start(&["max_connections=6", "superuser_reserved_connections=0"]).unwrap();
    let host = server.host(Settings { dedicated_max: 16, ..Settings::default() });
    let connections = futures::future::join_all((0..10).map(|_| host.open())).await;
    let begun =
        futures::future::join_all(connections.iter().map(|connection| connection.execute("BEGIN", &[])))
            .await;
    let refused = begun.into_iter().filter_map(Result::err).map(connection_failure).collect::<Vec<_>>();
    assert!(refused.iter().any(|reason| reason.contains("too many clients")), "{refused:?}");
    drop(connections);
    let connection = host.open().await;
    eventually("sessions are to be had again", async || connection.execute("BEGIN", &[]).await.is_ok()).await;
}

//! Who shares which connection, and what that costs.

use crate::support::RedisServer;
use host_egress::Grants;
use host_redis::{CallError, Parameter, Redis, RedisResult, Route, Session, Settings, route};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn everywhere() -> Grants {
    Grants::parse(["redis://127.0.0.1:*"]).unwrap()
}

async fn execute(session: &Session, line: &str) -> Result<Vec<RedisResult>, CallError> {
    let mut words = line.split_whitespace();
    let command = words.next().unwrap();
    let arguments: Vec<_> = words.map(|word| Parameter::Binary(word.as_bytes().to_vec())).collect();
    session.execute(command, &arguments).await
}

async fn connected_clients(session: &Session) -> usize {
    let info = execute(session, "INFO clients").await.unwrap();
    let Some(RedisResult::Binary(text)) = info.into_iter().next() else { panic!("INFO answers with text") };
    let text = String::from_utf8(text).unwrap();
    text.lines().find_map(|line| line.strip_prefix("connected_clients:")).unwrap().parse().unwrap()
}

#[tokio::test]
async fn sixty_four_sessions_share_four_connections_and_lose_no_increment() {
    let server = RedisServer::start();
    let redis = Redis::new(Settings { shared_connections: 4, ..Settings::default() });
    let mut sessions = Vec::new();
    for _ in 0..64 {
        sessions.push(redis.open(&everywhere(), &server.url()).await.unwrap());
    }
    let mut calls = tokio::task::JoinSet::new();
    for session in &sessions {
        let session = session.clone();
        calls.spawn(async move {
            for _ in 0..50 {
                session.incr("n").await.unwrap();
            }
        });
    }
    calls.join_all().await;
    assert_eq!(sessions[0].get("n").await.unwrap().unwrap(), b"3200");
    assert_eq!(connected_clients(&sessions[0]).await, 4);
}

#[tokio::test]
async fn calls_of_one_session_keep_their_order() {
    let server = RedisServer::start();
    let session = Redis::new(Settings::default()).open(&everywhere(), &server.url()).await.unwrap();
    for round in 0..100 {
        let value = round.to_string();
        let (set, got) = tokio::join!(session.set("k", value.as_bytes()), session.get("k"));
        set.unwrap();
        assert_eq!(got.unwrap().unwrap(), value.as_bytes());
    }
}

#[tokio::test]
async fn a_transaction_has_a_connection_of_its_own_which_ends_with_the_session() {
    let server = RedisServer::start();
    let redis = Redis::new(Settings { shared_connections: 1, ..Settings::default() });
    let (one, other) = (
        redis.open(&everywhere(), &server.url()).await.unwrap(),
        redis.open(&everywhere(), &server.url()).await.unwrap(),
    );
    execute(&one, "MULTI").await.unwrap();
    assert!(one.is_pinned() && !other.is_pinned());
    assert!(
        matches!(execute(&one, "INCR n").await.unwrap()[..], [RedisResult::Status(ref text)] if text == "QUEUED")
    );
    assert_eq!(other.incr("n").await.unwrap(), 1, "not queued in the other's transaction");
    assert!(matches!(execute(&one, "EXEC").await.unwrap()[..], [RedisResult::Int64(2)]));
    execute(&one, "SELECT 5").await.unwrap();
    assert_eq!(one.get("n").await.unwrap(), None, "in its own database");
    assert_eq!(other.get("n").await.unwrap().unwrap(), b"2", "the others' database is untouched");
    assert_eq!(connected_clients(&other).await, 2);
    drop(one);
    let until = Instant::now() + Duration::from_secs(2);
    while connected_clients(&other).await != 1 {
        assert!(Instant::now() < until, "the dedicated connection is closed");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_blocking_command_delays_no_one_and_its_connection_ends_even_while_it_waits() {
    let server = RedisServer::start();
    let redis = Redis::new(Settings { shared_connections: 1, ..Settings::default() });
    let (waiting, other) = (
        redis.open(&everywhere(), &server.url()).await.unwrap(),
        redis.open(&everywhere(), &server.url()).await.unwrap(),
    );
    let popped = tokio::spawn(async move { execute(&waiting, "BLPOP list 0").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let before = Instant::now();
    assert_eq!(other.incr("n").await.unwrap(), 1);
    assert!(before.elapsed() < Duration::from_millis(500));
    execute(&other, "RPUSH list x").await.unwrap();
    assert_eq!(popped.await.unwrap().unwrap().len(), 2);

    let waiting = redis.open(&everywhere(), &server.url()).await.unwrap();
    let hung_up = tokio::time::timeout(Duration::from_millis(100), execute(&waiting, "BLPOP list 0")).await;
    assert!(hung_up.is_err());
    drop(waiting);
    let until = Instant::now() + Duration::from_secs(2);
    while connected_clients(&other).await != 1 {
        assert!(Instant::now() < until, "a connection that waits is closed with its session");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn every_command_that_the_server_flags_as_blocking_or_subscribing_is_kept_off_shared_connections() {
    let server = RedisServer::start();
    let session = Redis::new(Settings::default()).open(&everywhere(), &server.url()).await.unwrap();
    // Reply per command: name, arity, flags (nested, so flattened), …; flags are the simple strings after the name.
    let mut commands: Vec<(String, Vec<String>)> = Vec::new();
    for name in command_names(&session).await {
        let info = execute(&session, &format!("COMMAND INFO {name}")).await.unwrap();
        let flags = info.into_iter().filter_map(|item| match item {
            RedisResult::Status(flag) => Some(flag),
            RedisResult::Nil | RedisResult::Int64(_) | RedisResult::Binary(_) => None,
        });
        commands.push((name, flags.collect()));
    }
    assert!(commands.len() > 200);
    for (name, flags) in commands {
        let has = |flag: &str| flags.iter().any(|found| found == flag);
        let reads_streams = name.starts_with("xread");
        // These send messages or ask about channels, and subscribe to none.
        let only_asks = ["publish", "spublish", "pubsub"].contains(&name.as_str());
        if (has("blocking") && !reads_streams)
            || has("no_auth")
            || (has("pubsub") && !only_asks)
            || has("no_multi")
        {
            assert_eq!(route(&name, std::iter::empty()), Route::Dedicated, "{name}: {flags:?}");
        }
    }
}

async fn command_names(session: &Session) -> Vec<String> {
    let names = execute(session, "COMMAND LIST").await.unwrap();
    names
        .into_iter()
        .map(|name| match name {
            RedisResult::Binary(name) => String::from_utf8(name).unwrap(),
            other => panic!("a name, not {other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_no_reply_behind_for_the_next() {
    let server = RedisServer::start();
    let redis = Redis::new(Settings { shared_connections: 1, ..Settings::default() });
    let session = redis.open(&everywhere(), &server.url()).await.unwrap();
    session.set("a", b"1").await.unwrap();
    session.set("b", b"2").await.unwrap();
    for _ in 0..200 {
        let given_up = session.get("a");
        // Polled once, so that it is sent, and dropped.
        tokio::select! { biased; _ = given_up => {}, () = std::future::ready(()) => {} }
        assert_eq!(session.get("b").await.unwrap().unwrap(), b"2");
    }
}

#[tokio::test]
async fn an_increment_is_one_write_and_starts_no_task() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = reads.clone();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 1024];
        loop {
            let bytes = stream.read(&mut buffer).await.unwrap();
            if bytes == 0 {
                return;
            }
            counted.fetch_add(1, Ordering::Relaxed);
            let reply: &[u8] = if buffer.starts_with(b"*1\r\n$4\r\nPING") { b"+PONG\r\n" } else { b":7\r\n" };
            stream.write_all(reply).await.unwrap();
        }
    });
    let redis = Redis::new(Settings::default());
    let session = redis.open(&everywhere(), &format!("redis://127.0.0.1:{port}")).await.unwrap();
    assert_eq!(reads.load(Ordering::Relaxed), 1, "connecting costs one round trip");
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    for _ in 0..100 {
        assert_eq!(session.incr("n").await.unwrap(), 7);
        assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), tasks);
    }
    assert_eq!(reads.load(Ordering::Relaxed), 101);
}

#[tokio::test]
async fn bounds_are_answered_with_too_many_and_given_back() {
    let server = RedisServer::start();
    let settings = Settings {
        dedicated_connections_max: 1,
        addresses_max: 1,
        request_bytes_max: 100,
        reply_bytes_max: 50,
        ..Settings::default()
    };
    let redis = Redis::new(settings);
    let (one, other) = (
        redis.open(&everywhere(), &server.url()).await.unwrap(),
        redis.open(&everywhere(), &server.url()).await.unwrap(),
    );
    execute(&one, "WATCH k").await.unwrap();
    assert!(matches!(execute(&other, "WATCH k").await, Err(CallError::TooMany(_))));
    drop(one);
    execute(&other, "WATCH k").await.unwrap();

    let second = format!("{}/1", server.url());
    assert!(matches!(redis.open(&everywhere(), &second).await.err().unwrap(), CallError::TooMany(_)));
    let too_long = other.set("k", &[b'x'; 100]).await;
    assert!(matches!(too_long, Err(CallError::TooLarge { what: "request", .. })));
    execute(&other, "SETRANGE k 60 x").await.unwrap();
    assert!(matches!(other.get("k").await, Err(CallError::TooLarge { what: "reply", .. })));
    drop(other);
    redis.open(&everywhere(), &second).await.unwrap();
}

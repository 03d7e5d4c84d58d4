//! What callers and the log see while a server is away, hangs, and comes back.

use crate::support::RedisServer;
use host_egress::Grants;
use host_faults::Fault;
use host_redis::{CallError, Redis, Session, Settings};
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

fn everywhere() -> Grants {
    Grants::parse(["redis://127.0.0.1:*"]).unwrap()
}

/// Everything that this process logged; each test looks for its own server's lines.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn of_process() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            let writer = log.clone();
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();
            log
        })
    }

    fn lines_with(&self, text: &str, server: &RedisServer) -> usize {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        log.lines().filter(|line| line.contains(text) && line.contains(&server.url())).count()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn recovers(session: &Session) -> u32 {
    let until = Instant::now() + Duration::from_secs(3);
    let mut failed = 0;
    while session.set("k", b"v").await.is_err() {
        assert!(Instant::now() < until, "recovers within 3 s");
        failed += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    failed
}

#[tokio::test]
async fn a_killed_server_means_immediate_errors_one_log_line_and_recovery_by_itself() {
    let log = Log::of_process();
    let mut server = RedisServer::start();
    let redis = Redis::new(Settings::default());
    let session = redis.open(&everywhere(), &server.url()).await.unwrap();
    session.set("k", b"v").await.unwrap();
    redis.ready().await.unwrap();

    server.kill();
    for _ in 0..50 {
        let before = Instant::now();
        assert!(matches!(session.get("k").await, Err(CallError::Unavailable(_))));
        assert!(before.elapsed() < Duration::from_millis(100), "immediate");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let fault = redis.ready().await.unwrap_err();
    assert!(fault.contains(&server.url()), "{fault}");
    assert_eq!(log.lines_with("Redis is away", &server), 1);

    server.restart();
    recovers(&session).await;
    redis.ready().await.unwrap();
    assert_eq!(log.lines_with("Redis answers again", &server), 1);
    assert_eq!(log.lines_with("Redis is away", &server), 1);
}

#[tokio::test]
async fn a_restart_while_idle_costs_no_call() {
    let log = Log::of_process();
    let mut server = RedisServer::start();
    let session = Redis::new(Settings::default()).open(&everywhere(), &server.url()).await.unwrap();
    session.set("k", b"v").await.unwrap();
    server.kill();
    server.restart();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(recovers(&session).await, 0);
    assert_eq!(log.lines_with("Redis is away", &server), 0);
}

#[tokio::test]
async fn a_pinned_session_does_not_come_back_since_its_state_is_gone() {
    let mut server = RedisServer::start();
    let session = Redis::new(Settings::default()).open(&everywhere(), &server.url()).await.unwrap();
    session.execute("MULTI", &[]).await.unwrap();
    server.kill();
    server.restart();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let lost = session.set("k", b"v").await;
    assert!(
        matches!(&lost, Err(CallError::Unavailable(text)) if text.contains("open a new one")),
        "{lost:?}"
    );
}

#[tokio::test]
async fn opening_fails_within_a_second_when_the_server_is_away_or_silent() {
    let redis = Redis::new(Settings::default());
    let nobody = format!("redis://127.0.0.1:{}", crate::support::free_port());
    let before = Instant::now();
    assert!(matches!(redis.open(&everywhere(), &nobody).await, Err(CallError::Unavailable(_))));
    assert!(before.elapsed() < Duration::from_millis(500));

    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("redis://{}", silent.local_addr().unwrap());
    let before = Instant::now();
    let grants = everywhere();
    let (one, other) = tokio::join!(redis.open(&grants, &silent), redis.open(&grants, &silent));
    assert!(matches!((one, other), (Err(CallError::Unavailable(_)), Err(CallError::Unavailable(_)))));
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    let before = Instant::now();
    assert!(redis.open(&everywhere(), &silent).await.is_err());
    assert!(before.elapsed() < Duration::from_millis(20), "known to be away");
}

#[tokio::test]
async fn a_server_that_hangs_costs_one_deadline_and_then_errors_come_at_once() {
    let server = RedisServer::start();
    let settings = Settings { call_ms: 200, connect_ms: 200, shared_connections: 1, ..Settings::default() };
    let redis = Redis::new(settings);
    let session = redis.open(&everywhere(), &server.url()).await.unwrap();
    server.freeze();
    assert!(matches!(session.get("k").await, Err(CallError::Deadline(200))));
    assert!(matches!(session.get("k").await, Err(CallError::Unavailable(_))));
    let before = Instant::now();
    assert!(session.get("k").await.is_err());
    assert!(before.elapsed() < Duration::from_millis(20), "{:?}", before.elapsed());
    server.thaw();
    recovers(&session).await;
}

#[tokio::test]
async fn too_many_calls_on_a_hanging_server_are_turned_away() {
    let server = RedisServer::start();
    let settings = Settings {
        calls_in_flight_max: 2,
        place_wait_ms: 50,
        call_ms: 400,
        shared_connections: 1,
        ..Settings::default()
    };
    let session = Redis::new(settings).open(&everywhere(), &server.url()).await.unwrap();
    server.freeze();
    let (one, two, three) = tokio::join!(session.get("a"), session.get("b"), session.get("c"));
    assert!(matches!((one, two), (Err(CallError::Deadline(_)), Err(CallError::Deadline(_)))));
    assert!(matches!(three, Err(CallError::TooMany(_))));
    server.thaw();
    recovers(&session).await;
}

#[tokio::test]
async fn an_injected_fault_is_an_outage_for_callers_and_ends_with_the_switch() {
    let server = RedisServer::start();
    let redis = Redis::new(Settings::default());
    let session = redis.open(&everywhere(), &server.url()).await.unwrap();
    redis.faults().set(Fault::Unavailable);
    assert!(matches!(session.incr("n").await, Err(CallError::Unavailable(_))));
    assert!(redis.open(&everywhere(), &server.url()).await.is_err());
    assert!(redis.ready().await.is_err());
    redis.faults().set(Fault::None);
    assert_eq!(session.incr("n").await.unwrap(), 1);
}

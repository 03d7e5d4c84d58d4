//! A breaker's snapshot in Redis: a hash of a version and the snapshot's JSON, changed by compare-and-set on the version.
//!
//! Redis may be slow or gone. A call waits a small bound; after a failure nobody asks for a while, and one line is logged
//! until it answers again.

use std::{cell::RefCell, future::Future, pin::pin, rc::Rc, task::Poll, time::Duration};

use guest::{clock, settings::variable};
use rules_breaker::Breaker;
use spin_sdk::redis::{Connection, RedisParameter, RedisResult};

/// A snapshot with its version; absent when there is none yet.
pub(super) type Snapshot = Option<(i64, Breaker)>;

/// How a compare-and-set ended.
pub(super) enum Set {
    /// The new snapshot is in place, its version one higher.
    Done,
    /// Somebody was faster: what is there now.
    Changed(Snapshot),
    /// Redis did not answer.
    Away,
}

/// Milliseconds a call to Redis is waited for.
const WAIT_MS_MAX: u64 = 100;
/// The same where a connection has to be opened first: once in an instance's life.
const OPEN_MS_MAX: u64 = 250;
/// Milliseconds nobody asks after a failure.
const LEAVE_ALONE_MS: i64 = 1_000;
/// Milliseconds a snapshot lives without a change: a month, so that an operator's word is not forgotten.
const SNAPSHOT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Sets `s` when the version is still ARGV[1]: answers 1, or 0 with the version and snapshot that are there.
const COMPARE_AND_SET: &str = include_str!("compare_and_set.lua");

thread_local! {
    static CONNECTION: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
    /// Until when Redis is left alone, and whether the outage was told.
    static OUTAGE: RefCell<(i64, bool)> = const { RefCell::new((0, false)) };
}

/// Reads a snapshot; nothing when Redis is away.
pub(super) async fn read(name: &str) -> Option<Snapshot> {
    let arguments = [key(name), text("v"), text("s")];
    let reply = execute("HMGET", arguments.into()).await?;
    match reply.as_slice() {
        [version, snapshot] => Some(parse(version, snapshot)),
        _ => None,
    }
}

/// Puts a snapshot in the place of the one with this version.
pub(super) async fn compare_and_set(name: &str, version: i64, breaker: &Breaker) -> Set {
    let Ok(json) = serde_json::to_vec(breaker) else { return Set::Away };
    let arguments = vec![
        text(COMPARE_AND_SET),
        RedisParameter::Int64(1),
        key(name),
        RedisParameter::Int64(version),
        RedisParameter::Binary(json),
        RedisParameter::Int64(SNAPSHOT_MS),
    ];
    match execute("EVAL", arguments).await.as_deref() {
        Some([RedisResult::Int64(1), ..]) => Set::Done,
        Some([_, version, snapshot]) => Set::Changed(parse(version, snapshot)),
        Some(_) | None => Set::Away,
    }
}

/// Whether Redis is left alone for now.
pub(super) fn is_away() -> bool {
    OUTAGE.with_borrow(|(until_ms, _)| clock::now().timestamp_millis() < *until_ms)
}

/// A snapshot that cannot be read (of another release) counts as none, but keeps its version, so that it is replaced.
fn parse(version: &RedisResult, snapshot: &RedisResult) -> Snapshot {
    let (RedisResult::Binary(version), RedisResult::Binary(snapshot)) = (version, snapshot) else {
        return None;
    };
    let version: i64 = std::str::from_utf8(version).ok()?.parse().ok().filter(|version| *version > 0)?;
    let breaker = serde_json::from_slice(snapshot);
    Some((version, breaker.unwrap_or_else(|_| Breaker::new(clock::now().timestamp_millis()))))
}

async fn execute(command: &str, arguments: Vec<RedisParameter>) -> Option<Vec<RedisResult>> {
    if is_away() {
        return None;
    }
    let work = async {
        let connection = connection().await?;
        connection.execute(command, arguments).await.map_err(|error| error.to_string())
    };
    let wait_ms = if CONNECTION.with_borrow(Option::is_some) { WAIT_MS_MAX } else { OPEN_MS_MAX };
    let reason = match within(wait_ms, work).await {
        Some(Ok(reply)) => {
            OUTAGE.set((0, false));
            return Some(reply);
        }
        Some(Err(reason)) => reason,
        None => format!("no answer within {wait_ms} ms"),
    };
    CONNECTION.set(None);
    let told = OUTAGE.with_borrow(|(_, told)| *told);
    OUTAGE.set((clock::now().timestamp_millis() + LEAVE_ALONE_MS, true));
    if !told {
        let reason = reason.replace(char::is_control, " ");
        eprintln!("level=warn diagnosis=\"circuit breakers work alone: redis: {reason}\"");
    }
    None
}

async fn connection() -> Result<Rc<Connection>, String> {
    if let Some(connection) = CONNECTION.with_borrow(Clone::clone) {
        return Ok(connection);
    }
    let url = variable("redis_url").await.map_err(|_| "variable redis_url is not granted".to_owned())?;
    let opened = Connection::open(&*url).await.map_err(|error| error.to_string())?;
    let connection = Rc::new(opened);
    CONNECTION.set(Some(connection.clone()));
    Ok(connection)
}

/// The result of `work`, unless it takes longer.
async fn within<T>(wait_ms: u64, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut alarm) = (pin!(work), pin!(spin_sdk::time::sleep(Duration::from_millis(wait_ms))));
    std::future::poll_fn(move |context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        alarm.as_mut().poll(context).map(|()| None)
    })
    .await
}

fn key(name: &str) -> RedisParameter {
    text(&format!("breaker:{name}"))
}

fn text(text: &str) -> RedisParameter {
    RedisParameter::Binary(text.as_bytes().to_vec())
}

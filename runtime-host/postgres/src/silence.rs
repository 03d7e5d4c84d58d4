//! A server that has fallen silent: its machine hangs, its process is stopped, the network swallows everything. Calls on
//! it must not wait for their long deadline, and a statement that merely takes its time must not be cut off.
//!
//! What tells the two apart: while one call waits, a living server answers other calls, or at least says something to a
//! newcomer. Only when it does neither is it away: its sessions are given up, and calls fail at once until it is back.

use crate::error::{connection_failed, deadline, reason};
use crate::interface::Error;
use crate::pool::Pool;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// A call that waits for longer than this makes the host wonder, and wonder again in steps of it.
const SILENCE_MS_MAX: u64 = 350;
/// How long a newcomer waits for the server's first word.
const WORD_MS_MAX: u64 = 450;
/// A server that is away is told within this.
const ANSWER_MS_MAX: u64 = 1_000;
const _: () = assert!(SILENCE_MS_MAX + WORD_MS_MAX < ANSWER_MS_MAX);

/// When a server was heard last.
pub(crate) struct Voice {
    began: Instant,
    /// Milliseconds since `began`.
    heard: AtomicU64,
    /// Held by the one that asks the server for a word; the others wait for what it hears.
    asking: Mutex<()>,
}

impl Default for Voice {
    fn default() -> Self {
        Self { began: Instant::now(), heard: AtomicU64::new(0), asking: Mutex::new(()) }
    }
}

impl Voice {
    fn note(&self) {
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(ms, Ordering::Relaxed);
    }

    /// Passes an outcome on; all but a failed connection is the server's word.
    fn noted<R>(&self, ended: Result<R, Error>) -> Result<R, Error> {
        if !matches!(ended, Err(Error::ConnectionFailed(_))) {
            self.note();
        }
        ended
    }

    fn was_heard_since(&self, moment: Instant) -> bool {
        self.began + Duration::from_millis(self.heard.load(Ordering::Relaxed)) >= moment
    }
}

/// Waits for `call` for at most `bound_ms`, and no longer than the server says anything.
///
/// Errors with `connection-failed` when the time is over or the server has fallen silent.
pub(crate) async fn watched<R>(
    pool: &Arc<Pool>,
    bound_ms: u64,
    call: impl Future<Output = Result<R, Error>>,
) -> Result<R, Error> {
    let mut call = pin!(call);
    let voice = &pool.server.voice;
    let begun = Instant::now();
    let until = begun + Duration::from_millis(bound_ms);
    let mut since = begun;
    loop {
        let step = until.min(since + Duration::from_millis(SILENCE_MS_MAX));
        if let Ok(ended) = tokio::time::timeout_at(step, call.as_mut()).await {
            return voice.noted(ended);
        }
        if Instant::now() >= until {
            return Err(deadline(bound_ms));
        }
        if !voice.was_heard_since(since) {
            tokio::select! {
                biased;
                ended = call.as_mut() => return voice.noted(ended),
                silent = fell_silent(pool, since) => if let Some(error) = silent {
                    return Err(error);
                }
            }
        }
        since = Instant::now();
    }
}

/// Asks for a sign of life; gives the failure when there is none.
async fn fell_silent(pool: &Arc<Pool>, since: Instant) -> Option<Error> {
    let server = &pool.server;
    let _asking = server.voice.asking.lock().await;
    if server.voice.was_heard_since(since) {
        return None;
    }
    if let Some(error) = server.recent_failure() {
        return Some(error);
    }
    if server.answers(Duration::from_millis(WORD_MS_MAX)).await {
        server.voice.note();
        return None;
    }
    let error = connection_failed(format_args!("{}: the server has fallen silent", server.label));
    tracing::debug!(reason = reason(&error), "its sessions are given up");
    server.note_failure(&error);
    pool.abandon();
    Some(error)
}

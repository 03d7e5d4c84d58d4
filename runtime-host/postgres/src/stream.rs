//! A result too large to be handed over in one go: a task reads it from the server into a bounded queue, and the guest
//! takes from there what has come, in batches.
//!
//! The server's connection must not wait for a guest for long: others may be queued behind the result. While some are,
//! the queue takes more; a reader that takes nothing for too long, or goes away, loses the rest.

use crate::call::{Started, size_bytes};
use crate::error::{BadParameterCase, deadline, query_failed, undecodable};
use crate::interface::{Error, Row};
use crate::settings::Settings;
use crate::values::column::decode;
use futures::Stream;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How often a full queue looks whether others wait behind the result by now.
const RECHECK_MS: u64 = 50;

#[derive(Default)]
struct Queue {
    rows: Vec<Row>,
    bytes: usize,
    is_finished: bool,
    is_reader_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Queue>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, row: Row, bytes: usize) {
        let reader = {
            let mut queue = self.lock();
            queue.rows.push(row);
            queue.bytes += bytes;
            queue.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn finish(&self) {
        let reader = {
            let mut queue = self.lock();
            queue.is_finished = true;
            queue.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// The reader's end of a streamed result. Dropped, the rest of the result is given up.
pub struct RowReader(Shared);

impl RowReader {
    /// All rows that have come, at least one; `None` after the last.
    pub async fn take(&mut self) -> Option<Vec<Row>> {
        poll_fn(|cx| self.poll_take(cx)).await
    }

    /// All rows that have come; `None` when the last one was taken.
    pub(crate) fn poll_take(&mut self, cx: &mut Context<'_>) -> Poll<Option<Vec<Row>>> {
        let (rows, writer) = {
            let mut queue = self.0.lock();
            if queue.rows.is_empty() {
                if queue.is_finished {
                    return Poll::Ready(None);
                }
                queue.reader = Some(cx.waker().clone());
                return Poll::Pending;
            }
            queue.bytes = 0;
            (std::mem::take(&mut queue.rows), queue.writer.take())
        };
        if let Some(writer) = writer {
            writer.wake();
        }
        Poll::Ready(Some(rows))
    }
}

impl Drop for RowReader {
    fn drop(&mut self) {
        let (rows, writer) = {
            let mut queue = self.0.lock();
            queue.is_reader_gone = true;
            (std::mem::take(&mut queue.rows), queue.writer.take())
        };
        drop(rows);
        if let Some(writer) = writer {
            writer.wake();
        }
    }
}

/// Why feeding stopped before the server had said all.
enum Stopped {
    ReaderGone,
    Because(Error),
    /// The server itself ended the result with an error.
    ServerFailed(Error),
}

/// Starts feeding the rest of a result, of which `first` are already read.
pub(crate) fn feed(
    mut started: Started,
    first: Vec<Row>,
) -> (RowReader, oneshot::Receiver<Result<(), Error>>) {
    let queue = Shared::default();
    queue.lock().rows = first;
    let (outcome_sender, outcome) = oneshot::channel();
    let reader = RowReader(queue.clone());
    started.place.call.set_slow();
    let session = Arc::clone(started.place.call.session());
    session.server.counters.streams.add();
    session.runtime().spawn(async move {
        let server = Arc::clone(&started.place.call.session().server);
        let bound_ms = server.settings.call_ms;
        let fed = tokio::time::timeout(
            Duration::from_millis(bound_ms),
            feed_all(&mut started, &queue, &server.settings),
        );
        let outcome = match fed.await {
            Ok(Ok(())) => {
                started.place.call.finish();
                Ok(())
            }
            Ok(Err(Stopped::ServerFailed(error))) => {
                started.place.call.finish();
                Err(error)
            }
            Ok(Err(Stopped::ReaderGone)) => Ok(()),
            Ok(Err(Stopped::Because(error))) => Err(error),
            Err(_) => Err(deadline(bound_ms)),
        };
        // Nobody may be listening: a guest need not ask how the result ended.
        let _ = outcome_sender.send(outcome);
        queue.finish();
    });
    (reader, outcome)
}

async fn feed_all(started: &mut Started, queue: &Shared, settings: &Settings) -> Result<(), Stopped> {
    loop {
        let next = poll_fn(|cx| {
            {
                let mut queue = queue.lock();
                if queue.is_reader_gone {
                    return Poll::Ready(Err(Stopped::ReaderGone));
                }
                queue.writer = Some(cx.waker().clone());
            }
            started.rows.as_mut().poll_next(cx).map(Ok)
        });
        let row = match next.await? {
            None => return Ok(()),
            Some(Err(error)) => {
                return Err(Stopped::ServerFailed(
                    started.place.call.session().failed(&error, BadParameterCase::OfQuery),
                ));
            }
            Some(Ok(row)) => row,
        };
        let bytes = size_bytes(&row);
        if bytes > settings.result_bytes_max {
            let reason = format!("query result exceeds limit of {} bytes", settings.result_bytes_max);
            return Err(Stopped::Because(query_failed(reason)));
        }
        let row = decode(&row, &started.prepared.readings)
            .map_err(|error| Stopped::Because(undecodable(&error)))?;
        queue.push(row, bytes);
        wait_for_space(started, queue, settings).await?;
    }
}

async fn wait_for_space(started: &Started, queue: &Shared, settings: &Settings) -> Result<(), Stopped> {
    let mut since = None;
    loop {
        let others_wait = started.place.call.session().calls() > 1;
        let bytes_max =
            if others_wait { settings.stream_rescue_bytes_max } else { settings.stream_buffer_bytes_max };
        let poll_space = |cx: &mut Context<'_>| {
            let mut queue = queue.lock();
            if queue.is_reader_gone {
                return Poll::Ready(Err(Stopped::ReaderGone));
            }
            if queue.bytes <= bytes_max {
                return Poll::Ready(Ok(()));
            }
            queue.writer = Some(cx.waker().clone());
            Poll::Pending
        };
        if let Poll::Ready(ready) = poll_space(&mut Context::from_waker(Waker::noop())) {
            return ready;
        }
        if let Ok(space) = tokio::time::timeout(Duration::from_millis(RECHECK_MS), poll_fn(poll_space)).await
        {
            return space;
        }
        let since = *since.get_or_insert_with(Instant::now);
        if since.elapsed() > Duration::from_millis(settings.stream_stall_ms) {
            started.place.call.session().server.counters.stalled_streams.add();
            return Err(Stopped::Because(Error::Other(format!(
                "the rest of the result was given up: its reader took nothing for {} ms",
                settings.stream_stall_ms
            ))));
        }
    }
}

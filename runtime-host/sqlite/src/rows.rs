//! A streamed result: rows travel in batches from the statement's thread to the guest, no faster than it reads.

use crate::statement::After;
use crate::{Error, QueryError, RowResult};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use wasmtime::StoreContextMut;
use wasmtime::component::{Destination, StreamProducer, StreamResult, VecBuffer};

const BATCH_ROWS_MAX: usize = 64;
const BATCH_BYTES_MAX: usize = 64 * 1024;
/// Rows that are ready are not held back longer than this for others to join them.
const BATCH_WAIT: Duration = Duration::from_millis(5);
const BATCHES_WAITING_MAX: usize = 2;

/// The thread's end.
pub(crate) struct RowSender {
    batch: Vec<RowResult>,
    batch_bytes: usize,
    sent_at: Instant,
    batches: mpsc::Sender<Vec<RowResult>>,
    end: oneshot::Sender<Result<(), QueryError>>,
    runtime: Handle,
    deadline: Instant,
    within_ms: u64,
}

impl RowSender {
    /// Both ends; called on a runtime's thread.
    pub(crate) fn new(deadline: Instant, within_ms: u64) -> (Self, RowStream) {
        let (batches, receiver) = mpsc::channel(BATCHES_WAITING_MAX);
        let (end, ended) = oneshot::channel();
        let sender = Self {
            batch: Vec::new(),
            batch_bytes: 0,
            sent_at: Instant::now(),
            batches,
            end,
            runtime: Handle::current(),
            deadline,
            within_ms,
        };
        (sender, RowStream { batches: receiver, ended })
    }

    /// Adds a row; blocks while the guest is behind, at most until the deadline.
    pub(crate) fn push(&mut self, row: RowResult, bytes: usize) -> Result<After, QueryError> {
        self.batch.push(row);
        self.batch_bytes += bytes;
        let due = self.batch.len() >= BATCH_ROWS_MAX
            || self.batch_bytes >= BATCH_BYTES_MAX
            || self.sent_at.elapsed() >= BATCH_WAIT;
        if due { self.send() } else { Ok(After::GoOn) }
    }

    /// Sends what is left and how it ended.
    pub(crate) fn finish(mut self, result: Result<(), QueryError>) {
        let sent = if self.batch.is_empty() { Ok(After::GoOn) } else { self.send() };
        // A guest that reads neither rows nor the end has gone: then nobody wants to know.
        let _gone = self.end.send(result.and(sent.map(|_| ())));
    }

    fn send(&mut self) -> Result<After, QueryError> {
        let batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        let sending = tokio::time::timeout_at(self.deadline.into(), self.batches.send(batch));
        let sent = self.runtime.block_on(sending);
        self.sent_at = Instant::now();
        match sent {
            Ok(Ok(())) => Ok(After::GoOn),
            Ok(Err(_)) => Ok(After::Stop),
            Err(_) => Err(QueryError::Deadline(self.within_ms)),
        }
    }
}

/// The reader's end.
#[derive(Debug)]
pub struct RowStream {
    batches: mpsc::Receiver<Vec<RowResult>>,
    ended: oneshot::Receiver<Result<(), QueryError>>,
}

impl RowStream {
    /// The next rows; `None` at the end, whose reason [`Self::end`] gives.
    pub async fn next(&mut self) -> Option<Vec<RowResult>> {
        self.batches.recv().await
    }

    /// How the statement ended.
    pub async fn end(self) -> Result<(), QueryError> {
        drop(self.batches);
        self.ended.await.unwrap_or_else(|_| Err(ended_early()))
    }

    /// The stream and the future that the interface hands to a guest.
    pub(crate) fn into_parts(
        self,
    ) -> (RowProducer, impl Future<Output = wasmtime::Result<Result<(), Error>>> + Send) {
        let ended = self.ended;
        let end = async move {
            let result = ended.await.unwrap_or_else(|_| Err(ended_early()));
            Ok(result.map_err(Error::from))
        };
        (RowProducer(self.batches), end)
    }
}

fn ended_early() -> QueryError {
    QueryError::Unavailable("the statement's thread ended".to_owned())
}

/// Feeds a guest's `stream<row-result>`.
pub(crate) struct RowProducer(mpsc::Receiver<Vec<RowResult>>);

impl<D> StreamProducer<D> for RowProducer {
    type Item = RowResult;
    type Buffer = VecBuffer<RowResult>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, RowResult, VecBuffer<RowResult>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        if destination.remaining(store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match self.get_mut().0.poll_recv(context) {
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Ready(Some(rows)) => {
                destination.set_buffer(VecBuffer::from(rows));
                Poll::Ready(Ok(StreamResult::Completed))
            }
        }
    }
}

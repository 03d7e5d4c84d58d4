//! Streams of HTTP/2, each with a bound on how long its answer may stand still.
//!
//! On HTTP/1.1 the connection watches its one answer (`client_io`). Here a client may leave one stream unread for ever
//! and go on with the others, and the library asks the answer's body for nothing until the client takes more: so each
//! stream's own task watches, and ends, what stands still. The stream is reset and its place inside is free again.

use hyper::rt::Executor;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, Sleep};

tokio::task_local! {
    static OF_THIS_STREAM: Progress;
}

/// When a stream's answer moved last.
#[derive(Clone, Debug)]
pub(crate) struct Progress(Arc<Moments>);

#[derive(Debug)]
struct Moments {
    began: Instant,
    /// Milliseconds since `began`, plus one; 0 until there is an answer.
    moved: AtomicU64,
}

impl Progress {
    fn new() -> Self {
        Progress(Arc::new(Moments { began: Instant::now(), moved: AtomicU64::new(0) }))
    }

    /// The one of the stream whose task this is; none outside of HTTP/2.
    pub(crate) fn of_this_stream() -> Option<Self> {
        OF_THIS_STREAM.try_with(Progress::clone).ok()
    }

    /// There is an answer, or a piece of it moved.
    pub(crate) fn note(&self) {
        let ms = u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.0.moved.store(ms + 1, Ordering::Release);
    }

    /// When it moved last, once there is one.
    fn last(&self) -> Option<Instant> {
        let ms = self.0.moved.load(Ordering::Acquire).checked_sub(1)?;
        Some(self.0.began + Duration::from_millis(ms))
    }
}

/// Runs each stream in a task of its own, for as long as it moves.
#[derive(Clone)]
pub(crate) struct Streams {
    idle: Duration,
}

impl Streams {
    pub(crate) fn new(answer_idle_ms_max: u64) -> Self {
        Streams { idle: Duration::from_millis(answer_idle_ms_max) }
    }
}

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, stream: F) {
        let progress = Progress::new();
        tokio::spawn(OF_THIS_STREAM.scope(progress.clone(), while_moving(stream, progress, self.idle)));
    }
}

/// Runs a stream until it ends or its answer stands still for `idle`.
async fn while_moving(stream: impl Future, progress: Progress, idle: Duration) {
    let mut stream = pin!(stream);
    let mut pause: Option<Pin<Box<Sleep>>> = None;
    poll_fn(|cx| {
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // Until there is an answer, the request's own time is the bound.
        let Some(last) = progress.last() else { return Poll::Pending };
        let until = last + idle;
        let pause = pause.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if pause.deadline() != until {
            pause.as_mut().reset(until);
        }
        pause.as_mut().poll(cx)
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    /// Tells when it is dropped.
    struct Told(Option<oneshot::Sender<()>>);

    impl Drop for Told {
        fn drop(&mut self) {
            self.0.take().map(|told| told.send(()));
        }
    }

    #[tokio::test]
    async fn a_stream_that_stands_still_is_dropped_and_one_without_an_answer_is_not() {
        let streams = Streams::new(200);
        let (stands, gone) = oneshot::channel();
        let (waits, mut still_there) = oneshot::channel();
        let (stands, waits) = (Told(Some(stands)), Told(Some(waits)));
        streams.execute(async move {
            let _stands = stands;
            Progress::of_this_stream().unwrap().note();
            tokio::time::sleep(Duration::from_millis(180)).await;
            Progress::of_this_stream().unwrap().note();
            std::future::pending::<()>().await;
        });
        streams.execute(async move {
            let _waits = waits;
            std::future::pending::<()>().await;
        });
        let began = Instant::now();
        gone.await.unwrap();
        assert!(began.elapsed() >= Duration::from_millis(380), "{:?}", began.elapsed());
        assert!(still_there.try_recv().is_err());
    }
}

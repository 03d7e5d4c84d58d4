//! A body whose beginning is waited for, in memory and for a moment: whether it is short and quick decides which place
//! its request takes (`places`), and whether an answer needs one any longer.

use bytes::{Bytes, BytesMut};
use host_engine::WasiError;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How much of a body is waited for, and how long.
pub(crate) struct Moment {
    /// No more is taken once so many bytes are there.
    pub(crate) bytes_max: usize,
    /// In milliseconds.
    pub(crate) wait_ms_max: u64,
    /// What each body takes of the memory beside its bytes, in bytes.
    pub(crate) bytes_each: u32,
}

/// Memory of the whole host for what waits, in bytes; clones share it.
#[derive(Clone)]
pub(crate) struct Memory(Arc<Semaphore>);

impl Memory {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Memory(Arc::new(Semaphore::new(bytes_max)))
    }

    /// So many bytes of it, unless it is used up.
    fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        self.0.clone().try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()
    }
}

/// A body, its beginning from memory; the memory is given back when it is dropped.
pub(crate) struct Begun<B> {
    beginning: Pieces,
    trailers: Option<HeaderMap>,
    rest: Rest<B>,
    /// Bytes still to come, when the body's length is known from its head.
    announced: Option<u64>,
    asked: bool,
    /// Of the memory; none when that was used up.
    counted: Option<OwnedSemaphorePermit>,
}

enum Rest<B> {
    Follows(B),
    Ended,
    Broken {
        error: Option<WasiError>,
        /// Whether what came before the error had its chance to go out.
        flushed: bool,
    },
}

impl<B: Body<Data = Bytes, Error = WasiError> + Unpin> Begun<B> {
    /// Waits until `body` ends, breaks, or is longer or slower than `moment` says; not at all when it is at its end.
    pub(crate) async fn wait(body: B, moment: &Moment, memory: &Memory) -> Self {
        let (announced, at_its_end) = (body.size_hint().exact(), body.is_end_stream());
        let mut begun = Begun {
            beginning: Pieces::default(),
            trailers: None,
            rest: Rest::Follows(body),
            announced,
            asked: false,
            counted: None,
        };
        if at_its_end {
            return begun;
        }
        begun.counted = memory.take(moment.bytes_each as usize);
        let all = poll_fn(|cx| begun.poll_beginning(cx, moment.bytes_max, memory));
        // Either way `begun` holds what came.
        let _ = tokio::time::timeout(Duration::from_millis(moment.wait_ms_max), all).await;
        begun
    }

    fn poll_beginning(&mut self, cx: &mut Context<'_>, bytes_max: usize, memory: &Memory) -> Poll<()> {
        while let Rest::Follows(body) = &mut self.rest
            && self.counted.is_some()
            && self.beginning.len() < bytes_max
        {
            match ready!(Pin::new(&mut *body).poll_frame(cx)) {
                None => self.rest = Rest::Ended,
                Some(Err(error)) => self.rest = Rest::Broken { error: Some(error), flushed: false },
                Some(Ok(frame)) => {
                    let ended = body.is_end_stream();
                    self.keep(frame, memory);
                    if ended || self.trailers.is_some() {
                        self.rest = Rest::Ended;
                    }
                }
            }
        }
        Poll::Ready(())
    }

    /// Keeps a frame, even one that the memory has no room for: then it is the last one, and is not counted.
    fn keep(&mut self, frame: Frame<Bytes>, memory: &Memory) {
        match frame.into_data() {
            Ok(data) => {
                match (memory.take(data.len()), &mut self.counted) {
                    (Some(more), Some(counted)) => counted.merge(more),
                    _ => self.counted = None,
                }
                self.beginning.push(data);
            }
            Err(frame) => self.trailers = frame.into_trailers().ok(),
        }
    }

    /// Whether more is to come than what waits in memory.
    pub(crate) fn goes_on(&self) -> bool {
        matches!(&self.rest, Rest::Follows(body) if !body.is_end_stream())
    }

    /// Whether nothing more is to come and what waits is counted.
    pub(crate) fn is_kept(&self) -> bool {
        let nothing_waits = self.beginning.len() == 0 && self.trailers.is_none();
        !self.goes_on() && (nothing_waits || self.counted.is_some())
    }
}

impl<B: Body<Data = Bytes, Error = WasiError> + Unpin> Body for Begun<B> {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        let this = self.get_mut();
        this.asked = true;
        if let Some(data) = this.beginning.take() {
            this.announced = this.announced.map(|bytes| bytes.saturating_sub(data.len() as u64));
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if let Some(trailers) = this.trailers.take() {
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        match &mut this.rest {
            Rest::Follows(body) => Pin::new(body).poll_frame(cx),
            Rest::Ended => Poll::Ready(None),
            Rest::Broken { flushed: flushed @ false, .. } => {
                *flushed = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Rest::Broken { error, .. } => Poll::Ready(error.take().map(Err)),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.beginning.len() == 0
            && self.trailers.is_none()
            && match &self.rest {
                Rest::Follows(body) => body.is_end_stream(),
                // A head that announced a body of unknown length is followed by one, even if it turned out empty.
                Rest::Ended => self.asked,
                Rest::Broken { .. } => false,
            }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.rest {
            Rest::Follows(body) if self.beginning.len() == 0 => body.size_hint(),
            _ => self.announced.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

/// Bytes in order: one piece as it came, more of them in one buffer, so that a byte costs a byte however many pieces
/// they come in.
#[derive(Default)]
struct Pieces {
    first: Bytes,
    all: BytesMut,
}

impl Pieces {
    fn push(&mut self, piece: Bytes) {
        if self.len() == 0 {
            self.first = piece;
            return;
        }
        if self.all.is_empty() {
            self.all.reserve(self.first.len() + piece.len());
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&piece);
    }

    fn len(&self) -> usize {
        self.first.len().max(self.all.len())
    }

    fn take(&mut self) -> Option<Bytes> {
        let first = std::mem::take(&mut self.first);
        let all = if self.all.is_empty() { first } else { self.all.split().freeze() };
        (!all.is_empty()).then_some(all)
    }
}

#[cfg(test)]
mod tests;

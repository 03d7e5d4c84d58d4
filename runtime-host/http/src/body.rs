//! A request's body on its way into a component: never more bytes and never longer pauses than allowed.

use crate::beginning::{Begun, Memory, Moment};
use bytes::Bytes;
use host_engine::WasiError;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

use crate::envelope::HostError;

/// What is waited for of a body before its request takes a place. One that goes on after it makes the request a slow
/// one; the wait is short because a component may answer while a body arrives, and the client wait for that.
const MOMENT: Moment = Moment { bytes_max: 64 << 10, wait_ms_max: 250, bytes_each: 0 };

/// Memory of the whole host for bodies that are waited for, in bytes.
pub(crate) const ARRIVING_BYTES_MAX: usize = 64 << 20;

const FINE: u8 = 0;
const TOO_LARGE: u8 = 1;
const TOO_SLOW: u8 = 2;

/// What went wrong with a body while the component read it; the front door asks before it passes the answer on.
#[derive(Clone, Default)]
pub(crate) struct BodyVerdict(Arc<AtomicU8>);

impl BodyVerdict {
    /// The answer that the client's body deserves, whatever the component made of the broken stream.
    pub(crate) fn error(&self) -> Option<HostError> {
        match self.0.load(Ordering::Acquire) {
            TOO_LARGE => Some(HostError::BodyTooLarge),
            TOO_SLOW => Some(HostError::RequestTimeout),
            _ => None,
        }
    }
}

/// [`Incoming`] with its bounds.
pub(crate) struct BoundedBody {
    inner: Incoming,
    bytes_left: u64,
    idle: Duration,
    pause: Option<Pin<Box<Sleep>>>,
    verdict: BodyVerdict,
}

impl BoundedBody {
    pub(crate) fn new(inner: Incoming, bytes_max: u64, idle_ms_max: u64) -> (Self, BodyVerdict) {
        let verdict = BodyVerdict::default();
        let idle = Duration::from_millis(idle_ms_max);
        (BoundedBody { inner, bytes_left: bytes_max, idle, pause: None, verdict: verdict.clone() }, verdict)
    }

    /// Waits, a moment, for all of it.
    pub(crate) async fn begin(self, memory: &Memory) -> Begun<Self> {
        Begun::wait(self, &MOMENT, memory).await
    }

    fn fail(&self, verdict: u8) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        self.verdict.0.store(verdict, Ordering::Release);
        Poll::Ready(Some(Err(match verdict {
            TOO_LARGE => WasiError::HttpRequestBodySize(None),
            _ => WasiError::ConnectionReadTimeout,
        })))
    }
}

impl Body for BoundedBody {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        let this = self.get_mut();
        if this.verdict.0.load(Ordering::Acquire) != FINE {
            return Poll::Ready(None);
        }
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                this.pause = None;
                let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
                match this.bytes_left.checked_sub(bytes) {
                    Some(left) => this.bytes_left = left,
                    None => return this.fail(TOO_LARGE),
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(_))) => Poll::Ready(Some(Err(WasiError::HttpProtocolError))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                let idle = this.idle;
                let pause = this
                    .pause
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + idle)));
                match pause.as_mut().poll(cx) {
                    Poll::Ready(()) => this.fail(TOO_SLOW),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

//! An answer's body under its bounds: bytes, silence, total time. Whatever ends it gives its connection back.

use crate::metrics::{ByOutcome, Metrics, Outcome};
use crate::send::InFlightCall;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};
use wasmtime_wasi_http::Error;

/// The bounds of one body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) bytes_max: u64,
    pub(crate) between_bytes: Duration,
    /// When the whole answer must have been read.
    pub(crate) ends_at: Instant,
}

/// A body, and the place among concurrent requests that it holds until it ends, fails or is dropped.
pub(crate) struct BoundedBody<B> {
    open: Option<(B, InFlightCall)>,
    bounds: Bounds,
    bytes_left: u64,
    /// Runs while the body is silent.
    silence: Option<Pin<Box<Sleep>>>,
    metrics: Metrics,
}

impl<B> BoundedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: IntoFailure,
{
    /// Errors at once when the answer announces more bytes than allowed. (The answer to a `HEAD` announces none: its
    /// `content-length` is in the header, not in the body's size.)
    pub(crate) fn new(body: B, call: InFlightCall, bounds: Bounds, metrics: Metrics) -> Result<Self, Error> {
        if body.size_hint().lower() > bounds.bytes_max {
            return Err(Error::HttpResponseBodySize(Some(body.size_hint().lower())));
        }
        Ok(Self { open: Some((body, call)), bounds, bytes_left: bounds.bytes_max, silence: None, metrics })
    }

    fn fail(&mut self, error: Error) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.open = None;
        self.silence = None;
        self.metrics.broken_bodies.get_or_create(&ByOutcome { outcome: Outcome::of(&error) }).inc();
        Poll::Ready(Some(Err(error)))
    }

    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let silence = self.silence.get_or_insert_with(|| {
            let until = (Instant::now() + self.bounds.between_bytes).min(self.bounds.ends_at);
            Box::pin(tokio::time::sleep_until(until))
        });
        ready!(silence.as_mut().poll(cx));
        Poll::Ready(if Instant::now() >= self.bounds.ends_at {
            Error::HttpResponseTimeout
        } else {
            Error::ConnectionReadTimeout
        })
    }
}

impl<B> Body for BoundedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: IntoFailure,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let Some((body, _)) = this.open.as_mut() else { return Poll::Ready(None) };
        match Pin::new(body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                this.silence = None;
                let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
                let Some(left) = this.bytes_left.checked_sub(bytes) else {
                    return this.fail(Error::HttpResponseBodySize(Some(this.bounds.bytes_max)));
                };
                this.bytes_left = left;
                // A body that never pauses would never reach the timer below.
                if Instant::now() >= this.bounds.ends_at {
                    return this.fail(Error::HttpResponseTimeout);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => this.fail(error.into_failure()),
            Poll::Ready(None) => {
                this.open = None;
                this.silence = None;
                Poll::Ready(None)
            }
            Poll::Pending => {
                let error = ready!(this.poll_silence(cx));
                this.fail(error)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.open.as_ref().is_none_or(|(body, _)| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.open.as_ref().map_or_else(|| SizeHint::with_exact(0), |(body, _)| body.size_hint())
    }
}

/// What a guest is told of a body's error.
pub(crate) trait IntoFailure {
    fn into_failure(self) -> Error;
}

impl IntoFailure for Error {
    fn into_failure(self) -> Error {
        self
    }
}

impl IntoFailure for hyper::Error {
    fn into_failure(self) -> Error {
        crate::failure::of_body(&self)
    }
}

//! A client's socket, watched: when its request began to arrive, when it last took bytes, and what is said when the
//! HTTP library gives up on it.
//!
//! hyper answers a head that it cannot parse by itself, with an empty body. Every answer of ours carries
//! `x-request-id`; one without it is hyper's, and is replaced by the same status in our envelope.

use crate::envelope::HostError;
use crate::request_id::RequestId;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What one connection is doing, seen from its task; times are milliseconds since the connection began, plus one.
#[derive(Debug)]
pub(crate) struct Activity {
    began: Instant,
    heads: Heads,
    requests_open: AtomicUsize,
    head_since: AtomicU64,
    idle_since: AtomicU64,
    write_blocked_since: AtomicU64,
}

/// Whether bytes between requests are the beginning of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heads {
    /// HTTP/1.1: they are.
    Watched,
    /// HTTP/2: they may be frames that belong to no request.
    Unwatched,
}

/// Why a connection should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// A request's head takes too long to arrive.
    Head,
    /// No request for too long.
    Idle,
    /// The client does not take its answer.
    Write,
}

impl Activity {
    /// `heads`: whether bytes between requests can only be a new request's head, as on HTTP/1.1.
    pub(crate) fn new(heads: Heads) -> Arc<Self> {
        Arc::new(Activity {
            began: Instant::now(),
            heads,
            requests_open: AtomicUsize::new(0),
            head_since: AtomicU64::new(0),
            idle_since: AtomicU64::new(1),
            write_blocked_since: AtomicU64::new(0),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    /// A request's head is complete.
    pub(crate) fn request_began(self: &Arc<Self>) -> OpenRequest {
        self.requests_open.fetch_add(1, Ordering::AcqRel);
        self.head_since.store(0, Ordering::Release);
        OpenRequest(self.clone())
    }

    /// Requests whose answers are not yet sent whole.
    pub(crate) fn requests_open(&self) -> usize {
        self.requests_open.load(Ordering::Acquire)
    }

    fn bytes_arrived(&self) {
        let between = self.heads == Heads::Watched && self.requests_open() == 0;
        if between && self.head_since.load(Ordering::Acquire) == 0 {
            self.head_since.store(self.now(), Ordering::Release);
        }
    }

    /// What is overdue by these bounds.
    pub(crate) fn overdue(&self, head: Duration, idle: Duration) -> Option<Overdue> {
        let now = self.now();
        let older =
            |since: u64, bound: Duration| since != 0 && u128::from(now - since.min(now)) >= bound.as_millis();
        if older(self.write_blocked_since.load(Ordering::Acquire), idle) {
            return Some(Overdue::Write);
        }
        if self.requests_open() > 0 {
            return None;
        }
        match self.head_since.load(Ordering::Acquire) {
            0 => older(self.idle_since.load(Ordering::Acquire), idle).then_some(Overdue::Idle),
            since => older(since, head).then_some(Overdue::Head),
        }
    }
}

/// Held by a request from its head to the last byte of its answer.
pub(crate) struct OpenRequest(Arc<Activity>);

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Ordering::Release);
        self.0.requests_open.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The socket, under hyper.
pub(crate) struct ClientIo {
    stream: TcpStream,
    activity: Arc<Activity>,
    /// Bytes that go out before anything else, and how many of them have gone.
    own_words: Option<(Vec<u8>, usize)>,
}

impl ClientIo {
    pub(crate) fn new(stream: TcpStream, activity: Arc<Activity>) -> Self {
        ClientIo { stream, activity, own_words: None }
    }

    /// The bare socket.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Sends what is left of our own words; ready when none is.
    fn poll_own_words(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((bytes, sent)) = &mut self.own_words {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[*sent..]))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *sent += count;
            if *sent == bytes.len() {
                self.own_words = None;
            }
        }
        Poll::Ready(Ok(()))
    }

    fn note_write(&self, blocked: bool) {
        let since = &self.activity.write_blocked_since;
        if !blocked {
            since.store(0, Ordering::Release);
        } else if since.load(Ordering::Acquire) == 0 {
            since.store(self.activity.now(), Ordering::Release);
        }
    }
}

/// The status of an answer that hyper made by itself.
fn bare_error(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.1 4")?;
    let status = 400 + std::str::from_utf8(rest.get(..2)?).ok()?.parse::<u16>().ok()?;
    let ours = head.windows(b"x-request-id".len()).any(|part| part == b"x-request-id");
    (!ours).then_some(status)
}

impl AsyncRead for ClientIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            this.activity.bytes_arrived();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_own_words(cx))?;
        if this.activity.requests_open() == 0
            && let Some(status) = bare_error(bytes)
        {
            let words = HostError::of_status(status).last_words(RequestId::new().as_str());
            this.own_words = Some((words, 0));
            return match this.poll_own_words(cx) {
                Poll::Ready(Err(problem)) => Poll::Ready(Err(problem)),
                Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(bytes.len())),
            };
        }
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.note_write(written.is_pending());
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_own_words(cx))?;
        if this.activity.requests_open() == 0
            && let Some(first) = bufs.first()
            && bare_error(first).is_some()
        {
            return Pin::new(this).poll_write(cx, first);
        }
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.note_write(written.is_pending());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_own_words(cx))?;
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_own_words(cx))?;
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_without_our_request_id_is_taken_for_hypers() {
        assert_eq!(
            bare_error(b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n"),
            Some(431)
        );
        assert_eq!(bare_error(b"HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\n"), None);
        assert_eq!(bare_error(b"HTTP/1.1 200 OK\r\n"), None);
    }

    #[test]
    fn a_head_that_dribbles_is_overdue_but_a_resting_connection_is_not() {
        let activity = Activity::new(Heads::Watched);
        let (head, idle) = (Duration::from_millis(0), Duration::from_secs(60));
        assert_eq!(activity.overdue(head, idle), None);
        activity.bytes_arrived();
        assert_eq!(activity.overdue(head, idle), Some(Overdue::Head));
        let open = activity.request_began();
        assert_eq!(activity.overdue(head, idle), None);
        drop(open);
        assert_eq!(activity.overdue(head, Duration::ZERO), Some(Overdue::Idle));
    }
}

//! A client's socket, watched: it notes in `activity` when bytes arrive and when the client takes none, and replaces
//! what the HTTP library says when it gives up on a client.
//!
//! hyper answers a head that it cannot parse by itself, with an empty body. Every answer of ours carries
//! `x-request-id`; one without it is hyper's, and is replaced by the same status in our envelope.

use crate::activity::Activity;
use crate::envelope::HostError;
use crate::request_id::RequestId;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

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
        this.activity.note_write(written.is_pending());
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
        this.activity.note_write(written.is_pending());
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
}

//! An answer's body, a component's or the host's own, and what is given back when it is sent.

use crate::activity::OpenRequest;
use bytes::Bytes;
use host_engine::{GuestBody, WasiError};
use http::Response;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::OwnedSemaphorePermit;

/// What the front door answers.
pub(crate) type Answer = Response<AnswerBody>;

enum Source {
    Host(Full<Bytes>),
    Guest(GuestBody),
}

/// The body; holds the request's place until it is sent or dropped.
pub(crate) struct AnswerBody {
    source: Source,
    _place: Option<OwnedSemaphorePermit>,
    open: Option<OpenRequest>,
}

impl AnswerBody {
    pub(crate) fn host(body: Full<Bytes>) -> Self {
        AnswerBody { source: Source::Host(body), _place: None, open: None }
    }

    pub(crate) fn guest(body: GuestBody, place: OwnedSemaphorePermit) -> Self {
        AnswerBody { source: Source::Guest(body), _place: Some(place), open: None }
    }

    /// Keeps `open` until the last byte.
    pub(crate) fn hold(&mut self, open: OpenRequest) {
        open.note_answer(true);
        self.open = Some(open);
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        let this = self.get_mut();
        match &mut this.source {
            Source::Host(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Source::Guest(body) => {
                let frame = Pin::new(body).poll_frame(cx);
                if let Some(open) = &this.open {
                    open.note_answer(frame.is_ready());
                }
                frame
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Host(body) => body.is_end_stream(),
            Source::Guest(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Host(body) => body.size_hint(),
            Source::Guest(body) => body.size_hint(),
        }
    }
}

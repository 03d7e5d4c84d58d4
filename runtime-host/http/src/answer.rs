//! An answer's body, a component's or the host's own, and what is given back when it is sent.

use crate::activity::OpenRequest;
use crate::beginning::{Begun, Memory, Moment};
use crate::places::{Place, Places};
use bytes::Bytes;
use host_engine::{GuestBody, WasiError};
use http::Response;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What the front door answers.
pub(crate) type Answer = Response<AnswerBody>;

/// What is waited for of an answer after its head. One that ends within it needs its component no longer, and waits for
/// its client in memory; what is counted for each is its head and its stream.
const MOMENT: Moment = Moment { bytes_max: 64 << 10, wait_ms_max: 20, bytes_each: 2 << 10 };

/// Memory of the whole host for answers that wait for their clients, in bytes.
pub(crate) const WAITING_BYTES_MAX: usize = 64 << 20;

#[expect(
    clippy::large_enum_variant,
    reason = "nearly every answer is a component's, and a box is an allocation"
)]
enum Source {
    Host(Full<Bytes>),
    Guest(Begun<GuestBody>),
}

/// The body; holds the request's place, if it still needs one, until it is sent or dropped.
pub(crate) struct AnswerBody {
    source: Source,
    _place: Option<Place>,
    open: Option<OpenRequest>,
}

impl AnswerBody {
    pub(crate) fn host(body: Full<Bytes>) -> Self {
        AnswerBody { source: Source::Host(body), _place: None, open: None }
    }

    /// A component's; `place` is given back when the rest of it waits in `memory`, and is a slow one when it goes on.
    pub(crate) async fn guest(body: GuestBody, place: Place, places: &Places, memory: &Memory) -> Self {
        let body = Begun::wait(body, &MOMENT, memory).await;
        let place = if body.is_kept() {
            None
        } else if body.goes_on() {
            Some(places.slow_down(place))
        } else {
            Some(place)
        };
        AnswerBody { source: Source::Guest(body), _place: place, open: None }
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

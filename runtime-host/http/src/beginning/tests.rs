use super::*;
use futures::stream::{self, StreamExt};
use http::HeaderValue;
use http_body_util::{BodyExt, StreamBody};

const MOMENT: Moment = Moment { bytes_max: 10, wait_ms_max: 50, bytes_each: 0 };

type Piece = Result<Frame<Bytes>, WasiError>;

fn data(text: &'static str) -> Piece {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

/// These pieces at once, then, unless they are all, nothing for ever.
async fn begun(
    pieces: Vec<Piece>,
    all: bool,
    memory: &Memory,
) -> Begun<impl Body<Data = Bytes, Error = WasiError> + Unpin + use<>> {
    let rest = if all { stream::empty().boxed() } else { stream::pending().boxed() };
    Begun::wait(StreamBody::new(stream::iter(pieces).chain(rest)), &MOMENT, memory).await
}

#[tokio::test]
async fn a_short_body_is_kept_in_one_piece_with_its_trailers_until_it_is_dropped() {
    let memory = Memory::new(100);
    let trailers = HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from_static("1"))]);
    let pieces = vec![data("ab"), data("cd"), data("e"), Ok(Frame::trailers(trailers.clone()))];
    let mut begun = begun(pieces, true, &memory).await;
    assert!(begun.is_kept() && !begun.goes_on());
    assert_eq!(begun.frame().await.unwrap().unwrap().into_data().unwrap(), "abcde");
    assert_eq!(begun.frame().await.unwrap().unwrap().into_trailers().unwrap(), trailers);
    assert!(begun.is_end_stream() && begun.frame().await.is_none());
    assert_eq!(memory.0.available_permits(), 95);
    drop(begun);
    assert_eq!(memory.0.available_permits(), 100);
}

#[tokio::test]
async fn a_body_that_pauses_or_is_long_goes_on_after_what_came() {
    let memory = Memory::new(100);
    let mut pausing = begun(vec![data("ab"), data("cd")], false, &memory).await;
    assert!(pausing.goes_on() && !pausing.is_kept());
    assert_eq!(pausing.frame().await.unwrap().unwrap().into_data().unwrap(), "abcd");
    let long = begun(vec![data("0123456789"), data("and more")], true, &memory).await;
    assert!(long.goes_on());
    assert_eq!(long.collect().await.unwrap().to_bytes(), "0123456789and more");
}

#[tokio::test]
async fn an_empty_body_of_unknown_length_still_is_one() {
    let mut empty = begun(vec![], true, &Memory::new(100)).await;
    assert!(empty.is_kept() && !empty.is_end_stream());
    assert_eq!(empty.size_hint().exact(), None);
    assert!(empty.frame().await.is_none());
}

#[tokio::test]
async fn what_came_before_a_break_goes_out_before_the_break_is_told() {
    let broken = vec![data("ab"), Err(WasiError::HttpResponseIncomplete)];
    let mut broken = begun(broken, true, &Memory::new(100)).await;
    assert!(broken.is_kept());
    assert_eq!(broken.frame().await.unwrap().unwrap().into_data().unwrap(), "ab");
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(Pin::new(&mut broken).poll_frame(&mut cx).is_pending());
    assert!(broken.frame().await.unwrap().is_err());
    assert!(broken.frame().await.is_none());
}

#[tokio::test]
async fn what_the_memory_has_no_room_for_is_not_kept_and_not_lost() {
    let memory = Memory::new(3);
    let body = begun(vec![data("ab"), data("cd"), data("ef")], true, &memory).await;
    assert!(!body.is_kept());
    assert_eq!(memory.0.available_permits(), 3);
    assert_eq!(body.collect().await.unwrap().to_bytes(), "abcdef");
}

//! Deadlines, sizes, and how many at once.

use crate::origin::{Origin, body_text, get, nothing, outbound, shop, text};
use bytes::Bytes;
use host_outbound_http::{Error, RequestOptions, Settings};
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use std::time::{Duration, Instant};

/// Generous for a busy machine, still far below the defaults.
const SOON: Duration = Duration::from_secs(5);

/// Answers with chunks of 1 KiB, one every `pause`, for ever.
async fn endless(pause: Duration) -> Origin {
    Origin::start(move |_| async move {
        let chunks = futures::stream::unfold((), move |()| async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            Some((Ok(Frame::data(Bytes::from_static(&[b'x'; 1024]))), ()))
        });
        Response::new(StreamBody::new(chunks).boxed_unsync())
    })
    .await
}

#[tokio::test]
async fn a_slow_first_byte_ends_in_a_read_timeout() {
    let origin = Origin::start(|_| std::future::pending()).await;
    let outbound = outbound(Settings { first_byte_ms: 50, ..Settings::default() });
    let started = Instant::now();
    let late = shop(&outbound).hooks().send(get(&origin.url("/")), None).await;
    assert!(matches!(late, Err(Error::ConnectionReadTimeout)));
    assert!(started.elapsed() < SOON);
}

#[tokio::test]
async fn a_guests_own_shorter_deadline_counts() {
    let origin = Origin::start(|_| std::future::pending()).await;
    let outbound = outbound(Settings::default());
    let options =
        RequestOptions { first_byte_timeout: Some(Duration::from_millis(50)), ..RequestOptions::default() };
    let started = Instant::now();
    let late = shop(&outbound).hooks().send(get(&origin.url("/")), Some(options)).await;
    assert!(matches!(late, Err(Error::ConnectionReadTimeout)));
    assert!(started.elapsed() < SOON);
}

#[tokio::test]
async fn a_server_that_never_accepts_ends_in_a_connection_timeout() {
    // A backlog of one that is full: the third connection waits for its handshake.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(0).unwrap();
    let address = full.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(connected) =
        tokio::time::timeout(Duration::from_millis(200), tokio::net::TcpStream::connect(address)).await
    {
        waiting.push(connected.unwrap());
    }
    let outbound = outbound(Settings { connect_ms: 50, ..Settings::default() });
    let late = shop(&outbound).hooks().send(get(&format!("http://{address}/")), None).await;
    assert!(matches!(late, Err(Error::ConnectionTimeout)), "{:?}", late.err());
}

#[tokio::test]
async fn silence_inside_a_body_ends_it_and_closes_the_connection() {
    let origin = endless(Duration::from_secs(3_600)).await;
    let outbound = outbound(Settings { between_bytes_ms: 50, ..Settings::default() });
    let answer = shop(&outbound).hooks().send(get(&origin.url("/")), None).await.unwrap();
    assert!(matches!(body_text(answer).await, Err(Error::ConnectionReadTimeout)));
    let closed = async {
        while origin.closed() < 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, closed).await.expect("the connection is closed");
}

#[tokio::test]
async fn an_endless_body_ends_at_the_byte_bound() {
    let origin = endless(Duration::ZERO).await;
    let outbound = outbound(Settings { response_bytes_max: 100_000, ..Settings::default() });
    let answer = shop(&outbound).hooks().send(get(&origin.url("/")), None).await.unwrap();
    assert!(matches!(body_text(answer).await, Err(Error::HttpResponseBodySize(Some(100_000)))));
}

#[tokio::test]
async fn a_body_that_trickles_for_ever_ends_at_the_total_deadline() {
    let origin = endless(Duration::from_millis(10)).await;
    let outbound = outbound(Settings { total_ms: 200, between_bytes_ms: 100, ..Settings::default() });
    let answer = shop(&outbound).hooks().send(get(&origin.url("/")), None).await.unwrap();
    assert!(matches!(body_text(answer).await, Err(Error::HttpResponseTimeout)));
}

#[tokio::test]
async fn an_answer_that_announces_too_much_is_refused_at_its_head() {
    let origin = Origin::start(|_| async { Response::new(text(&"x".repeat(1_001))) }).await;
    let outbound = outbound(Settings { response_bytes_max: 1_000, ..Settings::default() });
    let refused = shop(&outbound).hooks().send(get(&origin.url("/")), None).await;
    assert!(matches!(refused, Err(Error::HttpResponseBodySize(Some(1_001)))));
    let head = http::Request::head(origin.url("/")).body(nothing()).unwrap();
    let answer = shop(&outbound).hooks().send(head, None).await.unwrap();
    assert_eq!(answer.headers()["content-length"], "1001");
}

#[tokio::test]
async fn an_answer_with_a_head_that_is_too_long_is_refused() {
    let origin = Origin::start(|_| async {
        Response::builder().header("x-long", "x".repeat(20_000)).body(text("")).unwrap()
    })
    .await;
    let outbound = outbound(Settings { response_head_bytes_max: 8_192, ..Settings::default() });
    let refused = shop(&outbound).hooks().send(get(&origin.url("/")), None).await;
    assert!(matches!(refused, Err(Error::HttpResponseHeaderSectionSize(None))), "{:?}", refused.err());
}

#[tokio::test]
async fn a_component_over_its_bound_waits_and_then_is_told_so_while_others_go_on() {
    let origin = endless(Duration::from_millis(10)).await;
    let outbound = outbound(Settings { component_requests_max: 1, wait_ms: 50, ..Settings::default() });
    let held = shop(&outbound).hooks().send(get(&origin.url("/")), None).await.unwrap();
    let busy = shop(&outbound).hooks().send(get(&origin.url("/")), None).await;
    assert!(matches!(busy, Err(Error::ConnectionLimitReached)));
    let grants = host_egress::Grants::parse(["http://127.0.0.1:*"]).unwrap();
    let mut neighbour = outbound.instance("mail", grants);
    assert!(neighbour.hooks().send(get(&origin.url("/")), None).await.is_ok());
    drop(held);
    assert!(shop(&outbound).hooks().send(get(&origin.url("/")), None).await.is_ok());
}

#[tokio::test]
async fn a_call_that_is_given_up_gives_its_place_back() {
    let origin = Origin::start(|_| std::future::pending()).await;
    let outbound = outbound(Settings { component_requests_max: 1, wait_ms: 50, ..Settings::default() });
    for _ in 0..3 {
        let sending = shop(&outbound).hooks().send(get(&origin.url("/")), None);
        assert!(tokio::time::timeout(Duration::from_millis(50), sending).await.is_err(), "not answered");
    }
    let closed = async {
        while origin.closed() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, closed).await.expect("all three connections closed");
}

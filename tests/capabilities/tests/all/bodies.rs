//! Bodies both ways: streamed while they arrive, empty, in pieces, with trailers.

use std::time::Duration;

use bytes::Bytes;
use futures::channel::mpsc;
use futures::{SinkExt, StreamExt, stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tests_capabilities::{Bed, bed, run};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PIECE_BYTES: usize = 100_000;

#[test]
fn a_piece_comes_back_before_the_next_is_sent() {
    run(async {
        let bed = bed().await;
        let (mut sender, pieces) = mpsc::channel::<Result<Bytes, std::io::Error>>(1);
        sender.send(Ok(Bytes::from_static(b"first"))).await.unwrap();
        let request = bed.client.post(bed.url("/echo/stream")).body(reqwest::Body::wrap_stream(pieces));
        let answer =
            timeout(Duration::from_secs(10), request.send()).await.expect("the head comes at once").unwrap();
        let mut back = answer.bytes_stream();
        for piece in ["first", "second", "third"] {
            if piece != "first" {
                sender.send(Ok(Bytes::from(piece))).await.unwrap();
            }
            let came =
                timeout(Duration::from_secs(10), back.next()).await.expect("each piece comes back alone");
            assert_eq!(came.unwrap().unwrap(), piece);
        }
        drop(sender);
        assert!(back.next().await.is_none());
    });
}

#[test]
fn a_big_body_passes_through_unchanged() {
    run(async {
        let bed = bed().await;
        let body: Vec<u8> = (0..8_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        let answer = bed.client.post(bed.url("/echo/stream")).body(body.clone()).send().await.unwrap();
        assert_eq!(answer.bytes().await.unwrap(), body);
    });
}

#[test]
fn chunked_and_sized_bodies_count_the_same() {
    run(async {
        let bed = bed().await;
        let pieces: Vec<_> =
            (0..7).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![1_u8; PIECE_BYTES]))).collect();
        let chunked = reqwest::Body::wrap_stream(stream::iter(pieces));
        for body in [chunked, reqwest::Body::from(vec![1_u8; 7 * PIECE_BYTES])] {
            let answer = bed.client.post(bed.url("/echo/count")).body(body).send().await.unwrap();
            let counted: Value = answer.json().await.unwrap();
            assert_eq!((counted["bytes"].as_u64(), counted["sum"].as_u64()), (Some(700_000), Some(700_000)));
        }
    });
}

#[test]
fn an_empty_body_is_empty_in_both_directions() {
    run(async {
        let bed = bed().await;
        let answer = bed.client.post(bed.url("/echo/count")).body("").send().await.unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap()["bytes"], 0);
        let answer = bed.get("/echo/zero").await;
        assert_eq!(answer.status(), 200);
        assert!(answer.bytes().await.unwrap().is_empty());
    });
}

#[test]
fn an_answer_before_the_body_is_read_keeps_the_connection_usable() {
    run(async {
        let bed = bed().await;
        for _ in 0..3 {
            let answer =
                bed.client.post(bed.url("/echo/early")).body(vec![0_u8; 500_000]).send().await.unwrap();
            assert_eq!(answer.text().await.unwrap(), "answered without reading the body");
        }
    });
}

#[test]
fn statuses_pass_through() {
    run(async {
        let bed = bed().await;
        for code in [200_u16, 201, 204, 304, 400, 404, 418, 500, 503] {
            assert_eq!(bed.get(&format!("/echo/status?code={code}")).await.status().as_u16(), code);
        }
    });
}

#[test]
fn trailers_pass_both_ways() {
    run(async {
        let (body, trailers) = with_trailers(bed().await).await;
        assert_eq!(body, "the body");
        assert_eq!(trailers["x-request-trailer"], "from the client");
        assert_eq!(trailers["x-echo-trailer"], "sent after the body");
    });
}

/// Over HTTP/2, the one version in which every client and server keeps trailers.
async fn with_trailers(bed: &Bed) -> (Bytes, hyper::HeaderMap) {
    let stream = TcpStream::connect(bed.running.app_address()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut trailers = hyper::HeaderMap::new();
    trailers.insert("x-request-trailer", "from the client".parse().unwrap());
    let frames = [
        Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from_static(b"the body"))),
        Ok(Frame::trailers(trailers)),
    ];
    let request = hyper::Request::post(bed.url("/echo/trailers")).body(StreamBody::new(stream::iter(frames)));
    let answer = sender.send_request(request.unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    let collected = answer.into_body().collect().await.unwrap();
    let trailers = collected.trailers().cloned().unwrap_or_default();
    (collected.to_bytes(), trailers)
}

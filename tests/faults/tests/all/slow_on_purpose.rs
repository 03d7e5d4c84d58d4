//! One client that is slow on purpose, many times over: it keeps nobody else out.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::Request;
use hyper::body::Frame;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tests_faults::{Host, Launch, Line, run};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

type Body = UnsyncBoxBody<Bytes, Infallible>;

const CONNECTIONS: usize = 3;
const STREAMS: usize = 200;

/// Streams of one client's few connections, each with what `request` makes; they stand as long as what comes back.
async fn streams(
    host: &Host,
    window_bytes: u32,
    request: impl Fn() -> Request<Body>,
) -> JoinSet<Option<hyper::Response<hyper::body::Incoming>>> {
    let mut streams = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(host.address()).await.unwrap();
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .initial_stream_window_size(window_bytes)
            .handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        for _ in 0..STREAMS {
            let (mut sender, request): (SendRequest<Body>, _) = (sender.clone(), request());
            streams.spawn(async move {
                sender.ready().await.ok()?;
                // An answer's head may come; nothing is ever read of its body.
                let answer = sender.send_request(request).await.ok()?;
                tokio::time::sleep(Duration::from_secs(60)).await;
                Some(answer)
            });
        }
    }
    streams
}

/// Ten ordinary requests, half of them with a body, while an attack stands.
async fn is_open(host: &Host) {
    // What is slow has been told from what is not, and has filled what it can fill.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let began = Instant::now();
    let asked = (0..10).map(|number| async move {
        let mut line = Line::to(host.address()).await;
        if number % 2 == 0 {
            line.say("GET /echo/info HTTP/1.1\r\nhost: x\r\n\r\n").await;
        } else {
            line.say("POST /echo/count HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello").await;
        }
        line.hear(true).await.status
    });
    assert_eq!(join_all(asked).await, [200; 10]);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[test]
fn six_hundred_answers_that_nobody_reads_keep_nobody_out() {
    run(async {
        let host = Launch::components().start().await.unwrap();
        let url = host.at("/echo/info");
        let _attack =
            streams(&host, 0, || Request::get(&url).body(Empty::new().boxed_unsync()).unwrap()).await;
        is_open(&host).await;
    });
}

#[test]
fn six_hundred_heads_whose_bodies_never_come_keep_nobody_out() {
    run(async {
        let host = Launch::components().start().await.unwrap();
        let url = host.at("/echo/count");
        let never = || StreamBody::new(futures::stream::pending::<Result<Frame<Bytes>, Infallible>>());
        let _attack =
            streams(&host, 65_535, || Request::post(&url).body(never().boxed_unsync()).unwrap()).await;
        is_open(&host).await;
    });
}

#[test]
fn five_hundred_bodies_that_dribble_keep_nobody_out() {
    run(async {
        let host = Launch::components().start().await.unwrap();
        let mut lines = Vec::new();
        for _ in 0..520 {
            let mut line = Line::to(host.address()).await;
            line.say("POST /echo/count HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n1").await;
            lines.push(line);
        }
        is_open(&host).await;
        for line in &mut lines {
            // Those that found no place were told so and are gone.
            line.say("2").await;
        }
        is_open(&host).await;
    });
}

#[test]
fn a_long_answer_that_nobody_reads_keeps_no_ordinary_place() {
    run(async {
        let launch =
            Launch::components().flag("--concurrent-requests-max", 1).flag("--queued-requests-max", 0);
        let host = launch.start().await.unwrap();
        let mut unread = Line::to(host.address()).await;
        unread.say("GET /misbehaving/huge?mib=100000 HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(unread.hear(false).await.status, 200);
        let mut line = Line::to(host.address()).await;
        line.say("GET /echo/info HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(line.hear(true).await.status, 200);
        host.until_metric_is("moalog_http_requests_inside", 1, Duration::from_secs(1)).await;
    });
}

#[test]
fn a_body_that_takes_its_time_is_whole_and_so_is_an_answer_meanwhile() {
    run(async {
        let host = Launch::components().flag("--concurrent-requests-max", 4).start().await.unwrap();
        let mut line = Line::to(host.address()).await;
        line.say("POST /echo/count HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n01234").await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        host.until_metric_is("moalog_http_requests_inside", 1, Duration::from_secs(1)).await;
        let mut late = Line::to(host.address()).await;
        late.say("POST /echo/count HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n01234").await;
        let heard = late.hear(true).await;
        heard.refused(503, "COMMON503");
        assert!(heard.header("retry-after").is_some(), "the one slow place of four is taken");
        is_open(&host).await;
        line.say("56789").await;
        assert!(line.hear(true).await.text().contains("\"bytes\":10"));
        host.until_metric_is("moalog_http_requests_inside", 0, Duration::from_secs(1)).await;
    });
}

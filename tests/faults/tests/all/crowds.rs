//! Very many at once: connections, streams, files.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tests_faults::{Host, Launch, Line, run};
use tokio::net::TcpStream;

const INSIDE: &str = "moalog_http_requests_inside";
const INFO: &str = "GET /echo/info HTTP/1.1\r\nhost: x\r\n\r\n";

type Sender = SendRequest<Empty<Bytes>>;

async fn http2(host: &Host, window_bytes: Option<u32>) -> Sender {
    let stream = TcpStream::connect(host.address()).await.unwrap();
    let mut builder = Builder::new(TokioExecutor::new());
    if let Some(bytes) = window_bytes {
        builder.initial_stream_window_size(bytes).initial_connection_window_size(bytes.max(65_535));
    }
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn get(host: &Host, path: &str) -> Request<Empty<Bytes>> {
    Request::get(host.at(path)).body(Empty::new()).unwrap()
}

#[test]
fn a_full_file_table_is_survived() {
    run(async {
        let host = Launch::components().start().await.unwrap();
        let mut inside = Line::to(host.address()).await;
        inside.say(INFO).await;
        assert_eq!(inside.hear(true).await.status, 200);
        // One metrics connection and a little more.
        host.limit_files(host.open_files() + 6);
        let mut crowd = Vec::new();
        for _ in 0..40 {
            let mut line = Line::to(host.address()).await;
            line.say(INFO).await;
            crowd.push(line);
        }
        tokio::time::sleep(Duration::from_millis(600)).await;
        inside.say("GET /echo/status?code=204 HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(inside.hear(true).await.status, 204, "who is inside is served");
        let told = host.log().matches("cannot accept connections").count();
        assert_eq!(told, 1, "told once, not on every try\n{}", host.log());
        drop(crowd);
        let mut late = Line::to(host.address()).await;
        late.say(INFO).await;
        assert_eq!(late.hear(true).await.status, 200, "and it goes on when there is room again");
        assert!(host.metric("moalog_http_accept_errors_total").await > 2);
        assert_eq!(host.probe("/livez").await.unwrap().0, 200);
    });
}

#[test]
fn one_connection_too_many_is_turned_away_with_a_word() {
    run(async {
        let host = Launch::components().flag("--connections-max", 5).start().await.unwrap();
        // The probe of the start may not have been noticed as gone.
        host.until_metric_is("moalog_http_connections_open", 0, Duration::from_secs(2)).await;
        let mut inside = Vec::new();
        for _ in 0..5 {
            let mut line = Line::to(host.address()).await;
            line.say(INFO).await;
            assert_eq!(line.hear(true).await.status, 200);
            inside.push(line);
        }
        let mut late = Line::to(host.address()).await;
        let heard = late.hear(true).await;
        heard.refused(503, "COMMON503");
        assert!(heard.header("retry-after").is_some());
        late.until_closed().await;
        inside.pop();
        host.until_metric_is("moalog_http_connections_open", 4, Duration::from_secs(2)).await;
        let mut next = Line::to(host.address()).await;
        next.say(INFO).await;
        assert_eq!(next.hear(true).await.status, 200);
        assert_eq!(host.metric("moalog_http_connections_turned_away_total").await, 1);
    });
}

#[test]
fn beyond_its_places_and_its_queue_the_host_says_when_to_come_back() {
    run(async {
        let host = Launch::components()
            .flag("--concurrent-requests-max", 4)
            .flag("--queued-requests-max", 2)
            .flag("--queue-ms-max", 400)
            .start()
            .await
            .unwrap();
        let wait = |ms: u64| {
            let url = host.at(&format!("/echo/wait?ms={ms}"));
            async move {
                let answer = reqwest::get(url).await.unwrap();
                let later = answer.headers().contains_key("retry-after");
                (answer.status().as_u16(), later)
            }
        };
        let crowd = futures::future::join_all((0..10).map(|_| wait(1_500)));
        let crowd = crowd.await;
        assert_eq!(crowd.iter().filter(|said| **said == (200, false)).count(), 4, "{crowd:?}");
        assert_eq!(crowd.iter().filter(|said| **said == (503, true)).count(), 6, "{crowd:?}");
        assert_eq!(wait(0).await.0, 200);
    });
}

#[test]
fn many_streams_share_one_connection_of_http_2() {
    run(async {
        let host = Launch::components().start().await.unwrap();
        let sender = http2(&host, None).await;
        let mut asked = tokio::task::JoinSet::new();
        for number in 0..2_000 {
            let (mut sender, request) = (sender.clone(), get(&host, &format!("/echo/info?n={number}")));
            asked.spawn(async move {
                sender.ready().await.unwrap();
                let answer = sender.send_request(request).await.unwrap();
                let status = answer.status();
                let body = answer.into_body().collect().await.unwrap().to_bytes();
                (status.as_u16(), String::from_utf8_lossy(&body).contains(&format!("n={number}\"")))
            });
        }
        while let Some(said) = asked.join_next().await {
            assert_eq!(said.unwrap(), (200, true));
        }
        assert_eq!(host.metric("moalog_http_connections_open").await, 1);
        let mut sender = sender;
        let heard = sender.send_request(get(&host, "/nowhere")).await.unwrap();
        assert_eq!(heard.status(), 404);
        let body = heard.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&body).contains("COMMON404"));
    });
}

#[test]
fn streams_that_are_opened_only_to_be_reset_cost_their_client_alone() {
    run(async {
        let host = Launch::components().start().await.unwrap();
        let before = host.resident_bytes();
        let attack = async {
            for _ in 0..5 {
                let mut sender = http2(&host, None).await;
                for _ in 0..2_000 {
                    // A dropped request is RST_STREAM; the host may close the connection on such a client.
                    if sender.ready().await.is_err() {
                        break;
                    }
                    let asked = sender.send_request(get(&host, "/echo/wait?ms=20000"));
                    let _ = futures::FutureExt::now_or_never(asked);
                }
            }
        };
        let neighbour = async {
            for _ in 0..40 {
                let mut line = Line::to(host.address()).await;
                line.say(INFO).await;
                let heard = line.hear(true).await;
                assert!(heard.status == 200 && heard.after < Duration::from_millis(1_500), "{heard:?}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::join!(attack, neighbour);
        host.until_metric_is(INSIDE, 0, Duration::from_secs(5)).await;
        let grown = host.resident_bytes().saturating_sub(before);
        assert!(grown < 256 << 20, "{grown} bytes more");
    });
}

#[test]
fn a_stream_whose_client_takes_nothing_is_reset_and_the_others_go_on() {
    run(async {
        let host = Launch::components().flag("--answer-idle-ms-max", 1_000).start().await.unwrap();
        let mut sender = http2(&host, Some(0)).await;
        let stuck = sender.send_request(get(&host, "/misbehaving/huge?mib=100")).await.unwrap();
        let refused = sender.send_request(get(&host, "/nowhere")).await.unwrap();
        assert_eq!((stuck.status().as_u16(), refused.status().as_u16()), (200, 404));
        assert_eq!(host.metric(INSIDE).await, 1);
        host.until_metric_is(INSIDE, 0, Duration::from_secs(4)).await;
        assert!(stuck.into_body().collect().await.is_err(), "a cut answer is not taken for a whole one");
        let again = sender.send_request(get(&host, "/echo/status?code=204")).await.unwrap();
        assert_eq!(again.status(), 204, "the connection goes on");
    });
}

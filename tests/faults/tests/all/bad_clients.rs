//! One client that is slow, wrong, endless or gone: each gets its answer in the envelope, and nothing else happens.

use std::time::{Duration, Instant};

use tests_faults::{Heard, Host, Launch, Line, run};

const HEAD_MS_MAX: u64 = 600;
const BODY_IDLE_MS_MAX: u64 = 600;
const ANSWER_IDLE_MS_MAX: u64 = 1_200;
const BODY_BYTES_MAX: usize = 100_000;
const HEADER_BYTES_MAX: usize = 8_192;
const INSIDE: &str = "moalog_http_requests_inside";

async fn strict() -> Host {
    Launch::components()
        .flag("--header-read-ms-max", HEAD_MS_MAX)
        .flag("--body-idle-ms-max", BODY_IDLE_MS_MAX)
        .flag("--answer-idle-ms-max", ANSWER_IDLE_MS_MAX)
        .flag("--body-bytes-max", BODY_BYTES_MAX)
        .flag("--header-bytes-max", HEADER_BYTES_MAX)
        .flag("--headers-max", 40)
        .flag("--idle-ms-max", 3_000)
        .start()
        .await
        .unwrap()
}

async fn answer_to(host: &Host, bytes: impl AsRef<[u8]>) -> Heard {
    let mut line = Line::to(host.address()).await;
    line.say(bytes).await;
    line.hear(true).await
}

async fn is_well(host: &Host) {
    let began = Instant::now();
    assert_eq!(answer_to(host, "GET /echo/info HTTP/1.1\r\nhost: x\r\n\r\n").await.status, 200);
    assert!(began.elapsed() < Duration::from_millis(1_000), "{:?}", began.elapsed());
}

#[test]
fn a_head_that_does_not_end_is_a_408() {
    run(async {
        let host = strict().await;
        let mut silent = Line::to(host.address()).await;
        silent.say("GET /echo/info HTTP/1.1\r\nhost: x\r\nx-part").await;
        let began = Instant::now();
        silent.hear(true).await.refused(408, "COMMON408");
        assert!(began.elapsed() < Duration::from_millis(HEAD_MS_MAX * 2), "{:?}", began.elapsed());
        silent.until_closed().await;

        let mut dribbling = Line::to(host.address()).await;
        let began = Instant::now();
        for byte in "GET /echo/info HTTP/1.1\r\nhost: x\r\nx-long: aaaaaaaaaaaaaaaaaaaaaaaaaaaa".bytes() {
            if !dribbling.say([byte]).await || began.elapsed() > Duration::from_millis(HEAD_MS_MAX * 3) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        dribbling.hear(true).await.refused(408, "COMMON408");
        is_well(&host).await;
    });
}

#[test]
fn a_thousand_slow_heads_keep_nobody_out() {
    run(async {
        let host = strict().await;
        let mut slow = Vec::new();
        for _ in 0..1_000 {
            let mut line = Line::to(host.address()).await;
            line.say("POST /echo/count HTTP/1.1\r\nx-slow: ").await;
            slow.push(line);
        }
        is_well(&host).await;
        for line in &mut slow {
            line.hear(true).await.refused(408, "COMMON408");
        }
        is_well(&host).await;
    });
}

#[test]
fn a_body_that_pauses_too_long_is_a_408_and_a_slow_one_is_not() {
    run(async {
        let host = strict().await;
        let mut silent = Line::to(host.address()).await;
        silent.say("POST /echo/count HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n0123456789").await;
        let began = Instant::now();
        silent.hear(true).await.refused(408, "COMMON408");
        assert!(began.elapsed() < Duration::from_millis(BODY_IDLE_MS_MAX * 2), "{:?}", began.elapsed());
        host.until_metric_is(INSIDE, 0, Duration::from_secs(2)).await;

        let mut slow = Line::to(host.address()).await;
        slow.say("POST /echo/count HTTP/1.1\r\nhost: x\r\ncontent-length: 8\r\n\r\n").await;
        for byte in b"12345678" {
            tokio::time::sleep(Duration::from_millis(BODY_IDLE_MS_MAX / 3)).await;
            assert!(slow.say([*byte]).await);
        }
        assert!(slow.hear(true).await.text().contains("\"bytes\":8"));
    });
}

#[test]
fn what_is_too_large_or_malformed_is_refused_in_the_envelope() {
    run(async {
        let host = strict().await;
        let announced =
            format!("POST /echo/count HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", BODY_BYTES_MAX + 1);
        answer_to(&host, announced).await.refused(413, "COMMON413");

        let mut chunked =
            b"POST /echo/count HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        for _ in 0..=BODY_BYTES_MAX / 10_000 {
            chunked.extend_from_slice(format!("{:x}\r\n{}\r\n", 10_000, "b".repeat(10_000)).as_bytes());
        }
        chunked.extend_from_slice(b"0\r\n\r\n");
        answer_to(&host, chunked).await.refused(413, "COMMON413");

        let long_path = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "p".repeat(HEADER_BYTES_MAX + 1));
        answer_to(&host, long_path).await.refused(414, "COMMON414");
        let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x-a: b\r\n".repeat(60));
        answer_to(&host, many).await.refused(431, "COMMON431");
        let very_many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x-a: b\r\n".repeat(500));
        answer_to(&host, very_many).await.refused(431, "COMMON431");
        let large = format!("GET / HTTP/1.1\r\nhost: x\r\nx-a: {}\r\n\r\n", "b".repeat(HEADER_BYTES_MAX));
        answer_to(&host, large).await.refused(431, "COMMON431");
        let very_large = format!("GET / HTTP/1.1\r\nhost: x\r\nx-a: {}\r\n\r\n", "b".repeat(1 << 20));
        answer_to(&host, very_large).await.refused(431, "COMMON431");

        for malformed in [
            "nonsense\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: one\r\nbad name: x\r\n\r\n",
            "GET http://one/ HTTP/1.1\r\nhost: other\r\n\r\n",
            "POST /echo/count HTTP/1.1\r\nhost: x\r\ncontent-length: many\r\n\r\n",
            "POST /echo/count HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            "GET / HTTP/7.3\r\nhost: x\r\n\r\n",
        ] {
            let heard = answer_to(&host, malformed).await;
            assert_eq!(heard.status, 400, "{malformed:?} {}", heard.text());
            heard.refused(400, "COMMON400");
        }
        is_well(&host).await;
        host.until_metric_is(INSIDE, 0, Duration::from_secs(2)).await;
        assert!(!host.log().contains("\"level\":\"ERROR\""), "a client's fault is no error\n{}", host.log());
    });
}

#[test]
fn bodies_in_chunks_empty_and_none_are_told_apart_on_one_connection() {
    run(async {
        let host = strict().await;
        let mut line = Line::to(host.address()).await;
        line.say("POST /echo/count HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").await;
        line.say("5;name=value\r\nhello\r\n1\r\n!\r\n0\r\nx-trailer: end\r\n\r\n").await;
        assert!(line.hear(true).await.text().contains("\"bytes\":6"));
        line.say("POST /echo/count HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await;
        assert!(line.hear(true).await.text().contains("\"bytes\":0"));
        line.say("POST /echo/count HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(line.hear(true).await.text().contains("\"bytes\":0"));
        line.say("HEAD /echo/info HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let head = line.hear(false).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        line.say("OPTIONS /echo/info HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(line.hear(true).await.text().contains("\"OPTIONS\""));
        line.say("HEAD /nowhere HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(line.hear(false).await.status, 404);
        // Two at once: answered in order.
        line.say(
            "GET /echo/status?code=201 HTTP/1.1\r\nhost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n",
        )
        .await;
        assert_eq!(line.hear(true).await.status, 201);
        line.hear(true).await.refused(404, "COMMON404");
        line.say("POST /echo/count HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
            .await;
        assert_eq!(line.hear(true).await.status, 100);
        line.say("ok").await;
        assert!(line.hear(true).await.text().contains("\"bytes\":2"));
    });
}

#[test]
fn an_answer_that_stands_still_loses_its_place() {
    run(async {
        let host = strict().await;
        let mut line = Line::to(host.address()).await;
        line.say("GET /misbehaving/drip?pieces=2&ms=20000 HTTP/1.1\r\nhost: x\r\n\r\n").await;
        host.until_metric_is(INSIDE, 1, Duration::from_secs(5)).await;
        let took = line.until_closed().await;
        assert!(took < Duration::from_millis(ANSWER_IDLE_MS_MAX * 3), "{took:?}");
        host.until_metric_is(INSIDE, 0, Duration::from_secs(1)).await;
    });
}

#[test]
fn a_slow_answer_is_not_cut_and_an_unread_one_is() {
    run(async {
        let host = strict().await;
        let ms = ANSWER_IDLE_MS_MAX / 2;
        let drip = reqwest::get(host.at(&format!("/misbehaving/drip?pieces=6&ms={ms}"))).await.unwrap();
        assert!(drip.text().await.unwrap().ends_with("drip 5\n"));

        let mut unread = Line::to(host.address()).await;
        unread.say("GET /misbehaving/huge?mib=100000 HTTP/1.1\r\nhost: x\r\n\r\n").await;
        host.until_metric_is(INSIDE, 1, Duration::from_secs(5)).await;
        host.until_metric_is(INSIDE, 0, Duration::from_millis(ANSWER_IDLE_MS_MAX * 3)).await;
    });
}

#[test]
fn a_body_that_never_ends_holds_no_place() {
    run(async {
        let host = strict().await;
        // Answered while it arrives, so that no bound on the head applies any more.
        let mut line = Line::to(host.address()).await;
        line.say("POST /echo/stream HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
            .await;
        assert_eq!(line.hear(false).await.status, 200);
        host.until_metric_is(INSIDE, 1, Duration::from_secs(5)).await;
        let took = line.until_closed().await;
        assert!(took < Duration::from_millis((BODY_IDLE_MS_MAX + ANSWER_IDLE_MS_MAX) * 2), "{took:?}");
        host.until_metric_is(INSIDE, 0, Duration::from_secs(1)).await;
    });
}

#[test]
fn a_connection_at_rest_is_closed_in_the_end() {
    run(async {
        let host = strict().await;
        let mut used = Line::to(host.address()).await;
        used.say("GET /echo/info HTTP/1.1\r\nhost: x\r\n\r\n").await;
        used.hear(true).await;
        let mut unused = Line::to(host.address()).await;
        let (one, other) = tokio::join!(used.until_closed(), unused.until_closed());
        for took in [one, other] {
            assert!(took > Duration::from_millis(1_500) && took < Duration::from_millis(6_000), "{took:?}");
        }
    });
}

#[test]
fn who_hangs_up_ends_the_work() {
    run(async {
        let host = strict().await;
        let mut lines = Vec::new();
        for _ in 0..20 {
            let mut line = Line::to(host.address()).await;
            line.say("GET /echo/wait?ms=25000 HTTP/1.1\r\nhost: x\r\n\r\n").await;
            lines.push(line);
        }
        host.until_metric_is(INSIDE, 20, Duration::from_secs(5)).await;
        drop(lines);
        host.until_metric_is(INSIDE, 0, Duration::from_secs(2)).await;
        host.until_log_says("client went away", 20, Duration::from_secs(2)).await;
        is_well(&host).await;
    });
}

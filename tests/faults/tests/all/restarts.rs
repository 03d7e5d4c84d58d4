//! Going down and coming up while people are inside.

use std::time::Duration;

use hyper::Method;
use rustix::process::Signal;
use tests_faults::{Balancer, Host, Launch, Line, Load, Whole, ask, run, token};

const NOTICE_MS: u64 = 300;
const END_BOUND: Duration = Duration::from_secs(20);

async fn behind(balancer: &Balancer, whole: &Whole) -> Host {
    let launch = whole.launch(&format!("http://{}", balancer.address())).flag("--drain-notice-ms", NOTICE_MS);
    let host = launch.start().await.unwrap();
    balancer.add(host.address(), host.admin());
    host
}

async fn replaced(mut old: Host, balancer: &Balancer, whole: &Whole) -> Host {
    old.signal(Signal::TERM);
    assert_eq!(old.ended(END_BOUND).await.code, Some(0), "{}", old.log());
    balancer.remove(old.address());
    let new = behind(balancer, whole).await;
    balancer.until_ready(2).await;
    new
}

#[test]
fn a_rolling_restart_under_load_fails_no_request() {
    run(async {
        let whole = Whole::start().await.unwrap();
        let balancer = Balancer::start().await;
        let (mut one, mut other) = (behind(&balancer, &whole).await, behind(&balancer, &whole).await);
        balancer.until_ready(2).await;
        let origin = format!("http://{}", balancer.address());
        let bearer = format!("Bearer {}", token(&origin, "rolling").await);
        let reads = Load {
            headers: vec![("authorization".into(), bearer.clone())],
            ..Load::get("/api/v1/members/me")
        };
        let writes = Load {
            method: Method::PATCH,
            path: "/api/v1/members/me".into(),
            headers: vec![
                ("authorization".into(), bearer),
                ("content-type".into(), "application/json".into()),
            ],
            body: r#"{"nickname":"rolling"}"#.into(),
            pause: Duration::from_millis(40),
        };
        // One that rests between its requests has the best chance to meet a closing connection.
        let slow = Load { pause: Duration::from_millis(70), ..reads.clone() };
        let clients = [
            reads.start(balancer.address(), 4),
            slow.start(balancer.address(), 8),
            writes.start(balancer.address(), 1),
        ];
        for _ in 0..2 {
            one = replaced(one, &balancer, &whole).await;
            other = replaced(other, &balancer, &whole).await;
        }
        for clients in clients {
            let tally = clients.stop().await;
            assert!(
                tally.failures.is_empty(),
                "{} failed: {:?}",
                tally.failures.len(),
                tally.failures.first()
            );
            assert!(tally.answered > 50, "{tally:?}");
        }
        drop((one, other));
    });
}

#[test]
fn a_first_signal_lets_requests_end_and_the_exit_is_clean() {
    run(async {
        let mut host = Launch::components().start().await.unwrap();
        let slow = tokio::spawn(reqwest::get(host.at("/echo/wait?ms=1500")));
        host.until_metric_is("moalog_http_requests_inside", 1, Duration::from_secs(5)).await;
        host.signal(Signal::TERM);
        let answer = slow.await.unwrap().unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.text().await.unwrap().contains("1500"));
        let ended = host.ended(END_BOUND).await;
        assert_eq!(ended.code, Some(0), "{}", host.log());
        assert!(!host.log().contains("ERROR"), "instances at rest end with the host\n{}", host.log());
        assert!(tokio::net::TcpStream::connect(host.address()).await.is_err());
    });
}

#[test]
fn a_second_signal_ends_the_host_at_once() {
    run(async {
        let mut host = Launch::components().start().await.unwrap();
        let slow = tokio::spawn(reqwest::get(host.at("/echo/wait?ms=20000")));
        host.until_metric_is("moalog_http_requests_inside", 1, Duration::from_secs(5)).await;
        host.signal(Signal::TERM);
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(host.metric("moalog_http_requests_inside").await, 1, "the first signal waits");
        host.signal(Signal::INT);
        let ended = host.ended(Duration::from_secs(2)).await;
        assert_eq!(ended.code, Some(130));
        assert!(ended.after < Duration::from_millis(500), "{ended:?}");
        assert!(slow.await.unwrap().is_err());
    });
}

#[test]
fn during_the_notice_everything_is_served_and_everybody_is_told_to_leave() {
    run(async {
        let mut host = Launch::components().flag("--drain-notice-ms", 1_500).start().await.unwrap();
        let mut kept = Line::to(host.address()).await;
        kept.say("GET /echo/info HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(kept.hear(true).await.header("connection"), None);
        host.signal(Signal::TERM);
        while !host.probe("/readyz").await.unwrap().1.contains("going down") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut late = Line::to(host.address()).await;
        for line in [&mut kept, &mut late] {
            line.say("GET /echo/info HTTP/1.1\r\nhost: x\r\n\r\n").await;
            let heard = line.hear(true).await;
            assert_eq!((heard.status, heard.header("connection")), (200, Some("close")));
            line.until_closed().await;
        }
        assert_eq!(host.ended(END_BOUND).await.code, Some(0));
    });
}

#[test]
fn who_was_let_in_before_the_port_closed_is_answered_after_it() {
    run(async {
        let mut host = Launch::components().start().await.unwrap();
        let mut lines = Vec::new();
        for _ in 0..50 {
            lines.push(Line::to(host.address()).await);
        }
        let mut used = Line::to(host.address()).await;
        used.say("GET /echo/info HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(used.hear(true).await.status, 200);
        lines.push(used);
        host.signal(Signal::TERM);
        while tokio::net::TcpStream::connect(host.address()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for line in &mut lines {
            assert!(line.say("GET /echo/info HTTP/1.1\r\nhost: x\r\n\r\n").await);
        }
        for line in &mut lines {
            let heard = line.hear(true).await;
            assert_eq!((heard.status, heard.header("connection")), (200, Some("close")));
        }
        assert_eq!(host.ended(END_BOUND).await.code, Some(0));
    });
}

/// Two hosts of the whole app on one set of data; the first is enough to see that the second sees its writes.
#[test]
fn two_hosts_serve_one_app() {
    run(async {
        let whole = Whole::start().await.unwrap();
        let public = "http://app.example";
        let (one, other) = tokio::join!(whole.launch(public).start(), whole.launch(public).start());
        let (one, other) = (one.unwrap(), other.unwrap());
        let token = token(&one.at(""), "shared").await;
        let room = serde_json::json!({ "title": "both" });
        let made = ask(Method::POST, &one.at("/api/v1/retro-rooms"), Some(&token), Some(&room)).await;
        assert_eq!(made.body["isSuccess"], true, "{made:?}");
        let seen = ask(Method::GET, &other.at("/api/v1/retro-rooms"), Some(&token), None).await;
        assert!(seen.body.to_string().contains("both"), "{seen:?}");
    });
}

//! Outbound HTTP through `wasi:http` 0.3 and 0.2: grants, bounds, streaming, service chaining, hang-ups.

use std::time::Duration;

use serde_json::{Value, json};
use tests_capabilities::{Bed, bed, err, ok, run};

const BOTH: [&str; 2] = ["p3", "p2"];

async fn fetch(bed: &Bed, order: Value) -> Value {
    bed.post_json("/outbound-http/fetch", &order).await
}

#[test]
fn a_granted_server_answers_through_both_versions() {
    run(async {
        let bed = bed().await;
        for via in BOTH {
            let url = format!("{}/hello", bed.target.origin());
            let answer = fetch(bed, json!({ "url": url, "via": via })).await;
            assert_eq!(
                (&ok(&answer)["status"], &ok(&answer)["body"]["utf8"]),
                (&json!(200), &json!("hello")),
                "{via}"
            );
        }
    });
}

#[test]
fn bodies_and_headers_arrive_as_they_were_sent() {
    run(async {
        let bed = bed().await;
        for via in BOTH {
            let order = json!({
                "url": format!("{}/echo", bed.target.origin()), "via": via, "method": "POST", "bodyBytes": 1_000_000,
            });
            assert_eq!(ok(&fetch(bed, order).await)["bytes"], 1_000_000, "{via}");
            let order = json!({
                "url": format!("{}/headers", bed.target.origin()), "via": via, "headers": [["x-mine", "one"], ["x-mine", "two"]],
            });
            let answer = fetch(bed, order).await;
            let seen: Value = serde_json::from_str(ok(&answer)["body"]["utf8"].as_str().unwrap()).unwrap();
            let mine: Vec<_> = seen.as_array().unwrap().iter().filter(|pair| pair[0] == "x-mine").collect();
            assert_eq!(mine.len(), 2, "{via}: {seen}");
        }
    });
}

#[test]
fn what_is_not_granted_is_denied_and_never_called() {
    run(async {
        let bed = Bed::start(|_| {}).await.unwrap();
        let other = Bed::start(|_| {}).await.unwrap();
        for via in BOTH {
            let order = json!({ "url": format!("{}/hello", other.target.origin()), "via": via });
            assert_eq!(err(&fetch(&bed, order).await)["code"], "HttpRequestDenied", "{via}");
            let order = json!({ "url": format!("{}/hello", bed.target.origin()), "via": via });
            let answer = bed.post_json("/ungranted/outbound-http/fetch", &order).await;
            assert_eq!(err(&answer)["code"], "HttpRequestDenied", "{via}");
        }
        assert_eq!((bed.target.requests(), other.target.requests()), (0, 0));
        bed.running.stop().await;
        other.running.stop().await;
    });
}

#[test]
fn statuses_and_redirects_are_the_components_affair() {
    run(async {
        let bed = bed().await;
        for via in BOTH {
            let url = |path: &str| json!({ "url": format!("{}{path}", bed.target.origin()), "via": via });
            assert_eq!(ok(&fetch(bed, url("/status/503")).await)["status"], 503, "{via}");
            assert_eq!(ok(&fetch(bed, url("/redirect")).await)["status"], 302, "{via}");
        }
    });
}

#[test]
fn a_refused_connection_is_a_typed_error() {
    run(async {
        let bed = Bed::start(|start| {
            start.values.insert("target_origin".to_owned(), "http://127.0.0.1:1".to_owned());
        })
        .await
        .unwrap();
        for via in BOTH {
            let answer = fetch(&bed, json!({ "url": "http://127.0.0.1:1/", "via": via })).await;
            assert_eq!(err(&answer)["code"], "ConnectionRefused", "{via}");
        }
        bed.running.stop().await;
    });
}

#[test]
fn a_timeout_of_the_request_is_kept() {
    run(async {
        let bed = bed().await;
        for via in BOTH {
            let order = json!({
                "url": format!("{}/slow/20000", bed.target.origin()), "via": via, "timeoutMs": { "firstByte": 200 },
            });
            let began = std::time::Instant::now();
            err(&fetch(bed, order).await);
            assert!(began.elapsed() < Duration::from_secs(5), "{via}");
        }
    });
}

#[test]
fn an_answer_may_be_left_half_read() {
    run(async {
        let bed = bed().await;
        for via in BOTH {
            let order = json!({ "url": format!("{}/big/50000000", bed.target.origin()), "via": via, "readBytesMax": 100_000 });
            let bytes = ok(&fetch(bed, order).await)["bytes"].as_u64().unwrap();
            assert!((100_000..50_000_000).contains(&bytes), "{via}: {bytes}");
        }
    });
}

#[test]
fn calls_run_side_by_side() {
    run(async {
        let bed = bed().await;
        let order = json!({ "url": format!("{}/slow/300", bed.target.origin()), "times": 10 });
        let began = std::time::Instant::now();
        let answers = bed.post_json("/outbound-http/together", &order).await;
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        assert_eq!(answers.as_array().unwrap().iter().filter(|answer| answer["ok"] == 200).count(), 10);
    });
}

#[test]
fn a_body_is_piped_through_while_it_arrives() {
    run(async {
        let bed = bed().await;
        let url = bed.url(&format!("/outbound-http/pipe?url={}/echo", bed.target.origin()));
        let body: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        let answer = bed.client.post(url).body(body.clone()).send().await.unwrap();
        assert_eq!(answer.bytes().await.unwrap(), body);
    });
}

#[test]
fn a_dropped_call_closes_its_connection() {
    run(async {
        let bed = Bed::start(|_| {}).await.unwrap();
        let path = format!("/outbound-http/hang-up?url={}/hang", bed.target.origin());
        assert_eq!(*ok(&bed.get_json(&path).await), json!("hung up"));
        seen_hanging_up(&bed, 1).await;
        bed.running.stop().await;
    });
}

#[test]
fn a_client_that_hangs_up_ends_the_outbound_call_too() {
    run(async {
        let bed = Bed::start(|_| {}).await.unwrap();
        let url = bed.url(&format!("/outbound-http/pipe?url={}/hang", bed.target.origin()));
        let call = bed.client.get(url).timeout(Duration::from_millis(500)).send().await;
        assert!(call.is_err_and(|error| error.is_timeout()));
        seen_hanging_up(&bed, 1).await;
        bed.running.stop().await;
    });
}

async fn seen_hanging_up(bed: &Bed, times: usize) {
    for _ in 0..50 {
        if bed.target.hung_up() == times {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{} hung up, not {times}", bed.target.hung_up());
}

#[test]
fn self_and_other_components_are_reached_by_name() {
    run(async {
        let bed = bed().await;
        for via in BOTH {
            for host in ["echo", "private-echo"] {
                let order = json!({ "url": format!("http://{host}.spin.internal/there?q=1"), "via": via });
                let answer = fetch(bed, order).await;
                let seen: Value =
                    serde_json::from_str(ok(&answer)["body"]["utf8"].as_str().unwrap()).unwrap();
                assert!(seen["uri"].as_str().unwrap().ends_with("/there?q=1"), "{via} {host}: {seen}");
            }
        }
        let answer = fetch(bed, json!({ "url": "http://misbehaving.spin.internal/fine" })).await;
        assert_eq!(err(&answer)["code"], "HttpRequestDenied");
        let answer = fetch(bed, json!({ "url": "http://self.alt/echo/info" })).await;
        assert_eq!(ok(&answer)["status"], 200, "self.alt is this application");
    });
}

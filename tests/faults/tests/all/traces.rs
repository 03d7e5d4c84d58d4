//! A trace goes through the host: from its caller to the component, to what the component passes it on to, and to the
//! collector.

use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::{Value, json};
use tests_faults::{Collector, Host, Launch, Whole, ask, run};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

/// What the component gets as `traceparent` inside the trace.
async fn seen(host: &Host) -> String {
    let request = reqwest::Client::new().get(host.at("/echo/info"));
    let answer = request.header("traceparent", format!("00-{TRACE}-{CALLER}-01")).send().await.unwrap();
    let said: Value = answer.json().await.unwrap();
    let mut parents = said["headers"].as_array().unwrap().iter().filter(|pair| pair[0] == "traceparent");
    let parent = parents.next().unwrap_or_else(|| panic!("{said}"))[1].as_str().unwrap().to_owned();
    assert!(parents.next().is_none(), "{said}");
    parent
}

/// Lets a component pass `parent` on to `service`; gives the `traceparent` that arrived there.
async fn passed_on(host: &Host, service: &Collector, via: &str, parent: &str) -> String {
    let url = format!("{}/service", service.url());
    let order = json!({ "url": url, "via": via, "headers": [["traceparent", parent]] });
    let said = ask(Method::POST, &host.at("/outbound-http/fetch"), None, Some(&order)).await;
    assert_eq!(said.body["ok"]["status"], 200, "{said:?}");
    let (headers, _) = service.requests().pop().unwrap();
    assert_eq!(headers.get_all("traceparent").iter().count(), 1);
    headers["traceparent"].to_str().unwrap().to_owned()
}

#[test]
fn a_callers_trace_reaches_the_component_the_service_behind_it_and_the_collector() {
    run(async {
        let (service, collector) = (Collector::start().await, Collector::start().await);
        let host = Launch::components()
            .variable("target_origin", service.url())
            .flag("--otlp-endpoint", collector.url())
            .start()
            .await
            .unwrap();
        let parent = seen(&host).await;
        let parts: Vec<&str> = parent.split('-').collect();
        assert_eq!((parts[0], parts[1], parts[3]), ("00", TRACE, "01"), "{parent}");
        assert_ne!(parts[2], CALLER, "the component's parent is a span of this host");
        let mut calls = Vec::new();
        for via in ["p3", "p2"] {
            let told = passed_on(&host, &service, via, &parent).await;
            let [_, trace, span, _] = told.split('-').collect::<Vec<_>>()[..] else {
                panic!("{via}: {told}")
            };
            assert_eq!(trace, TRACE, "{via}");
            assert_ne!(span, parts[2], "{via}: the service's parent is the span of the call");
            calls.push(bytes_of(span));
        }
        let began = Instant::now();
        let exported = loop {
            let bodies: Vec<u8> = collector.requests().iter().flat_map(|(_, body)| body.to_vec()).collect();
            if calls.iter().chain([&bytes_of(parts[2])]).all(|span| holds(&bodies, span)) {
                break bodies;
            }
            assert!(began.elapsed() < Duration::from_secs(15), "not all spans are exported\n{}", host.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        for part in [bytes_of(TRACE), bytes_of(CALLER), b"/echo/...".to_vec()] {
            assert!(holds(&exported, &part), "{:?} is not exported", String::from_utf8_lossy(&part));
        }
        assert!(host.log().contains(TRACE), "log lines name their trace\n{}", host.log());
    });
}

#[test]
fn without_a_collector_the_callers_trace_is_passed_on_as_it_came() {
    run(async {
        let service = Collector::start().await;
        let host = Launch::components().variable("target_origin", service.url()).start().await.unwrap();
        let parent = seen(&host).await;
        assert_eq!(parent, format!("00-{TRACE}-{CALLER}-01"));
        for via in ["p3", "p2"] {
            assert_eq!(passed_on(&host, &service, via, &parent).await, parent, "{via}");
        }
    });
}

#[test]
fn a_payments_trace_reaches_the_provider() {
    run(async {
        let whole = Whole::start().await.unwrap();
        let host = whole.host().await.unwrap();
        let payment =
            json!({ "merchantId": "traced", "amount": 9_900, "currency": "KRW", "idempotencyKey": "once" });
        let request = reqwest::Client::new().post(host.at("/api/payments/authorize")).json(&payment);
        let answer = request.header("traceparent", format!("00-{TRACE}-{CALLER}-01")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", host.log());
        let served = |component: &str| {
            let of_trace = |line: &&str| {
                line.contains(TRACE) && line.contains(&format!("\"component\":\"{component}\""))
            };
            host.log().lines().filter(of_trace).count()
        };
        host.until_log_says(TRACE, 2, Duration::from_secs(10)).await;
        assert_eq!((served("pay-authorize"), served("payment-provider")), (1, 1), "{}", host.log());
    });
}

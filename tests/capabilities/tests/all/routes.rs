//! Routes and the `spin-*` headers that tell a component how it was reached.

use serde_json::Value;
use tests_capabilities::{bed, run};

fn header<'a>(seen: &'a Value, name: &str) -> Option<&'a str> {
    let headers = seen["headers"].as_array().unwrap();
    headers.iter().find(|pair| pair[0] == name).and_then(|pair| pair[1].as_str())
}

#[test]
fn a_wildcard_route_tells_what_is_below_it() {
    run(async {
        let seen = bed().await.get_json("/echo/info/deeper?a=1&b=%20").await;
        assert_eq!(header(&seen, "spin-path-info"), Some("/info/deeper"));
        assert_eq!(header(&seen, "spin-matched-route"), Some("/echo/..."));
        assert_eq!(header(&seen, "spin-component-route"), Some("/echo"));
        assert_eq!(header(&seen, "spin-raw-component-route"), Some("/echo/..."));
        assert!(header(&seen, "spin-full-url").unwrap().ends_with("/echo/info/deeper?a=1&b=%20"));
        assert!(header(&seen, "spin-client-addr").unwrap().starts_with("127.0.0.1:"));
        assert!(seen["uri"].as_str().unwrap().ends_with("/echo/info/deeper?a=1&b=%20"));
    });
}

#[test]
fn an_exact_route_matches_nothing_below_it() {
    run(async {
        let bed = bed().await;
        assert_eq!(header(&bed.get_json("/exact").await, "spin-path-info"), Some(""));
        assert_eq!(bed.get("/exact/more").await.status(), 404);
    });
}

#[test]
fn named_segments_arrive_as_headers() {
    run(async {
        let bed = bed().await;
        let seen = bed.get_json("/named/one/and/two").await;
        assert_eq!(header(&seen, "spin-path-match-first"), Some("one"));
        assert_eq!(header(&seen, "spin-path-match-second-part"), Some("two"));
        let seen = bed.get_json("/tail/one/and/more").await;
        assert_eq!(header(&seen, "spin-path-match-first"), Some("one"));
        assert_eq!(header(&seen, "spin-path-info"), Some("/and/more"));
    });
}

#[test]
fn a_client_cannot_forge_the_spin_headers() {
    run(async {
        let bed = bed().await;
        let forged = bed.client.get(bed.url("/named/one/and/two"));
        let forged =
            forged.header("spin-path-match-first", "forged").header("spin-client-addr", "10.0.0.1:1");
        let seen: Value = forged.send().await.unwrap().json().await.unwrap();
        let of = |name: &str| {
            let headers = seen["headers"].as_array().unwrap().clone();
            headers.into_iter().filter(|pair| pair[0] == name).map(|pair| pair[1].clone()).collect::<Vec<_>>()
        };
        assert_eq!(of("spin-path-match-first"), ["one"]);
        assert_eq!(of("spin-client-addr").len(), 1);
        assert_ne!(of("spin-client-addr"), ["10.0.0.1:1"]);
    });
}

#[test]
fn a_private_component_has_no_route() {
    run(async {
        let bed = bed().await;
        for path in ["/private-echo", "/private", "/"] {
            assert_eq!(bed.get(path).await.status(), 404, "{path}");
        }
    });
}

#[test]
fn a_path_without_a_route_gets_the_envelope() {
    run(async {
        let answer = bed().await.get("/no/such/path").await;
        assert_eq!(answer.status(), 404);
        let body: Value = answer.json().await.unwrap();
        assert_eq!((&body["isSuccess"], &body["code"]), (&Value::Bool(false), &Value::from("COMMON404")));
        assert!(body["result"].is_null());
    });
}

#[test]
fn every_method_reaches_the_component() {
    run(async {
        let bed = bed().await;
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"] {
            let request = bed.client.request(method.parse().unwrap(), bed.url("/echo/info"));
            let seen: Value = request.send().await.unwrap().json().await.unwrap();
            assert_eq!(seen["method"], method);
        }
    });
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    run(async {
        let bed = bed().await;
        let answer = bed.client.head(bed.url("/echo/info")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert!(answer.bytes().await.unwrap().is_empty());
    });
}

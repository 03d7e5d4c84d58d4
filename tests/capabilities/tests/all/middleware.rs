//! Middlewares that are composed in front of a component: order, both directions, what they inherit.

use serde_json::{Value, json};
use tests_capabilities::{bed, ok, run};

async fn passed(path: &str, client: &str) -> (u16, Vec<String>, Vec<String>, Option<String>) {
    let bed = bed().await;
    let answer = bed.client.get(bed.url(path)).header("x-client", client).send().await.unwrap();
    let on_answer =
        answer.headers().get_all("x-middleware").iter().map(|value| value.to_str().unwrap().to_owned());
    let on_answer = on_answer.collect();
    let store = answer.headers().get("x-deny-store").map(|value| value.to_str().unwrap().to_owned());
    let status = answer.status().as_u16();
    let seen: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default();
    let on_request = seen["headers"].as_array().into_iter().flatten();
    let on_request =
        on_request.filter(|pair| pair[0] == "x-middleware").map(|pair| pair[1].as_str().unwrap().to_owned());
    (status, on_request.collect(), on_answer, store)
}

#[test]
fn one_middleware_changes_request_and_answer() {
    run(async {
        let (status, on_request, on_answer, _) = passed("/one-middleware/info", "anybody").await;
        assert_eq!(status, 200);
        assert_eq!((on_request, on_answer), (vec!["header".to_owned()], vec!["header".to_owned()]));
    });
}

#[test]
fn the_first_named_is_the_outermost() {
    run(async {
        let (_, on_request, on_answer, _) = passed("/two-middlewares/info", "anybody").await;
        assert_eq!(on_request, ["header", "deny"]);
        assert_eq!(on_answer, ["deny", "header"]);
        let (_, on_request, on_answer, _) = passed("/other-order/info", "anybody").await;
        assert_eq!(on_request, ["deny", "header"]);
        assert_eq!(on_answer, ["header", "deny"]);
    });
}

#[test]
fn an_inherited_store_is_the_components_own() {
    run(async {
        let bed = bed().await;
        let steps = json!([{ "op": "set", "key": "deny/mallory", "value": { "utf8": "1" } }]);
        ok(&bed.post_json("/key-value/run", &json!({ "steps": steps })).await);
        let (status, _, _, store) = passed("/two-middlewares/info", "alice").await;
        assert_eq!((status, store.as_deref()), (200, Some("asked")));
        let (status, on_request, on_answer, _) = passed("/two-middlewares/info", "mallory").await;
        assert_eq!((status, on_request.len(), on_answer), (403, 0, vec!["header".to_owned()]));
    });
}

#[test]
fn what_is_not_inherited_is_refused() {
    run(async {
        let (status, _, _, store) = passed("/middleware-without-store/info", "mallory").await;
        assert_eq!((status, store.as_deref()), (200, Some("access-denied")));
    });
}

#[test]
fn big_bodies_pass_two_middlewares_unchanged() {
    run(async {
        let bed = bed().await;
        let body = vec![7_u8; 3_000_000];
        let answer =
            bed.client.post(bed.url("/two-middlewares/stream")).body(body.clone()).send().await.unwrap();
        assert_eq!(answer.bytes().await.unwrap(), body);
    });
}

//! `spin:key-value` 3: every function, its bounds and refusals.

use serde_json::{Value, json};
use tests_capabilities::{bed, err, ok, run};

async fn steps(steps: Value) -> Value {
    ok(&bed().await.post_json("/key-value/run", &json!({ "steps": steps })).await).clone()
}

#[test]
fn a_value_is_set_read_and_deleted() {
    run(async {
        let results = steps(json!([
            { "op": "get", "key": "round/trip" },
            { "op": "set", "key": "round/trip", "value": { "hex": "00ff10" } },
            { "op": "exists", "key": "round/trip" },
            { "op": "get", "key": "round/trip" },
            { "op": "set", "key": "round/trip", "value": { "utf8": "" } },
            { "op": "get", "key": "round/trip" },
            { "op": "delete", "key": "round/trip" },
            { "op": "delete", "key": "round/trip" },
            { "op": "exists", "key": "round/trip" },
        ]))
        .await;
        let expected =
            json!([null, null, true, { "hex": "00ff10" }, null, { "utf8": "" }, null, null, false]);
        let expected: Vec<Value> =
            expected.as_array().unwrap().iter().map(|value| json!({ "ok": value })).collect();
        assert_eq!(results, Value::from(expected));
    });
}

#[test]
fn all_keys_are_listed_and_a_listing_may_be_left() {
    run(async {
        let mut orders: Vec<Value> = (0..1000)
            .map(|n| json!({ "op": "set", "key": format!("many/{n:04}"), "value": { "utf8": "v" } }))
            .collect();
        orders.push(json!({ "op": "some-keys", "count": 3 }));
        orders.push(json!({ "op": "keys" }));
        let results = steps(Value::from(orders)).await;
        assert_eq!(results[1000]["ok"].as_array().unwrap().len(), 3);
        let keys = results[1001]["ok"].as_array().unwrap();
        assert_eq!(keys.iter().filter(|key| key.as_str().unwrap().starts_with("many/")).count(), 1000);
    });
}

#[test]
fn a_big_value_comes_back_whole() {
    run(async {
        let big = "x".repeat(500_000);
        let results = steps(json!([
            { "op": "set", "key": "big", "value": { "utf8": big } },
            { "op": "get", "key": "big" },
        ]))
        .await;
        assert_eq!(results[1]["ok"]["utf8"].as_str().map(str::len), Some(500_000));
    });
}

#[test]
fn a_store_that_is_not_granted_is_refused() {
    run(async {
        let bed = bed().await;
        let order = json!({ "steps": [] });
        assert_eq!(err(&bed.post_json("/ungranted/key-value/run", &order).await)["kind"], "access-denied");
        let order = json!({ "store": "another", "steps": [] });
        assert_eq!(err(&bed.post_json("/key-value/run", &order).await)["kind"], "access-denied");
    });
}

#[test]
fn many_open_stores_end_in_a_typed_error_or_in_success() {
    run(async {
        let answer = bed().await.get_json("/key-value/open-many?count=2000").await;
        let is_full = answer["err"]["error"]["kind"] == "store-table-full";
        assert!(is_full || answer["ok"]["opened"] == 2000, "{answer}");
    });
}

#[test]
fn a_fault_behind_the_store_is_an_error_the_component_can_handle() {
    run(async {
        let bed = tests_capabilities::Bed::start(|_| {}).await.unwrap();
        bed.running.capabilities().key_value.faults().set(moalog::Fault::Unavailable);
        let order = json!({ "steps": [{ "op": "get", "key": "any" }] });
        let answer = bed.post_json("/key-value/run", &order).await;
        assert_eq!(answer["ok"][0]["err"]["kind"], "other", "{answer}");
        bed.running.capabilities().key_value.faults().set(moalog::Fault::None);
        let answer = bed.post_json("/key-value/run", &order).await;
        assert!(answer["ok"][0].get("ok").is_some(), "{answer}");
        bed.running.stop().await;
    });
}

//! `spin:redis` 3: every function including `execute`, refusals, pipelining over one connection.

use serde_json::{Value, json};
use tests_capabilities::{bed, err, ok, run};

async fn steps(steps: Value) -> Value {
    ok(&bed().await.post_json("/redis/run", &json!({ "steps": steps })).await).clone()
}

#[test]
fn strings_numbers_and_keys() {
    run(async {
        let results = steps(json!([
            { "op": "del", "values": ["t:one", "t:two"] },
            { "op": "get", "key": "t:one" },
            { "op": "set", "key": "t:one", "value": { "hex": "00ff" } },
            { "op": "get", "key": "t:one" },
            { "op": "incr", "key": "t:two" },
            { "op": "incr", "key": "t:two" },
            { "op": "del", "values": ["t:one", "t:two", "t:none"] },
        ]))
        .await;
        assert_eq!(results[1], json!({ "ok": null }));
        assert_eq!(results[3], json!({ "ok": { "hex": "00ff" } }));
        assert_eq!(results[5], json!({ "ok": 2 }));
        assert_eq!(results[6], json!({ "ok": 2 }));
    });
}

#[test]
fn sets() {
    run(async {
        let mut results = steps(json!([
            { "op": "del", "values": ["t:set"] },
            { "op": "sadd", "key": "t:set", "values": ["a", "b", "b"] },
            { "op": "smembers", "key": "t:set" },
            { "op": "srem", "key": "t:set", "values": ["a", "x"] },
            { "op": "smembers", "key": "t:set" },
        ]))
        .await;
        assert_eq!(results[1], json!({ "ok": 2 }));
        results[2]["ok"].as_array_mut().unwrap().sort_by_key(ToString::to_string);
        assert_eq!(results[2], json!({ "ok": ["a", "b"] }));
        assert_eq!(results[3], json!({ "ok": 1 }));
        assert_eq!(results[4], json!({ "ok": ["b"] }));
    });
}

#[test]
fn a_value_of_the_wrong_type_is_a_type_error() {
    run(async {
        let results = steps(json!([
            { "op": "set", "key": "t:word", "value": { "utf8": "word" } },
            { "op": "incr", "key": "t:word" },
            { "op": "smembers", "key": "t:word" },
        ]))
        .await;
        assert_eq!(results[1]["err"]["kind"], "type-error");
        assert!(results[2].get("err").is_some());
    });
}

#[test]
fn execute_sends_any_command_and_flattens_its_reply() {
    run(async {
        let bytes = |text: &str| json!({ "utf8": text });
        let results = steps(json!([
            { "op": "execute", "command": "SET", "arguments": [bytes("t:x"), 7] },
            { "op": "execute", "command": "GET", "arguments": [bytes("t:x")] },
            { "op": "execute", "command": "INCRBY", "arguments": [bytes("t:x"), 5] },
            { "op": "execute", "command": "GET", "arguments": [bytes("t:none")] },
            { "op": "execute", "command": "MGET", "arguments": [bytes("t:x"), bytes("t:none")] },
            { "op": "execute", "command": "EVAL", "arguments": [bytes("return {1, {2, 'three'}}"), 0] },
            { "op": "execute", "command": "NOSUCHCOMMAND" },
        ]))
        .await;
        assert_eq!(results[0], json!({ "ok": [{ "status": "OK" }] }));
        assert_eq!(results[1], json!({ "ok": [{ "binary": { "utf8": "7" } }] }));
        assert_eq!(results[2], json!({ "ok": [{ "int64": 12 }] }));
        assert_eq!(results[3], json!({ "ok": [{ "nil": true }] }));
        assert_eq!(results[4], json!({ "ok": [{ "binary": { "utf8": "12" } }, { "nil": true }] }));
        let flat = json!([{ "int64": 1 }, { "int64": 2 }, { "binary": { "utf8": "three" } }]);
        assert_eq!(results[5], json!({ "ok": flat }));
        assert_eq!(results[6]["err"]["kind"], "other");
    });
}

#[test]
fn a_published_message_reaches_its_subscribers() {
    run(async {
        use futures::StreamExt;
        let client = redis::Client::open(bed().await.stack.redis_url()).unwrap();
        let mut subscriber = client.get_async_pubsub().await.unwrap();
        subscriber.subscribe("t:channel").await.unwrap();
        steps(json!([{ "op": "publish", "key": "t:channel", "value": { "utf8": "news" } }])).await;
        let message = subscriber.on_message().next().await.unwrap();
        assert_eq!(message.get_payload_bytes(), b"news");
    });
}

#[test]
fn a_hundred_commands_at_once_over_one_connection_are_answered_in_order() {
    run(async {
        let bed = bed().await;
        let many: Vec<Value> = std::iter::once(json!({ "op": "del", "values": ["t:many"] }))
            .chain((0..100).map(|_| json!({ "op": "incr", "key": "t:many" })))
            .collect();
        let answer = bed.post_json("/redis/run", &json!({ "steps": many, "together": true })).await;
        let numbers: Vec<u64> = ok(&answer)
            .as_array()
            .unwrap()
            .iter()
            .skip(1)
            .map(|result| result["ok"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
    });
}

#[test]
fn a_server_that_is_not_granted_is_refused() {
    run(async {
        let bed = bed().await;
        let order = json!({ "address": bed.stack.redis_url(), "steps": [] });
        err(&bed.post_json("/ungranted/redis/run", &order).await);
        let order = json!({ "address": "redis://127.0.0.1:1", "steps": [] });
        err(&bed.post_json("/redis/run", &order).await);
        let order = json!({ "address": "not an address", "steps": [] });
        assert_eq!(err(&bed.post_json("/redis/run", &order).await)["kind"], "invalid-address");
    });
}

#[test]
fn a_fault_is_an_error_the_component_can_handle_and_then_it_is_gone() {
    run(async {
        let bed = tests_capabilities::Bed::start(|_| {}).await.unwrap();
        let order = json!({ "steps": [{ "op": "incr", "key": "t:fault" }] });
        bed.running.capabilities().redis.faults().set(moalog::Fault::Unavailable);
        let answer = bed.post_json("/redis/run", &order).await;
        assert!(answer.get("err").is_some() || answer["ok"][0].get("err").is_some(), "{answer}");
        bed.running.capabilities().redis.faults().set(moalog::Fault::None);
        let answer = bed.post_json("/redis/run", &order).await;
        assert!(answer["ok"][0].get("ok").is_some(), "{answer}");
        bed.running.stop().await;
    });
}

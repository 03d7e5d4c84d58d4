//! `spin:postgres` 4.2: queries, streams, transactions that are left open, refusals, faults.

use std::time::Duration;

use serde_json::{Value, json};
use tests_capabilities::{Bed, bed, err, ok, run};

async fn steps(bed: &Bed, steps: Value) -> Value {
    ok(&bed.post_json("/postgres/run", &json!({ "steps": steps })).await).clone()
}

#[test]
fn execute_tells_how_many_rows_changed() {
    run(async {
        for via in ["async", "sync"] {
            let order = json!({ "via": via, "steps": [
                { "execute": "DROP TABLE IF EXISTS changed" },
                { "execute": "CREATE TABLE changed (id int PRIMARY KEY)" },
                { "execute": "INSERT INTO changed SELECT generate_series(1, $1::int)", "params": [{ "type": "int32", "value": 7 }] },
                { "execute": "DELETE FROM changed WHERE id > 4" },
                { "query": "SELECT id FROM changed ORDER BY id LIMIT 1" },
            ] });
            let results = bed().await.post_json("/postgres/run", &order).await;
            let results = ok(&results);
            assert_eq!(results[2]["ok"]["changed"], 7, "{via}");
            assert_eq!(results[3]["ok"]["changed"], 3, "{via}");
            assert_eq!(results[4]["ok"]["rows"], json!([[{ "type": "int32", "value": 1 }]]), "{via}");
        }
    });
}

#[test]
fn an_error_of_the_server_has_all_its_parts() {
    run(async {
        let results = steps(
            bed().await,
            json!([
                { "execute": "CREATE TABLE IF NOT EXISTS parts (id int CONSTRAINT parts_id_key UNIQUE)" },
                { "execute": "INSERT INTO parts VALUES (1) ON CONFLICT DO NOTHING" },
                { "execute": "INSERT INTO parts VALUES (1)" },
                { "query": "SELECT nothing FROM nowhere" },
                { "query": "SELECT 1" },
            ]),
        )
        .await;
        let error = &results[2]["err"];
        assert_eq!((error["kind"].as_str(), error["code"].as_str()), (Some("db-error"), Some("23505")));
        assert_eq!(error["extras"]["constraint"], "parts_id_key", "{error}");
        assert!(error["detail"].as_str().unwrap().contains("already exists"));
        assert_eq!(results[3]["err"]["code"], "42P01");
        assert!(results[4].get("ok").is_some(), "the connection is usable after an error: {}", results[4]);
    });
}

#[test]
fn statements_at_once_over_one_connection_each_get_their_own_rows() {
    run(async {
        let many: Vec<Value> = (0..64)
            .map(|n| json!({ "query": "SELECT $1::int", "params": [{ "type": "int32", "value": n }] }))
            .collect();
        let answer = bed().await.post_json("/postgres/together", &json!({ "steps": many })).await;
        for (n, result) in ok(&answer).as_array().unwrap().iter().enumerate() {
            assert_eq!(result["ok"]["rows"][0][0]["value"], n);
        }
    });
}

#[test]
fn a_large_result_streams_with_bounded_memory() {
    run(async {
        // 200 MB pass through an instance that may have 128 MiB.
        let answer = bed().await.get("/postgres/stream?rows=20000&bytes=10000").await;
        assert_eq!(answer.status(), 200);
        let text = answer.text().await.unwrap();
        assert_eq!(text.lines().count(), 20_001);
        assert_eq!(text.lines().last(), Some("end"));
    });
}

#[test]
fn a_stream_that_is_left_early_frees_its_connection() {
    run(async {
        let bed = bed().await;
        for _ in 0..20 {
            let answer = bed.get("/postgres/stream?rows=1000000&stop=3").await.text().await.unwrap();
            assert_eq!(answer.lines().last(), Some("stopped"));
        }
        let results = steps(bed, json!([{ "query": "SELECT 1" }])).await;
        assert!(results[0].get("ok").is_some(), "{results}");
    });
}

#[test]
fn a_connection_kept_in_the_instance_is_used_again() {
    run(async {
        let order = json!({ "kept": true, "steps": [{ "query": "SELECT 1" }] });
        for _ in 0..5 {
            let answer = bed().await.post_json("/postgres/run", &order).await;
            assert!(ok(&answer)[0].get("ok").is_some(), "{answer}");
        }
    });
}

#[test]
fn a_server_that_is_not_granted_is_refused() {
    run(async {
        let bed = bed().await;
        let order = json!({ "address": bed.database.database_url, "steps": [] });
        assert_eq!(err(&bed.post_json("/ungranted/postgres/run", &order).await)["kind"], "connection-failed");
        let order = json!({ "address": "postgres://127.0.0.1:1/none", "steps": [] });
        assert_eq!(err(&bed.post_json("/postgres/run", &order).await)["kind"], "connection-failed");
    });
}

#[test]
fn a_transaction_left_open_by_a_dying_instance_is_rolled_back_before_the_next_user() {
    run(async {
        let bed = Bed::start(|start| {
            start.engine.cpu_ms_max = 300;
            start.engine.request_ms_max = 1_500;
            // What an instance keeps beyond its answer is its own until it ends: here with each request.
            start.engine.reuse = moalog::Reuse::Isolated;
        })
        .await
        .unwrap();
        steps(&bed, json!([{ "execute": "CREATE TABLE left_open (id text PRIMARY KEY, word text)" }])).await;
        let address = bed.database.database_url.clone();
        for end in ["trap", "loop", "sleep", "return"] {
            let left = bed.client.get(bed.url("/misbehaving/transaction"));
            let left = left
                .query(&[("address", address.as_str()), ("id", end), ("then", end)])
                .send()
                .await
                .unwrap();
            assert_eq!(left.status().is_success(), end == "return", "{end}: {}", left.status());
        }
        // The same keys can be written at once: no lock is held, nothing was committed.
        for end in ["trap", "loop", "sleep", "return"] {
            let insert = json!([
                { "execute": "SET lock_timeout = '3s'" },
                { "execute": "INSERT INTO left_open (id, word) VALUES ($1, 'next')", "params": [{ "type": "str", "value": end }] },
            ]);
            let results = steps(&bed, insert).await;
            assert_eq!(results[1]["ok"]["changed"], 1, "{end}: {results}");
        }
        assert_eq!(idle_in_transaction(&bed).await, 0);
        bed.running.stop().await;
    });
}

async fn idle_in_transaction(bed: &Bed) -> i64 {
    let owner = bed.owner().await;
    let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    let mut open = 0;
    for _ in 0..20 {
        open = owner.query_one(count, &[]).await.unwrap().get(0);
        if open == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    open
}

#[test]
fn session_settings_do_not_leak_to_the_next_user() {
    run(async {
        let bed = bed().await;
        steps(bed, json!([{ "execute": "SET application_name = 'leaked'" }])).await;
        for _ in 0..10 {
            let results = steps(bed, json!([{ "query": "SHOW application_name" }])).await;
            assert_ne!(results[0]["ok"]["rows"][0][0]["value"], "leaked");
        }
    });
}

#[test]
fn a_fault_is_an_error_the_component_can_handle_and_then_it_is_gone() {
    run(async {
        let bed = Bed::start(|_| {}).await.unwrap();
        let order = json!({ "steps": [{ "query": "SELECT 1" }] });
        bed.running.capabilities().postgres.faults().set(moalog::Fault::Unavailable);
        let answer = bed.post_json("/postgres/run", &order).await;
        assert!(answer.get("err").is_some() || answer["ok"][0].get("err").is_some(), "{answer}");
        bed.running.capabilities().postgres.faults().set(moalog::Fault::None);
        let answer = bed.post_json("/postgres/run", &order).await;
        assert!(answer["ok"][0].get("ok").is_some(), "{answer}");
        bed.running.stop().await;
    });
}

#[test]
fn many_connections_of_one_component_share_the_pool() {
    run(async {
        let bed = bed().await;
        let answer = bed.get_json("/postgres/open-many?count=200").await;
        let opened = answer["ok"]["opened"].as_u64().or(answer["err"]["opened"].as_u64()).unwrap();
        assert!(opened >= 16, "{answer}");
        let used: i64 = {
            let owner = bed.owner().await;
            let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
            owner.query_one(count, &[]).await.unwrap().get(0)
        };
        assert!(used <= 64, "{used} connections to the server for {opened} handles");
    });
}

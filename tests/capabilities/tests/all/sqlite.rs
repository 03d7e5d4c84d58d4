//! `spin:sqlite` 3.1: every function, both ways of calling, refusals.

use serde_json::{Value, json};
use tests_capabilities::{bed, err, ok, run};

async fn statements(via: &str, steps: Value) -> Value {
    ok(&bed().await.post_json("/sqlite/run", &json!({ "via": via, "steps": steps })).await).clone()
}

#[test]
fn every_kind_of_value_comes_back_as_it_went() {
    run(async {
        for via in ["async", "sync"] {
            let values = json!([
                { "integer": i64::MIN }, { "real": 1.5 }, { "text": "한글" }, { "blob": { "hex": "00ff" } }, null
            ]);
            let results =
                statements(via, json!([{ "sql": "SELECT ?1 AS a, ?2, ?3, ?4, ?5", "params": values }])).await;
            assert_eq!(results[0]["ok"]["rows"], json!([values]), "{via}");
            assert_eq!(results[0]["ok"]["columns"][0], "a");
        }
    });
}

#[test]
fn rowid_and_changes_follow_the_last_statement() {
    run(async {
        for via in ["async", "sync"] {
            let results = statements(
                via,
                json!([
                    { "sql": "DROP TABLE IF EXISTS counted" },
                    { "sql": "CREATE TABLE counted (id INTEGER PRIMARY KEY, word TEXT UNIQUE)" },
                    { "sql": "INSERT INTO counted (id, word) VALUES (41, 'a'), (42, 'b')" },
                    { "sql": "UPDATE counted SET word = word || '!'" },
                    { "sql": "INSERT INTO counted (word) VALUES ('a!')" },
                    { "sql": "SELECT count(*) FROM counted" },
                ]),
            )
            .await;
            assert_eq!(results[2]["ok"]["lastInsertRowid"], 42, "{via}");
            assert_eq!(results[3]["ok"]["changes"], 2, "{via}");
            assert_eq!(results[4]["err"]["kind"], "io", "{via}");
            assert!(results[4]["err"]["text"].as_str().unwrap().contains("UNIQUE"), "{via}");
            assert_eq!(results[5]["ok"]["rows"], json!([[{ "integer": 2 }]]), "{via}");
        }
    });
}

#[test]
fn a_long_result_streams_and_may_be_left_early() {
    run(async {
        let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n";
        let results =
            statements("async", json!([{ "sql": numbers, "rowsMax": 5 }, { "sql": "SELECT 1" }])).await;
        assert_eq!(results[0]["ok"]["rows"].as_array().unwrap().len(), 5);
        assert_eq!(results[1]["ok"]["rows"], json!([[{ "integer": 1 }]]));
    });
}

#[test]
fn a_database_that_is_not_granted_is_refused() {
    run(async {
        let bed = bed().await;
        let answer = bed.post_json("/ungranted/sqlite/run", &json!({ "steps": [] })).await;
        assert_eq!(err(&answer)["kind"], "access-denied");
        let answer = bed.post_json("/sqlite/run", &json!({ "database": "another", "steps": [] })).await;
        assert_eq!(err(&answer)["kind"], "access-denied");
    });
}

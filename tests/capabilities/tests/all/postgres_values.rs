//! Every parameter type and every column type of `spin:postgres` 4.2, there and back.

use serde_json::{Value, json};
use tests_capabilities::{bed, ok, run};

/// Sends `value` as `kind`, reads it back as the column type `sql`.
async fn there_and_back(kind: &str, value: Value, sql: &str) -> (Value, Value) {
    let parameter = json!({ "type": kind, "value": value });
    let order = json!({ "steps": [{ "query": format!("SELECT $1::{sql} AS it"), "params": [parameter] }] });
    let answer = bed().await.post_json("/postgres/run", &order).await;
    let result = &ok(&answer)[0];
    assert!(result.get("ok").is_some(), "{kind} as {sql}: {result}");
    (result["ok"]["columns"][0]["type"].clone(), result["ok"]["rows"][0][0].clone())
}

async fn holds(kind: &str, sql: &str, values: &[Value]) {
    for value in values {
        let (column, back) = there_and_back(kind, value.clone(), sql).await;
        assert_eq!(column, kind, "{kind} as {sql}");
        assert_eq!(back, json!({ "type": kind, "value": value }), "{kind} as {sql}");
    }
}

#[test]
fn booleans_and_numbers() {
    run(async {
        holds("boolean", "bool", &[json!(true), json!(false)]).await;
        holds("int16", "int2", &[json!(i16::MIN), json!(i16::MAX)]).await;
        holds("int32", "int4", &[json!(i32::MIN), json!(i32::MAX)]).await;
        holds("int64", "int8", &[json!(i64::MIN), json!(i64::MAX)]).await;
        holds("floating32", "float4", &[json!(1.5), json!(-0.25), json!("NaN"), json!("inf"), json!("-inf")])
            .await;
        holds("floating64", "float8", &[json!(1.1), json!(1e300), json!("NaN"), json!("inf")]).await;
        let long = "-12345678901234567890.00123456789";
        holds("decimal", "numeric", &[json!("0"), json!("12.50"), json!(long)]).await;
    });
}

#[test]
fn texts_bytes_and_documents() {
    run(async {
        for sql in ["text", "varchar", "varchar(20)"] {
            holds("str", sql, &[json!(""), json!("한글 🙂 'quoted'")]).await;
        }
        holds("binary", "bytea", &[json!({ "utf8": "" }), json!({ "hex": "00ff80" })]).await;
        holds("uuid", "uuid", &[json!("67e55044-10b1-426f-9247-bb680e5fe0c8")]).await;
        holds("jsonb", "jsonb", &[json!({ "utf8": "{\"a\": [1, null]}" })]).await;
    });
}

#[test]
fn dates_and_times() {
    run(async {
        holds("date", "date", &[json!([2024, 2, 29]), json!([1, 1, 1]), json!([9999, 12, 31])]).await;
        holds("time", "time", &[json!([0, 0, 0, 0]), json!([23, 59, 59, 999_999_000])]).await;
        holds("datetime", "timestamp", &[json!([2024, 2, 29, 23, 59, 59, 123_456_000])]).await;
        let interval = json!({ "micros": -1, "days": 2, "months": -3 });
        holds("interval", "interval", &[interval]).await;
        let (_, back) = there_and_back("timestamp", json!(86_400), "timestamp").await;
        assert_eq!(back, json!({ "type": "datetime", "value": [1970, 1, 2, 0, 0, 0, 0] }));
    });
}

#[test]
fn ranges() {
    run(async {
        let range = |lower: Value, upper: Value| json!({ "lower": lower, "upper": upper });
        let from = |value: Value| json!({ "value": value, "kind": "inclusive" });
        let until = |value: Value| json!({ "value": value, "kind": "exclusive" });
        holds("range-int32", "int4range", &[range(from(json!(1)), until(json!(5)))]).await;
        holds("range-int32", "int4range", &[range(Value::Null, until(json!(5)))]).await;
        holds("range-int64", "int8range", &[range(from(json!(i64::MIN)), Value::Null)]).await;
        let open = json!({ "value": "2.5", "kind": "inclusive" });
        holds("range-decimal", "numrange", &[range(until(json!("1.25")), open)]).await;
    });
}

#[test]
fn arrays_with_nulls_in_them() {
    run(async {
        holds("array-int32", "int4[]", &[json!([]), json!([1, null, -3])]).await;
        holds("array-int64", "int8[]", &[json!([i64::MAX, null])]).await;
        holds("array-decimal", "numeric[]", &[json!(["1.50", null])]).await;
        holds("array-str", "text[]", &[json!(["a", null, "한"])]).await;
    });
}

#[test]
fn nulls_of_any_type() {
    run(async {
        for sql in ["bool", "int4", "text", "timestamptz", "numeric[]", "int4range", "jsonb"] {
            let (_, back) = there_and_back("null", Value::Null, sql).await;
            assert_eq!(back, json!({ "type": "null", "value": null }), "{sql}");
        }
    });
}

#[test]
fn a_type_outside_the_interface_is_named_and_not_lost() {
    run(async {
        let (column, back) = there_and_back("str", json!("10.0.0.1/32"), "text::inet").await;
        assert_eq!(column, "other inet");
        assert_eq!(back["type"], "unsupported");
    });
}

#[test]
fn a_parameter_that_does_not_fit_is_an_error_and_no_trap() {
    run(async {
        for (kind, value, sql) in [
            ("str", json!("text"), "int4"),
            ("uuid", json!("no uuid"), "uuid"),
            ("decimal", json!("no number"), "numeric"),
            ("date", json!([2023, 2, 29]), "date"),
            ("jsonb", json!({ "utf8": "{" }), "jsonb"),
        ] {
            let order = json!({ "steps": [
                { "query": format!("SELECT $1::{sql}"), "params": [{ "type": kind, "value": value }] },
                { "query": "SELECT 1" },
            ] });
            let answer = bed().await.post_json("/postgres/run", &order).await;
            let results = ok(&answer);
            assert!(results[0].get("err").is_some(), "{kind} as {sql}: {answer}");
            assert!(results[1].get("ok").is_some(), "{kind} as {sql}: {answer}");
        }
    });
}

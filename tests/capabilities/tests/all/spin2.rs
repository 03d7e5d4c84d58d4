//! `fermyon:spin@2.0.0` and `spin:postgres@3.0.0`: what components built for Spin 2 and 3 import is the same capability under another name.

use serde_json::{Value, json};
use tests_capabilities::{bed, ok, run};

async fn said(path: &str) -> Value {
    ok(&bed().await.get_json(path).await).clone()
}

#[test]
fn a_store_is_opened_as_granted_and_does_all_it_does_in_version_3() {
    run(async {
        let said = said("/spin2/key-value").await;
        let expected = json!([
            "Err(Error::AccessDenied)",
            "Ok(())",
            "Ok(Some([118, 97, 108, 117, 101]))",
            "Ok(true)",
            "Ok(true)",
            "Ok(())",
            "Ok(None)",
        ]);
        let (last, first) = said.as_array().unwrap().split_last().unwrap();
        assert_eq!(first, expected.as_array().unwrap());
        assert!(last.as_str().unwrap().starts_with("Err(Error::Other("), "{last}");
    });
}

#[test]
fn redis_is_opened_as_granted_and_does_all_it_does_in_version_3() {
    run(async {
        let expected = json!([
            "Err(Error::InvalidAddress)",
            "Ok(())",
            "Ok(Some([118, 97, 108, 117, 101]))",
            "Err(Error::TypeError)",
            "Ok(1)",
            "Ok(1)",
            "Ok([\"a\"])",
            "Ok(1)",
            "Ok(())",
            "Ok([RedisResult::Int64(6)])",
            "Ok([RedisResult::Int64(5)])",
            "Ok([RedisResult::Binary([118, 97, 108, 117, 101, 100])])",
            "Ok(2)",
            "Ok(None)",
        ]);
        assert_eq!(said("/spin2/redis").await, expected);
    });
}

#[test]
fn postgres_2_is_opened_as_granted_and_leaves_out_the_types_it_does_not_know() {
    run(async {
        let said = said("/spin2/postgres2").await;
        let said: Vec<&str> = said.as_array().unwrap().iter().map(|told| told.as_str().unwrap()).collect();
        assert!(said[0].starts_with("Err(Error::ConnectionFailed("), "{}", said[0]);
        let row = "rows: [[DbValue::Boolean(true), DbValue::Int16(2), DbValue::Int32(4), DbValue::Int64(8), \
                   DbValue::Floating32(0.25), DbValue::Floating64(0.5), DbValue::Str(\"text\"), \
                   DbValue::Binary([0, 255]), DbValue::DbNull, DbValue::Unsupported]]";
        assert!(said[1].starts_with("Ok(") && said[1].contains(row), "{}", said[1]);
        assert!(said[1].contains("Column { name: \"b\", data-type: DbDataType::Boolean }"), "{}", said[1]);
        assert!(said[1].contains("Column { name: \"u\", data-type: DbDataType::Other }"), "{}", said[1]);
        assert!(said[2].contains("DbDataType::Other") && said[2].contains("Unsupported"), "{}", said[2]);
        assert!(said[3].starts_with("Err(Error::ValueConversionFailed("), "{}", said[3]);
        assert_eq!(said[4..], ["Err(\"refused\")", "Ok(2)"]);
    });
}

#[test]
fn postgres_3_knows_times_and_refuses_a_day_that_is_none() {
    run(async {
        let said = said("/spin2/postgres3").await;
        let said: Vec<&str> = said.as_array().unwrap().iter().map(|told| told.as_str().unwrap()).collect();
        assert!(said[0].starts_with("Err(Error::ConnectionFailed("), "{}", said[0]);
        let row = "rows: [[DbValue::Date((2026, 2, 28)), DbValue::Time((1, 2, 3, 4000)), \
                   DbValue::Datetime((2026, 2, 28, 1, 2, 3, 4000)), DbValue::Datetime((1970, 1, 2, 0, 0, 0, 0))]]";
        assert!(said[1].contains(row), "{}", said[1]);
        assert!(
            said[2].contains("[[DbValue::Unsupported, DbValue::Unsupported, DbValue::DbNull]]"),
            "{}",
            said[2]
        );
        assert!(said[3].starts_with("Err(Error::BadParameter("), "{}", said[3]);
        assert_eq!(said[4], "Ok(2)");
    });
}

#[test]
fn a_database_file_is_opened_as_granted_and_answers_rows() {
    run(async {
        let said = said("/spin2/sqlite").await;
        assert_eq!(said[0], "Err(Error::AccessDenied)");
        let row = said[1].as_str().unwrap();
        for part in [
            "columns: [\"i\", \"r\", \"t\", \"n\", \"b\"]",
            "Integer(1)",
            "Real(0.5)",
            "Text(\"t\")",
            "Null",
            "Blob([0, 255])",
        ] {
            assert!(row.contains(part), "{part} in {row}");
        }
        assert_eq!(said[2], "Err(\"refused\")");
    });
}

#[test]
fn a_variable_is_read_and_a_missing_or_malformed_one_is_told() {
    run(async {
        let said = said("/spin2/variables").await;
        assert_eq!(said[0], "Ok(\"hello\")");
        assert!(said[1].as_str().unwrap().starts_with("Err(Error::Undefined("), "{said}");
        assert!(said[2].as_str().unwrap().starts_with("Err(Error::InvalidName("), "{said}");
    });
}

#[test]
fn without_grants_nothing_opens() {
    run(async {
        assert_eq!(said("/ungranted/spin2/key-value").await[1], "Error::AccessDenied");
        assert_eq!(said("/ungranted/spin2/sqlite").await[1], "Error::AccessDenied");
        assert_eq!(said("/ungranted/spin2/redis").await[0], "Err(Error::InvalidAddress)");
        for version in ["postgres2", "postgres3"] {
            let said = said(&format!("/ungranted/spin2/{version}")).await;
            assert!(said[1].as_str().unwrap().starts_with("Error::ConnectionFailed("), "{said}");
        }
        assert!(said("/ungranted/spin2/variables").await[0].as_str().unwrap().starts_with("Err("));
    });
}

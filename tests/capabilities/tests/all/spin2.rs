//! `fermyon:spin@2.0.0`: what components built for Spin 2 and 3 import is the same capability under another name.

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
        assert!(said("/ungranted/spin2/variables").await[0].as_str().unwrap().starts_with("Err("));
    });
}

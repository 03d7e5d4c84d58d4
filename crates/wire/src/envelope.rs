//! The envelope of every JSON answer: `{isSuccess, code, message, result}`.

use serde::Serialize;

use crate::{Language, Problem, Success};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a, T> {
    is_success: bool,
    code: &'a str,
    message: &'a str,
    result: T,
}

/// The bytes of a successful answer.
///
/// # Errors
/// Only when `result` cannot be written as JSON, which is a bug of its type.
pub fn envelope<T: Serialize>(
    success: Success,
    language: Language,
    result: &T,
) -> serde_json::Result<Vec<u8>> {
    let (code, message) = (success.as_str(), success.text(language));
    serde_json::to_vec(&Envelope { is_success: true, code, message, result })
}

/// The bytes of a refusal. `result` is null, or carries the field errors.
#[must_use]
pub fn failure_envelope(problem: &Problem, language: Language) -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct FieldErrors<'a> {
        field_errors: &'a [crate::problem::WrittenFieldError<'a>],
    }
    let written = problem.written(language);
    let detail = problem.detail();
    let (code, message) = (problem.code().as_str(), problem.code().text(language));
    let fields = FieldErrors { field_errors: &written };
    let bytes = match (detail, written.is_empty()) {
        (Some(detail), _) => {
            serde_json::to_vec(&Envelope { is_success: false, code, message, result: detail })
        }
        (None, true) => serde_json::to_vec(&Envelope { is_success: false, code, message, result: () }),
        (None, false) => serde_json::to_vec(&Envelope { is_success: false, code, message, result: fields }),
    };
    bytes.expect("strings and JSON values always serialise")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    #[test]
    fn a_success_has_the_four_fields_in_order() {
        let bytes = envelope(Success::Ok, Language::English, &serde_json::json!({"a": 1})).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            r#"{"isSuccess":true,"code":"COMMON200","message":"OK.","result":{"a":1}}"#
        );
    }

    #[test]
    fn a_refusal_has_a_null_result_and_a_validation_names_its_fields() {
        let plain: serde_json::Value =
            serde_json::from_slice(&failure_envelope(&Code::Common404.into(), Language::Korean)).unwrap();
        assert_eq!(plain["result"], serde_json::Value::Null);
        assert_eq!(plain["isSuccess"], false);

        let problem = Problem::from(Code::Common400).at("nickname");
        let named: serde_json::Value =
            serde_json::from_slice(&failure_envelope(&problem, Language::English)).unwrap();
        assert_eq!(named["result"]["fieldErrors"][0]["field"], "nickname");
    }
}

//! SQLite's five kinds of value as JSON: `{"integer": 1}`, `{"real": 1.5}`, `{"text": "a"}`, `{"blob": {"hex": "00"}}`, `null`.

use serde_json::{Value as Json, json};
use spin_sdk::sqlite::Value;
use tests_components_probe::{Malformed, from_payload, hex};

/// The parameters of one step.
pub(crate) fn parameters(step: &Json) -> Result<Vec<Value>, Malformed> {
    step["params"].as_array().into_iter().flatten().map(parameter).collect()
}

/// One row.
pub(crate) fn row(values: &[Value]) -> Json {
    values.iter().map(shown).collect()
}

fn parameter(json: &Json) -> Result<Value, Malformed> {
    if json.is_null() {
        return Ok(Value::Null);
    }
    if let Some(number) = json["integer"].as_i64() {
        return Ok(Value::Integer(number));
    }
    if let Some(number) = json["real"].as_f64() {
        return Ok(Value::Real(number));
    }
    if let Some(text) = json["text"].as_str() {
        return Ok(Value::Text(text.to_owned()));
    }
    from_payload(&json["blob"]).map(Value::Blob)
}

fn shown(value: &Value) -> Json {
    match value {
        Value::Integer(number) => json!({ "integer": number }),
        Value::Real(number) => json!({ "real": number }),
        Value::Text(text) => json!({ "text": text }),
        Value::Blob(bytes) => json!({ "blob": { "hex": hex(bytes) } }),
        Value::Null => Json::Null,
    }
}

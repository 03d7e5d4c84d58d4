//! The error codes of `wasi:http` as JSON: `{"code": "ConnectionRefused", "text": …}`.

use serde_json::{Value, json};

/// The code's name is the first word of its debug form, which both versions of the interface spell alike.
pub(crate) fn described(error: &impl std::fmt::Debug) -> Value {
    let text = format!("{error:?}");
    let name = text.split_once("::").map_or(text.as_str(), |(_, rest)| rest);
    let code = name.split(['(', ' ', '{']).next().unwrap_or_default();
    json!({ "code": code, "text": text })
}

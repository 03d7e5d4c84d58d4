//! Reading a request's body: bounded, JSON only, and every error names the field.

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use spin_sdk::http::HeaderMap;
use wire::{Code, Problem};

use crate::Failure;

/// Bytes of a JSON body at most. The host may allow less.
pub(crate) const BODY_BYTES_MAX: usize = 65_536;

/// A request body that was not read yet.
pub(crate) type Incoming = spin_sdk::wasip3::http_compat::IncomingRequestBody;

/// Reads the whole body, refusing more than `bytes_max` before it is held.
pub(crate) async fn read(headers: &HeaderMap, body: Incoming, bytes_max: usize) -> Result<Bytes, Failure> {
    let announced =
        headers.get("content-length").and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max as u64) {
        return Err(Code::Common413.into());
    }
    match Limited::new(body, bytes_max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(Code::Common413.into()),
        Err(error) => Err(Failure::from(Code::Common400).because(format!("body: {error}"))),
    }
}

/// `application/json`, with no charset or UTF-8.
pub(crate) fn expect_json(headers: &HeaderMap) -> Result<(), Failure> {
    let value = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
            charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        Some(_) | None => true,
    });
    if json && utf8 { Ok(()) } else { Err(Code::Common415.into()) }
}

/// Parses an object strictly: wrong types, missing and doubled fields and trailing text are refused by name; fields
/// nobody knows are passed over, as old clients send some. No route takes anything but an object, and serde would read
/// an array as the fields in their order.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        let problem = Problem::from(Code::Common400);
        return Err(problem.field("", "JSON 객체가 아닙니다.", "The body is not a JSON object."));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        refusal(&path, error.inner())
    })?;
    reader.end().map_err(|error| refusal(".", &error))?;
    Ok(value)
}

fn refusal(path: &str, error: &serde_json::Error) -> Problem {
    let problem = Problem::from(Code::Common400);
    if !error.is_data() {
        return problem.field("", "올바른 JSON이 아닙니다.", "The body is not valid JSON.");
    }
    // serde words a missing field as: missing field `name`; the path then ends at the object around it.
    let text = error.to_string();
    let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match (path, missing) {
        (".", Some(name)) => problem.field(name, "필수 항목입니다.", "This field is required."),
        (path, Some(name)) => {
            problem.field(format!("{path}.{name}"), "필수 항목입니다.", "This field is required.")
        }
        (path, None) => {
            let field = if path == "." { "" } else { path };
            problem.field(field, "값의 형식이 올바르지 않습니다.", "The value has the wrong type.")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use spin_sdk::http::HeaderValue;
    use wire::Language;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Outer {
        #[expect(dead_code, reason = "only parsed")]
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only parsed")]
        size: u8,
    }

    fn field_of(body: &str) -> String {
        let problem = parse::<Outer>(body.as_bytes()).unwrap_err();
        let written: serde_json::Value =
            serde_json::from_slice(&wire::failure_envelope(&problem, Language::English)).unwrap();
        written["result"]["fieldErrors"][0]["field"].as_str().unwrap().to_owned()
    }

    #[test]
    fn an_error_names_the_field_it_is_in() {
        assert_eq!(field_of(r#"{"inner":[{"size":1},{"size":"x"}]}"#), "inner[1].size");
        assert_eq!(field_of(r#"{"inner":[{}]}"#), "inner[0].size");
        assert_eq!(field_of("{}"), "inner");
        assert_eq!(field_of("[]"), "");
        assert_eq!(field_of("{"), "");
        assert_eq!(field_of(r#"{"inner":[]} x"#), "");
        assert!(parse::<Outer>(br#"{"inner":[],"other":1}"#).is_ok());
        assert!(parse::<Outer>(br#"{"inner":[],"inner":[]}"#).is_err());
    }

    #[test]
    fn an_array_of_the_fields_is_no_object() {
        for body in ["[[]]", " [[{\"size\":1}]]", "", "null", "1", "\u{feff}{\"inner\":[]}"] {
            assert_eq!(field_of(body), "", "{body}");
        }
        assert!(parse::<Outer>(b" \r\n\t{\"inner\":[]}").is_ok());
    }

    #[test]
    fn only_json_in_utf8_is_read() {
        for (value, ok) in [
            ("application/json", true),
            ("Application/JSON; charset=\"UTF-8\"", true),
            ("application/json; charset=euc-kr", false),
            ("text/plain", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", HeaderValue::from_static(value));
            assert_eq!(expect_json(&headers).is_ok(), ok, "{value}");
        }
    }
}

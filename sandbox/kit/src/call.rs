//! One call: path below the component's route, query, headers, and a body with a bound.

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};
use spin_sdk::http::{HeaderMap, Method, Request};
use spin_sdk::key_value;
use spin_sdk::wasip3::http_compat::IncomingRequestBody;

use crate::{Answer, json as json_answer};

/// Longest body that the sandbox reads.
pub const BODY_BYTES_MAX: usize = 64 << 10;

/// Why a call could not be served. The caller's mistakes are 4xx, the store's are 500.
#[derive(Debug)]
pub enum Trouble {
    /// The body broke off, or is longer than [`BODY_BYTES_MAX`].
    Body,
    /// The body is not of the kind that its content type says.
    Format(&'static str),
    /// The key-value store failed.
    Store(String),
    /// A key could not be made or used.
    Key(String),
}

impl From<key_value::Error> for Trouble {
    fn from(error: key_value::Error) -> Self {
        Self::Store(format!("{error:?}"))
    }
}

impl Trouble {
    /// The sandbox hides nothing: its users are developers.
    pub fn answer(&self) -> Answer {
        let (status, text) = match self {
            Self::Body => (413, format!("the body broke off or is longer than {BODY_BYTES_MAX} bytes")),
            Self::Format(text) => (400, (*text).to_owned()),
            Self::Store(text) => (500, format!("key-value store: {text}")),
            Self::Key(text) => (500, format!("signing key: {text}")),
        };
        json_answer(status, &json!({ "error": text }))
    }
}

/// Named values from a query or a form; a name that comes twice has its first value.
#[derive(Debug, Default, Clone)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// `application/x-www-form-urlencoded`.
    pub fn parse(encoded: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// A JSON object; values that are not text are left out.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Trouble> {
        let Ok(Value::Object(fields)) = serde_json::from_slice(bytes) else {
            return Err(Trouble::Format("the body is not a JSON object"));
        };
        Ok(Self(
            fields.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect(),
        ))
    }

    /// A value that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(key, _)| key == name)?.1.as_str();
        (!value.is_empty()).then_some(value)
    }

    /// Whether a name comes more than once, which OAuth forbids (RFC 6749 §3.1).
    pub fn repeats(&self) -> bool {
        self.0
            .iter()
            .enumerate()
            .any(|(place, (name, _))| self.0[..place].iter().any(|(other, _)| other == name))
    }

    /// These values, and those of `other` whose names are not here.
    pub fn or(mut self, other: &Self) -> Self {
        let more: Vec<_> = other.0.iter().filter(|(name, _)| self.get(name).is_none()).cloned().collect();
        self.0.extend(more);
        self
    }
}

/// One call, taken apart; the body is read when it is asked for.
pub struct Call {
    pub method: Method,
    /// Below the route, without the slash in front: `google/token` for `/oauth/google/token`.
    pub path: String,
    pub query: Form,
    pub headers: HeaderMap,
    /// Scheme and authority as the caller spelled them: `http://127.0.0.1:3002`.
    pub origin: String,
    body: IncomingRequestBody,
}

impl Call {
    /// Reads everything but the body.
    pub fn new(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let text =
            |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let path = text("spin-path-info").trim_matches('/').to_owned();
        let authority = parts.uri.authority().map_or_else(|| text("host").to_owned(), ToString::to_string);
        let origin = format!("{}://{authority}", parts.uri.scheme_str().unwrap_or("http"));
        let query = Form::parse(parts.uri.query().unwrap_or_default().as_bytes());
        Self { method: parts.method, path, query, headers: parts.headers, origin, body }
    }

    /// A header's text, empty when it is missing or not text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Whether the caller asks for JSON rather than for a page.
    pub fn wants_json(&self) -> bool {
        self.header("accept").contains("application/json")
    }

    /// The body as it is.
    pub async fn bytes(self) -> Result<Bytes, Trouble> {
        let collected = Limited::new(self.body, BODY_BYTES_MAX).collect().await;
        collected.map(http_body_util::Collected::to_bytes).map_err(|_| Trouble::Body)
    }

    /// The body as a form, or as a JSON object when it says so.
    pub async fn form(self) -> Result<Form, Trouble> {
        let is_json = self.header("content-type").starts_with("application/json");
        let bytes = self.bytes().await?;
        if is_json { Form::from_json(&bytes) } else { Ok(Form::parse(&bytes)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_counts_as_missing() {
        assert_eq!(Form::parse(b"state=&code=a%20b").get("state"), None);
        assert_eq!(Form::parse(b"state=&code=a%20b").get("code"), Some("a b"));
    }

    #[test]
    fn a_repeated_name_is_noticed() {
        assert!(Form::parse(b"code=1&state=2&code=3").repeats());
        assert!(!Form::parse(b"code=1&state=2").repeats());
    }

    #[test]
    fn the_first_form_wins_where_two_name_the_same() {
        let form = Form::parse(b"person=body").or(&Form::parse(b"person=query&state=s"));
        assert_eq!((form.get("person"), form.get("state")), (Some("body"), Some("s")));
    }
}

//! What a handler answers with, and how it becomes an HTTP response.

use bytes::Bytes;
use http_body_util::Full;
use serde::Serialize;
use spin_sdk::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use wire::{Language, Problem, Success};

use crate::{Cookie, Failure};

/// The response type of a component.
pub type Reply = Response<Full<Bytes>>;

/// An answer before the headers every response gets.
pub struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The envelope around `result`.
    ///
    /// # Errors
    /// When `result` cannot be written as JSON.
    pub fn success<T: Serialize>(success: Success, language: Language, result: &T) -> Result<Self, Failure> {
        let body = wire::envelope(success, language, result).map_err(Failure::fault)?;
        Ok(Self::json(success.status(), language, body))
    }

    /// A refusal in the envelope.
    #[must_use]
    pub fn refusal(problem: &Problem, language: Language) -> Self {
        let body = wire::failure_envelope(problem, language);
        let mut answer = Self::json(problem.code().status(), language, body);
        if let Some(seconds) = problem.retry_after_s() {
            answer.headers.insert("retry-after", seconds.into());
        }
        answer
    }

    /// A redirect (302) that keeps no body.
    ///
    /// # Errors
    /// When the address is no header value.
    pub fn redirect(location: &str) -> Result<Self, Failure> {
        let mut answer = Self { status: StatusCode::FOUND, headers: HeaderMap::new(), body: Bytes::new() };
        let location = HeaderValue::from_str(location).map_err(Failure::fault)?;
        answer.headers.insert("location", location);
        Ok(answer)
    }

    /// A page or another document of its own content type, e.g. `text/html; charset=utf-8`.
    #[must_use]
    pub fn document(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        Self { status: StatusCode::OK, headers, body: body.into() }
    }

    /// JSON that was written before, byte for byte: a bare body of an older interface, or a stored answer.
    #[must_use]
    pub fn written(status: u16, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, ..Self::document("application/json", body) }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The body, to be stored with the change it answers.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Adds a `Set-Cookie`.
    ///
    /// # Errors
    /// When name or value do not fit into a header.
    pub fn cookie(mut self, cookie: &Cookie) -> Result<Self, Failure> {
        self.headers.append("set-cookie", cookie.header()?);
        Ok(self)
    }

    /// Sets a header. It wins over the one that every response gets, e.g. a page's own `content-security-policy`.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    fn json(status: u16, language: Language, body: Vec<u8>) -> Self {
        let mut headers = HeaderMap::with_capacity(16);
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert("content-language", HeaderValue::from_static(language.tag()));
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, headers, body: body.into() }
    }
}

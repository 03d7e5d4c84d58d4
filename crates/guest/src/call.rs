//! One request as a handler sees it: who asks, with what, in which language.

use std::{borrow::Cow, net::IpAddr};

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use spin_sdk::http::{HeaderMap, HeaderValue, Method, Request, Uri};
use wire::{Code, Language, Page, Problem, Success};

use crate::{Answer, Done, Failure, body, cookie, random, serve, settings, token};

/// Characters of a request id that is taken over from a client at most.
const REQUEST_ID_CHARS_MAX: usize = 64;
/// Characters of an idempotency key at most.
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// Largest id: ids are JSON-safe numbers.
const ID_MAX: i64 = (1 << 53) - 1;

/// Who asks: a member and the sign-in (device) the token belongs to. Every statement checks both against the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The member's id.
    pub id: i64,
    /// The sign-in's id.
    pub session: i64,
}

/// An idempotency key and the hash of the request it came with.
pub(crate) struct Claim {
    pub(crate) key: Option<String>,
    pub(crate) request_sha256: Vec<u8>,
}

enum Body {
    Unread(body::Incoming),
    Read(Bytes),
}

/// One request.
pub struct Call {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
    request_id: String,
}

impl Call {
    pub(crate) fn new(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let sane = |id: &&str| {
            let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
            (1..=REQUEST_ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(letter)
        };
        let sent = parts.headers.get("x-request-id").and_then(|value| value.to_str().ok()).filter(sane);
        let request_id = sent.map_or_else(random::text::<12>, str::to_owned);
        Self {
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body: Body::Unread(body),
            request_id,
        }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The headers as they arrived.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header that is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The request id: the client's when it is a sane token, else one made here.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The language to answer in.
    #[must_use]
    pub fn language(&self) -> Language {
        serve::language(&self.headers)
    }

    /// The route as it stands in `spin.toml`.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        self.header("spin-raw-component-route")
    }

    /// Path and query as they were sent, percent-encoding untouched: what a request's signature covers.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    /// Host and port the client asked for: of the `Host` header, in HTTP/2 of the address.
    pub(crate) fn authority(&self) -> Option<&str> {
        self.header("host").or_else(|| self.uri.authority().map(|authority| authority.as_str()))
    }

    /// The cookie of this name.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        cookie::find(&self.headers, name)
    }

    /// The member who asks. The token comes from `Authorization: Bearer`, else from the cookie `access_token`.
    ///
    /// # Errors
    /// `AUTH4001` without a valid token; a header that is present but malformed does not fall back to the cookie.
    pub async fn member(&self) -> Result<Member, Failure> {
        let sent = self.bearer_or_cookie("access_token");
        token::access(sent.ok_or(Code::Auth4001)?).await
    }

    /// The token of `Authorization: Bearer`, else of this cookie. A malformed header hides the cookie.
    #[must_use]
    pub fn bearer_or_cookie(&self, cookie: &str) -> Option<&str> {
        match self.headers.get("authorization") {
            Some(value) => value.to_str().ok().and_then(bearer),
            None => self.cookie(cookie),
        }
    }

    /// The body as JSON of 64 KiB at most.
    ///
    /// # Errors
    /// `COMMON415` for another content type, `COMMON413` when it is too large, `COMMON400` with the field at fault.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        body::expect_json(&self.headers)?;
        let bytes = self.bytes().await?;
        Ok(body::parse(&bytes)?)
    }

    /// The body as it is, 64 KiB at most.
    ///
    /// # Errors
    /// `COMMON413` when it is too large, `COMMON400` when it breaks off.
    pub async fn bytes(&mut self) -> Result<Bytes, Failure> {
        self.bytes_within(body::BODY_BYTES_MAX).await
    }

    /// The body as it is, for routes that take whole files. Whoever asks first decides how long it may be.
    ///
    /// # Errors
    /// As [`Call::bytes`].
    pub async fn bytes_within(&mut self, bytes_max: usize) -> Result<Bytes, Failure> {
        let bytes = match std::mem::replace(&mut self.body, Body::Read(Bytes::new())) {
            Body::Read(bytes) => bytes,
            Body::Unread(incoming) => body::read(&self.headers, incoming, bytes_max).await?,
        };
        self.body = Body::Read(bytes.clone());
        Ok(bytes)
    }

    /// An id in the path, e.g. `:id`: 1 to 2^53 - 1.
    ///
    /// # Errors
    /// `COMMON400` for anything else.
    pub fn path_id(&self, name: &str) -> Result<i64, Failure> {
        let id = self.path_text(name).parse().ok().filter(|id| (1..=ID_MAX).contains(id));
        id.ok_or_else(|| Problem::from(Code::Common400).at(name).into())
    }

    /// A named part of the path, percent-decoded where that gives text; empty when the route has no such part.
    #[must_use]
    pub fn path_text(&self, name: &str) -> Cow<'_, str> {
        let header = format!("spin-path-match-{}", name.to_ascii_lowercase().replace('_', "-"));
        let sent = self.headers.get(header).and_then(|value| value.to_str().ok()).unwrap_or_default();
        percent_decode_str(sent).decode_utf8().unwrap_or(Cow::Borrowed(sent))
    }

    /// The first query parameter of this name, decoded.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let pairs = form_urlencoded::parse(self.uri.query().unwrap_or_default().as_bytes());
        pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The query parameters `cursor` and `size`.
    ///
    /// # Errors
    /// `COMMON400` for a size out of range or a cursor that was not made here.
    pub fn page(&self) -> Result<Page, Failure> {
        Ok(Page::parse(self.query("cursor").as_deref(), self.query("size").as_deref())?)
    }

    /// The client's address: the socket's, or, behind `trusted_proxies` proxies (a variable, 0 by default), the
    /// n-th entry of `X-Forwarded-For` from the right. Absent when the header is shorter or no address.
    ///
    /// # Errors
    /// A fault when the variable is no number.
    pub async fn client_address(&self) -> Result<Option<IpAddr>, Failure> {
        let trusted = settings::variable("trusted_proxies").await?;
        let trusted: usize =
            trusted.parse().map_err(|_| Failure::fault("variable trusted_proxies is no number"))?;
        if trusted == 0 {
            let socket =
                self.header("spin-client-addr").and_then(|text| text.parse::<std::net::SocketAddr>().ok());
            return Ok(socket.map(|socket| socket.ip()));
        }
        let forwarded =
            self.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        Ok(nth_from_right(forwarded, trusted))
    }

    /// The idempotency key: `Idempotency-Key`, else `X-Idempotency-Key`.
    ///
    /// # Errors
    /// `COMMON400` when it is not 1 to 255 visible ASCII characters, or there are two that differ.
    pub fn idempotency_key(&self) -> Result<Option<String>, Failure> {
        let all = |name| self.headers.get_all(name).iter();
        let mut sent = all("idempotency-key").chain(all("x-idempotency-key"));
        let Some(first) = sent.next() else { return Ok(None) };
        // Which of two counts is nobody's to guess.
        let sent = sent.all(|other| other == first).then_some(first);
        let sane = |key: &&str| {
            (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
        };
        let key = sent.and_then(|key| key.to_str().ok()).filter(sane);
        Ok(Some(key.ok_or_else(|| Problem::from(Code::Common400).at("Idempotency-Key"))?.to_owned()))
    }

    /// The idempotency key with the hash of method, path and body.
    pub(crate) async fn claim(&mut self) -> Result<Claim, Failure> {
        let key = self.idempotency_key()?;
        if key.is_none() {
            return Ok(Claim { key, request_sha256: Vec::new() });
        }
        let path = self.path_and_query().to_owned();
        let mut hash = Sha256::new();
        hash.update(self.method.as_str());
        hash.update([0]);
        hash.update(path);
        hash.update([0]);
        hash.update(self.bytes().await?);
        Ok(Claim { key, request_sha256: hash.finalize().to_vec() })
    }

    /// 200 `COMMON200` around a result.
    ///
    /// # Errors
    /// When the result cannot be written as JSON.
    pub fn ok<T: Serialize>(&self, result: &T) -> Result<Answer, Failure> {
        Answer::success(Success::Ok, self.language(), result)
    }

    /// The answer to an idempotent write; a repeated one says so in `Idempotent-Replay`.
    ///
    /// # Errors
    /// When the result cannot be written as JSON.
    pub fn written<T: Serialize>(&self, success: Success, done: &Done<T>) -> Result<Answer, Failure> {
        let answer = Answer::success(success, self.language(), &done.result)?;
        let replay = HeaderValue::from_static("true");
        Ok(if done.replayed { answer.header("idempotent-replay", replay) } else { answer })
    }
}

/// The token of a well-formed `Bearer` header.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(' ')).then_some(token)
}

fn nth_from_right<'h>(headers: impl Iterator<Item = &'h str>, n: usize) -> Option<IpAddr> {
    let entries: Vec<&str> = headers.flat_map(|header| header.split(',')).map(str::trim).collect();
    entries.len().checked_sub(n).and_then(|at| entries[at].parse().ok())
}

#[cfg(test)]
mod tests;

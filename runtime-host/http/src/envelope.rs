//! The host's own answers, in the one envelope that components use too.

use bytes::Bytes;
use http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, VARY};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;

/// Seconds after which a client may try again what was refused for lack of room.
const RETRY_AFTER_SECONDS: u32 = 1;

/// Everything that the host answers by itself instead of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostError {
    /// Not HTTP, or a request that contradicts itself.
    BadRequest,
    /// No route has this path.
    NotFound,
    /// The request did not arrive in time.
    RequestTimeout,
    /// The body is larger than allowed.
    BodyTooLarge,
    /// The path and query are longer than allowed.
    UriTooLong,
    /// Headers are too many or too large.
    HeadersTooLarge,
    /// The component failed.
    Internal,
    /// No room for another request, or the host is going down.
    Unavailable,
    /// The component took too long.
    GatewayTimeout,
}

impl HostError {
    /// Every one of them, for tests and documentation.
    pub const ALL: [HostError; 9] = [
        HostError::BadRequest,
        HostError::NotFound,
        HostError::RequestTimeout,
        HostError::BodyTooLarge,
        HostError::UriTooLong,
        HostError::HeadersTooLarge,
        HostError::Internal,
        HostError::Unavailable,
        HostError::GatewayTimeout,
    ];

    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        self.line().0
    }

    /// The code in the envelope; never changes.
    pub fn code(self) -> &'static str {
        self.line().1
    }

    /// The error that stands for a status which the HTTP library answered by itself.
    pub(crate) fn of_status(status: u16) -> HostError {
        HostError::ALL
            .into_iter()
            .find(|error| error.status().as_u16() == status)
            .unwrap_or(HostError::BadRequest)
    }

    /// Status, code, Korean and English text.
    fn line(self) -> (StatusCode, &'static str, &'static str, &'static str) {
        match self {
            HostError::BadRequest => {
                (StatusCode::BAD_REQUEST, "COMMON400", "잘못된 요청입니다.", "The request is malformed.")
            }
            HostError::NotFound => (
                StatusCode::NOT_FOUND,
                "COMMON404",
                "존재하지 않는 경로입니다.",
                "There is nothing at this path.",
            ),
            HostError::RequestTimeout => (
                StatusCode::REQUEST_TIMEOUT,
                "COMMON408",
                "요청이 제시간에 도착하지 않았습니다.",
                "The request did not arrive in time.",
            ),
            HostError::BodyTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "COMMON413",
                "요청 본문이 너무 큽니다.",
                "The request's body is too large.",
            ),
            HostError::UriTooLong => (
                StatusCode::URI_TOO_LONG,
                "COMMON414",
                "요청 경로가 너무 깁니다.",
                "The request's path is too long.",
            ),
            HostError::HeadersTooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "COMMON431",
                "요청 헤더가 너무 큽니다.",
                "The request's headers are too many or too large.",
            ),
            HostError::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "COMMON500",
                "서버 오류가 발생했습니다.",
                "Something went wrong on our side.",
            ),
            HostError::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "COMMON503",
                "서비스가 혼잡합니다. 잠시 후 다시 시도해 주세요.",
                "The service is busy. Please try again shortly.",
            ),
            HostError::GatewayTimeout => (
                StatusCode::GATEWAY_TIMEOUT,
                "COMMON504",
                "처리 시간이 초과되었습니다.",
                "The request took too long to serve.",
            ),
        }
    }

    /// The whole answer; `english` as [`wants_english`] says.
    pub fn response(self, request_id: &str, english: bool) -> Response<Full<Bytes>> {
        let (status, ..) = self.line();
        let body = self.body(request_id, english);
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, HeaderValue::from_static("accept-language"));
        headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
        headers.insert("x-frame-options", HeaderValue::from_static("DENY"));
        headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
        headers.insert(
            "content-security-policy",
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
        );
        if self == HostError::Unavailable {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }

    /// The answer as bytes of HTTP/1.1, for connections on which the HTTP library can answer no more.
    pub(crate) fn last_words(self, request_id: &str) -> Vec<u8> {
        let response = self.response(request_id, false);
        let body = self.body(request_id, false);
        let mut bytes = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
        for (name, value) in response.headers() {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        let rest = format!(
            "x-request-id: {request_id}\r\n{CONTENT_LENGTH}: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        bytes.extend_from_slice(rest.as_bytes());
        bytes.extend_from_slice(body.as_bytes());
        bytes
    }

    fn body(self, request_id: &str, english: bool) -> String {
        let (_, code, korean, in_english) = self.line();
        serde_json::json!({
            "isSuccess": false,
            "code": code,
            "message": if english { in_english } else { korean },
            "result": null,
            "requestId": request_id,
        })
        .to_string()
    }
}

/// Entries of `Accept-Language` that are looked at, as by the components.
const LANGUAGE_RANGES_MAX: usize = 16;

/// Whether the client prefers English to Korean, by the quality values of RFC 9110 §12.5.4 and the rule by which
/// components choose (`wire::Language::from_accept`): what is unknown or malformed means Korean.
pub(crate) fn wants_english(headers: &HeaderMap) -> bool {
    let languages = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut best = (false, 0.0_f32);
    for range in languages.split(',').take(LANGUAGE_RANGES_MAX) {
        let mut parts = range.split(';').map(str::trim);
        let language = parts.next().and_then(|tag| tag.split('-').next()).unwrap_or_default();
        let english = language.eq_ignore_ascii_case("en");
        if !english && !language.eq_ignore_ascii_case("ko") && language != "*" {
            continue;
        }
        let quality = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(1.0, |quality| quality.parse::<f32>().unwrap_or(0.0).clamp(0.0, 1.0));
        if quality > best.1 {
            best = (english, quality);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_codes_are_used_once() {
        for (position, one) in HostError::ALL.iter().enumerate() {
            for other in &HostError::ALL[position + 1..] {
                assert_ne!(one.status(), other.status());
                assert_ne!(one.code(), other.code());
            }
        }
    }

    #[test]
    fn a_refusal_for_lack_of_room_says_when_to_come_back() {
        assert!(HostError::Unavailable.response("id", true).headers().contains_key(RETRY_AFTER));
        assert!(!HostError::Internal.response("id", true).headers().contains_key(RETRY_AFTER));
    }

    #[test]
    fn the_language_is_the_known_one_of_the_highest_quality_as_for_components() {
        let english = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(value));
            wants_english(&headers)
        };
        for wanted in
            ["en-GB,en;q=0.9,ko;q=0.5", "EN", "ko;q=0.5, En-us;q=0.8", "fr, en;q=0.1", "en;q=0.3,*;q=0.2"]
        {
            assert!(english(wanted), "{wanted}");
        }
        for other in
            ["ko-KR,ko;q=0.9,en;q=0.5", "fr", "en;q=0.3, KO;q=0.4", "*", "en;q=x", "en;q=0", "english"]
        {
            assert!(!english(other), "{other}");
        }
        assert!(!wants_english(&HeaderMap::new()));
    }

    #[test]
    fn an_answer_says_that_it_depends_on_the_language() {
        for error in HostError::ALL {
            assert_eq!(error.response("id", true).headers()[VARY], "accept-language");
        }
    }
}

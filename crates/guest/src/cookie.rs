//! Cookies: reading one out of a request, writing one with the attributes every cookie of ours has.

use spin_sdk::http::{HeaderMap, HeaderValue};

use crate::Failure;

/// Bytes of a `Cookie` header that are looked at.
const COOKIE_HEADER_BYTES_MAX: usize = 16_384;

/// A cookie to set: always `HttpOnly` and `SameSite=Lax`, `Secure` unless the service is on a loopback address.
pub struct Cookie {
    /// Name.
    pub name: &'static str,
    /// Value; empty together with `max_age_s` 0 removes the cookie.
    pub value: String,
    /// Path it is sent to.
    pub path: &'static str,
    /// Lifetime in seconds.
    pub max_age_s: u32,
    /// Whether it travels over TLS only; see [`crate::settings::Service::secure_cookies`].
    pub secure: bool,
}

impl Cookie {
    pub(crate) fn header(&self) -> Result<HeaderValue, Failure> {
        let Self { name, value, path, max_age_s, secure } = self;
        let secure = if *secure { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Path={path}; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::try_from(text)
            .map_err(|_| Failure::fault(format!("cookie {name} does not fit a header")))
    }
}

/// The first cookie of this name.
pub(crate) fn find<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all("cookie")
        .iter()
        .filter(|header| header.len() <= COOKIE_HEADER_BYTES_MAX)
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name && !value.is_empty()).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_an_empty_one_counts_as_absent() {
        let mut headers = HeaderMap::new();
        headers.append("cookie", HeaderValue::from_static("a=1; access_token=x.y.z;b="));
        assert_eq!(find(&headers, "access_token"), Some("x.y.z"));
        assert_eq!(find(&headers, "a"), Some("1"));
        assert_eq!(find(&headers, "b"), None);
        assert_eq!(find(&headers, "token"), None);
    }

    #[test]
    fn a_cookie_is_never_readable_by_scripts_nor_sent_across_sites() {
        let cookie = Cookie { name: "t", value: "v".into(), path: "/", max_age_s: 60, secure: true };
        assert_eq!(
            cookie.header().unwrap_or_else(|_| unreachable!()),
            "t=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
    }
}

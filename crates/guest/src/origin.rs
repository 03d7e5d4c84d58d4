//! Who may call from another site: CORS by allow-list with credentials, and the origin check that protects
//! cookie-authenticated writes.

use spin_sdk::http::{HeaderMap, HeaderValue, Method};
use wire::Code;

use crate::{Answer, Call, Failure, settings};

/// Seconds a browser may remember a preflight.
const PREFLIGHT_MAX_AGE_S: &str = "600";
const REQUEST_HEADERS: &str = "authorization, content-type, accept-language, idempotency-key, \
                               x-idempotency-key, x-request-id, traceparent";
const RESPONSE_HEADERS: &str = "x-request-id, retry-after, idempotent-replay";

/// What the `Origin` header of a request means for it.
pub(crate) enum Cross {
    /// No `Origin`: not a browser's cross-site call.
    None,
    /// The service's own pages.
    Own,
    /// A site of the allow-list: may read answers.
    Allowed(HeaderValue),
    /// Any other site.
    Foreign,
}

impl Cross {
    pub(crate) fn none() -> Self {
        Self::None
    }

    /// Judges the `Origin` header by `Host`, `public_url` and `allowed_origins` (separated by commas).
    pub(crate) async fn of(call: &Call) -> Result<Self, Failure> {
        let Some(value) = call.headers().get("origin") else { return Ok(Self::None) };
        let Ok(origin) = value.to_str() else { return Ok(Self::Foreign) };
        // A page cannot choose the Host its browser sends: an origin with this very authority is this service.
        let host = call.authority();
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        if authority.is_some() && authority == host {
            return Ok(Self::Own);
        }
        if origin == settings::Service::read().await?.origin() {
            return Ok(Self::Own);
        }
        let allowed = settings::variable("allowed_origins").await?;
        let listed = allowed.split(',').map(str::trim).any(|one| !one.is_empty() && one == origin);
        Ok(if listed { Self::Allowed(value.clone()) } else { Self::Foreign })
    }

    /// Refuses a write from a foreign page unless it brings its own bearer token, which no page gets by itself.
    pub(crate) fn allow(&self, call: &Call) -> Result<(), Failure> {
        let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(call.method());
        match self {
            Self::None | Self::Own | Self::Allowed(_) => Ok(()),
            Self::Foreign if safe || call.headers().contains_key("authorization") => Ok(()),
            Self::Foreign => Err(Code::Common403.into()),
        }
    }

    /// Completes the answer to a preflight.
    pub(crate) fn preflight(&self, answer: Answer, methods: &HeaderValue) -> Answer {
        match self {
            Self::Allowed(_) => answer
                .header("access-control-allow-methods", methods.clone())
                .header("access-control-allow-headers", HeaderValue::from_static(REQUEST_HEADERS))
                .header("access-control-max-age", HeaderValue::from_static(PREFLIGHT_MAX_AGE_S)),
            Self::None | Self::Own | Self::Foreign => answer,
        }
    }

    /// Lets a listed site read the answer; tells caches that the answer depends on the origin.
    pub(crate) fn mark(self, headers: &mut HeaderMap) {
        headers.append("vary", HeaderValue::from_static("origin"));
        if let Self::Allowed(origin) = self {
            headers.insert("access-control-allow-origin", origin);
            headers.insert("access-control-allow-credentials", HeaderValue::from_static("true"));
            headers.insert("access-control-expose-headers", HeaderValue::from_static(RESPONSE_HEADERS));
        }
    }
}

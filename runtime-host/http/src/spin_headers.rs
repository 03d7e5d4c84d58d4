//! The `spin-*` headers that a component may rely on, as Spin sets them.

use host_manifest::RouteMatch;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use std::net::SocketAddr;

const PREFIX: &str = "spin-";

/// Replaces whatever `spin-*` headers the client sent by the host's own.
///
/// Values that are no valid header values (a path with bytes beyond ASCII is percent-encoded already) are left out.
pub(crate) fn set(headers: &mut HeaderMap, uri: &Uri, route: &RouteMatch<'_, '_>, client: SocketAddr) {
    let forged: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with(PREFIX)).cloned().collect();
    for name in forged {
        headers.remove(name);
    }
    put(headers, "spin-full-url", &uri.to_string());
    put(headers, "spin-path-info", &route.trailing);
    put(headers, "spin-matched-route", route.based_route);
    put(headers, "spin-base-path", "/");
    put(headers, "spin-raw-component-route", route.raw_route);
    put(headers, "spin-component-route", route.raw_route_or_prefix());
    put(headers, "spin-client-addr", &client.to_string());
    for (name, value) in route.named_headers() {
        if let Ok(name) = HeaderName::try_from(name) {
            put_named(headers, name, value);
        }
    }
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    put_named(headers, HeaderName::from_static(name), value);
}

fn put_named(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

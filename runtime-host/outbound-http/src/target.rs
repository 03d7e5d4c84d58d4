//! Where a request goes, and whether the component may send it there.

use crate::chain::Callee;
use host_egress::{Grants, chained_component};
use http::uri::Scheme;
use http::{Method, Uri};
use wasmtime_wasi_http::Error;

/// The host name that stands for the app itself, for SDKs that insist on an absolute URL.
const SELF_HOST: &str = "self.alt";

/// A destination that the component may reach.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Stays inside the app.
    Chained(Callee),
    /// Leaves the host.
    Remote,
}

/// Why a request is not sent.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Not granted; the text names the line to add to the manifest.
    Denied(String),
    /// Not a request that can be sent.
    Malformed(Error),
}

impl Target {
    /// Judges one request. Nothing was resolved yet: the grant is about names.
    pub(crate) fn of(method: &Method, uri: &Uri, grants: &Grants) -> Result<Self, Stop> {
        if method == Method::CONNECT {
            return Err(Stop::Malformed(Error::HttpRequestMethodInvalid));
        }
        let host = uri.host().unwrap_or_default();
        if host.is_empty() || host.eq_ignore_ascii_case(SELF_HOST) {
            grants.check_self().map_err(denied)?;
            return Ok(Self::Chained(Callee::App));
        }
        // Credentials in a URL are not part of HTTP; a name before an `@` only misleads readers of the log.
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(Stop::Malformed(Error::HttpRequestUriInvalid));
        }
        if let Some(component) = chained_component(host) {
            grants.check_chained(component).map_err(denied)?;
            return Ok(Self::Chained(Callee::Component(component.to_owned())));
        }
        let (scheme, default_port) = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => ("http", 80),
            Some(scheme) if *scheme == Scheme::HTTPS => ("https", 443),
            Some(_) | None => return Err(Stop::Malformed(Error::HttpRequestUriInvalid)),
        };
        let port = match uri.port() {
            Some(port) => port.as_u16(),
            None => default_port,
        };
        grants.check(scheme, host, port).map_err(denied)?;
        Ok(Self::Remote)
    }
}

fn denied(refused: host_egress::Refused) -> Stop {
    Stop::Denied(refused.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(uri: &str, grants: &[&str]) -> Result<Target, Stop> {
        let grants = Grants::parse(grants.iter().copied()).unwrap().with_component("shop");
        Target::of(&Method::GET, &uri.parse().unwrap(), &grants)
    }

    #[test]
    fn a_default_port_is_the_schemes_own() {
        assert_eq!(judge("https://a.example/", &["https://a.example:443"]).unwrap(), Target::Remote);
        assert_eq!(judge("http://a.example/", &["http://a.example:80"]).unwrap(), Target::Remote);
        assert!(matches!(judge("http://a.example/", &["https://a.example"]), Err(Stop::Denied(_))));
    }

    #[test]
    fn a_refusal_names_the_line_to_add() {
        let Err(Stop::Denied(text)) = judge("https://b.example/x", &["https://a.example"]) else { panic!() };
        assert_eq!(
            text,
            r#"not granted: add "https://b.example:443" to allowed_outbound_hosts of component "shop""#
        );
    }

    #[test]
    fn credentials_before_the_host_do_not_change_what_is_judged() {
        let granted = ["https://a.example"];
        assert!(matches!(judge("https://a.example@evil.example/", &granted), Err(Stop::Malformed(_))));
        assert!(matches!(judge("https://u:p@a.example/", &granted), Err(Stop::Malformed(_))));
    }

    #[test]
    fn the_own_app_and_its_components_need_a_grant_and_stay_inside() {
        assert!(matches!(judge("http://self.alt/x", &[]), Err(Stop::Denied(_))));
        assert_eq!(judge("http://self.alt/x", &["http://self"]).unwrap(), Target::Chained(Callee::App));
        assert_eq!(
            judge("http://mail.spin.internal/x", &["http://mail.spin.internal"]).unwrap(),
            Target::Chained(Callee::Component("mail".to_owned()))
        );
        assert!(matches!(
            judge("http://mail.spin.internal/", &["http://a.spin.internal"]),
            Err(Stop::Denied(_))
        ));
    }

    #[test]
    fn a_tunnel_cannot_be_asked_for() {
        let grants = Grants::parse(["https://a.example"]).unwrap();
        let judged = Target::of(&Method::CONNECT, &"https://a.example/".parse().unwrap(), &grants);
        assert!(matches!(judged, Err(Stop::Malformed(Error::HttpRequestMethodInvalid))));
    }
}

//! One entry of `allowed_outbound_hosts`: `scheme://host[:port]`.
//!
//! * scheme: lower-case letters, or `*` for any
//! * host: a name, `*.name` (any name below it), an IPv4 address, `[an IPv6 address]`, a network such as
//!   `10.0.0.0/8` or `2001:db8::/32`, `self` (relative URLs of the same app), or `*` for any
//! * port: a number, `start..end` without the end, or `*` for any; without it the scheme's own port
//!
//! One trailing `/` is ignored. A path, a query or a user name is refused.

use crate::CHAINING_DOMAIN;
use ipnet::IpNet;
use std::net::IpAddr;
use std::ops::Range;
use url::Host;

/// What is wrong with an entry of `allowed_outbound_hosts`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantFault {
    /// No `://`.
    #[error("has no scheme")]
    NoScheme,
    /// Something else than lower-case letters or `*` before `://`.
    #[error("scheme {0:?} is not made of lower-case letters")]
    Scheme(String),
    /// Nothing between `://` and the port.
    #[error("has no host")]
    NoHost,
    /// `user@` or `user:password@` before the host.
    #[error("has a user name, which grants do not look at")]
    UserInfo,
    /// More than one `/` behind the host.
    #[error("has a path, which grants do not look at")]
    Path,
    /// `?` or `#` behind the host.
    #[error("has a query or fragment, which grants do not look at")]
    Query,
    /// Neither a name, an address, a network nor a wildcard.
    #[error("{0:?} is not a host")]
    Host(String),
    /// `*` elsewhere than as the whole host or its first label.
    #[error("{0:?} has a wildcard elsewhere than in its first label")]
    Wildcard(String),
    /// Not a port.
    #[error("{0:?} is not a port")]
    Port(String),
    /// A port range that holds no port.
    #[error("port range {0:?} is empty (its end is not part of it)")]
    EmptyRange(String),
    /// No port given, and the scheme has none of its own.
    #[error("has no port, and scheme {0:?} has no port of its own")]
    NoPort(String),
}

impl GrantFault {
    /// What may stand there instead; contains nothing of the entry itself.
    pub fn allowed(&self) -> &'static str {
        match self {
            Self::NoScheme | Self::NoHost | Self::UserInfo | Self::Path | Self::Query => {
                "scheme://host[:port], e.g. \"https://api.example.com\" or \"redis://127.0.0.1:6379\""
            }
            Self::Scheme(_) => "lower-case letters, e.g. \"https\", or \"*\"",
            Self::Host(_) => {
                "a name, \"*.name\", an IPv4 address, \"[IPv6 address]\", a network such as \"10.0.0.0/8\", \
                 \"self\" or \"*\""
            }
            Self::Wildcard(_) => "\"*\" or \"*.name\"",
            Self::Port(_) | Self::EmptyRange(_) => {
                "a number from 0 to 65535, \"start..end\" (the end is not part of it), or \"*\""
            }
            Self::NoPort(_) => "\":<port>\" or \":*\" behind the host",
        }
    }
}

/// The port a scheme means when none is given.
pub fn well_known_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "postgres" => Some(5432),
        "mysql" => Some(3306),
        "redis" => Some(6379),
        "mqtt" => Some(1883),
        _ => None,
    }
}

/// One entry, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    written: String,
    scheme: SchemePattern,
    host: HostPattern,
    port: PortPattern,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum SchemePattern {
    Any,
    Exactly(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostPattern {
    Any,
    /// The app itself, by relative URL.
    Itself,
    /// Every name that ends with this; begins with a dot.
    Below(String),
    /// Every component of the app: `*.spin.internal`, one label only.
    AnyComponent,
    Exactly(Host),
    Network(IpNet),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PortPattern {
    Any,
    Exactly(u16),
    Within(Range<u16>),
}

impl Grant {
    pub(crate) fn parse(written: &str) -> Result<Self, GrantFault> {
        let (scheme, rest) = written.trim().split_once("://").ok_or(GrantFault::NoScheme)?;
        let (host, port) = split_port(rest)?;
        let scheme_pattern = SchemePattern::parse(scheme)?;
        Ok(Self {
            written: written.trim().to_owned(),
            scheme: scheme_pattern,
            host: HostPattern::parse(host.trim())?,
            port: PortPattern::parse(port, scheme)?,
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.written
    }

    pub(crate) fn allows(&self, scheme: &str, host: &Host, port: u16) -> bool {
        self.scheme.allows(scheme) && self.host.allows(host) && self.port.allows(port)
    }

    pub(crate) fn allows_self(&self) -> bool {
        (self.scheme.allows("http") || self.scheme.allows("https"))
            && matches!(self.host, HostPattern::Any | HostPattern::Itself)
    }

    pub(crate) fn chained_component(&self) -> Option<&str> {
        match &self.host {
            HostPattern::Exactly(Host::Domain(name)) => crate::chained_component(name),
            HostPattern::Exactly(Host::Ipv4(_) | Host::Ipv6(_))
            | HostPattern::Any
            | HostPattern::Itself
            | HostPattern::Below(_)
            | HostPattern::AnyComponent
            | HostPattern::Network(_) => None,
        }
    }
}

/// Cuts what follows `://` into host and port; the port is empty when none is given.
fn split_port(rest: &str) -> Result<(&str, &str), GrantFault> {
    if rest.contains('@') {
        return Err(GrantFault::UserInfo);
    }
    if rest.contains(['?', '#']) {
        return Err(GrantFault::Query);
    }
    // A network carries a slash of its own, and an IPv6 network colons as well.
    if is_network(rest) {
        return Ok((rest, ""));
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if let Some((host, port)) = rest.rsplit_once(':')
        && is_network(host)
    {
        return Ok((host, port));
    }
    if rest.contains('/') {
        return Err(GrantFault::Path);
    }
    if let Some(end) = rest.find(']') {
        let (host, tail) = rest.split_at(end + 1);
        return match tail.strip_prefix(':') {
            Some(port) => Ok((host, port)),
            None if tail.is_empty() => Ok((host, "")),
            None => Err(GrantFault::Host(rest.to_owned())),
        };
    }
    Ok(rest.rsplit_once(':').unwrap_or((rest, "")))
}

fn is_network(text: &str) -> bool {
    text.trim().parse::<IpNet>().is_ok()
}

impl SchemePattern {
    fn parse(text: &str) -> Result<Self, GrantFault> {
        match text {
            "*" => Ok(Self::Any),
            "" => Err(GrantFault::NoScheme),
            _ if text.bytes().all(|byte| byte.is_ascii_lowercase()) => Ok(Self::Exactly(text.to_owned())),
            _ => Err(GrantFault::Scheme(text.to_owned())),
        }
    }

    fn allows(&self, scheme: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(allowed) => allowed.eq_ignore_ascii_case(scheme),
        }
    }
}

impl HostPattern {
    fn parse(text: &str) -> Result<Self, GrantFault> {
        let bad_host = || GrantFault::Host(text.to_owned());
        match text {
            "" => return Err(GrantFault::NoHost),
            "*" => return Ok(Self::Any),
            // Some HTTP clients insist on a host: `self.alt` stands in for none.
            "self" | "self.alt" => return Ok(Self::Itself),
            _ => {}
        }
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self::Network(network.trunc()));
        }
        if let Some(domain) = text.strip_prefix("*.") {
            if domain.contains('*') {
                return Err(GrantFault::Wildcard(text.to_owned()));
            }
            return match Host::parse(domain) {
                Ok(Host::Domain(domain)) if domain == CHAINING_DOMAIN => Ok(Self::AnyComponent),
                Ok(Host::Domain(domain)) => Ok(Self::Below(format!(".{domain}"))),
                Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(_) => Err(bad_host()),
            };
        }
        if text.contains('*') {
            return Err(GrantFault::Wildcard(text.to_owned()));
        }
        Host::parse(text).map(Self::Exactly).map_err(|_| bad_host())
    }

    fn allows(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Exactly(allowed), host) => allowed == host,
            (Self::Below(suffix), Host::Domain(name)) => {
                name.strip_suffix(suffix.as_str()).is_some_and(|label| !label.is_empty())
            }
            (Self::AnyComponent, Host::Domain(name)) => crate::chained_component(name).is_some(),
            (Self::Network(network), Host::Ipv4(address)) => network.contains(&IpAddr::V4(*address)),
            (Self::Network(network), Host::Ipv6(address)) => network.contains(&IpAddr::V6(*address)),
            (Self::Below(_) | Self::AnyComponent, Host::Ipv4(_) | Host::Ipv6(_))
            | (Self::Network(_), Host::Domain(_))
            | (Self::Itself, _) => false,
        }
    }
}

impl PortPattern {
    fn parse(text: &str, scheme: &str) -> Result<Self, GrantFault> {
        if text.is_empty() {
            return well_known_port(scheme)
                .map(Self::Exactly)
                .ok_or_else(|| GrantFault::NoPort(scheme.to_owned()));
        }
        if text == "*" {
            return Ok(Self::Any);
        }
        let number = |digits: &str| {
            let parsed = digits.parse::<u16>().ok().filter(|_| !digits.starts_with('+'));
            parsed.ok_or_else(|| GrantFault::Port(text.to_owned()))
        };
        let Some((start, end)) = text.split_once("..") else {
            return number(text).map(Self::Exactly);
        };
        let range = number(start)?..number(end)?;
        if range.is_empty() {
            return Err(GrantFault::EmptyRange(text.to_owned()));
        }
        Ok(Self::Within(range))
    }

    fn allows(&self, port: u16) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(allowed) => *allowed == port,
            Self::Within(range) => range.contains(&port),
        }
    }
}

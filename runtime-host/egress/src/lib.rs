//! Where a component may connect to: the meaning of `allowed_outbound_hosts`, as Spin defines it.
//!
//! * [`Grants`]: what one component was granted by name; asked before each outbound call, and again for each redirect.
//! * [`AddressPolicy`]: which IP addresses the whole host may dial; asked for each address that a name resolved to.
//!
//! Both must say yes. This crate opens no connection and resolves no templates (`host-manifest` does, before it
//! parses); the capabilities (`host-postgres`, `host-redis`, `host-outbound-http`, …) are its callers. An entry's
//! grammar is in `grant.rs`.

mod address_policy;
mod grant;
mod refused;

pub use address_policy::{AddressPolicy, MalformedNetwork};
pub use grant::{GrantFault, well_known_port};
pub use refused::{Refused, ResolveError};

use grant::Grant;
use std::sync::Arc;
use url::Host;

/// The domain under which a component reaches another component of the same app without a socket.
pub const CHAINING_DOMAIN: &str = "spin.internal";

/// The component that `host` names for service chaining: `Some("x")` for `x.spin.internal`, `None` for any other
/// host, also for `a.b.spin.internal`.
pub fn chained_component(host: &str) -> Option<&str> {
    let (component, domain) = host.split_once('.')?;
    (!component.is_empty() && domain.eq_ignore_ascii_case(CHAINING_DOMAIN)).then_some(component)
}

/// One entry of `allowed_outbound_hosts` that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?}: {fault}; allowed: {}", fault.allowed())]
pub struct MalformedGrant {
    /// Its place in the list, from 0.
    pub index: usize,
    /// The entry as it was given to [`Grants::parse`].
    pub found: String,
    /// What is wrong with it.
    pub fault: GrantFault,
}

/// What one component may connect to. Cheap to clone; the default grants nothing.
///
/// ```
/// let grants = host_egress::Grants::parse(["https://api.example.com", "redis://127.0.0.1:*"])?.with_component("shop");
/// assert!(grants.check("https", "api.example.com", 443).is_ok());
/// let refused = grants.check("postgres", "127.0.0.1", 5432).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     r#"not granted: add "postgres://127.0.0.1:5432" to allowed_outbound_hosts of component "shop""#
/// );
/// # Ok::<(), Vec<host_egress::MalformedGrant>>(())
/// ```
#[derive(Clone, Default)]
pub struct Grants {
    component: Option<Arc<str>>,
    entries: Arc<[Grant]>,
}

impl Grants {
    /// Reads the entries of one component's `allowed_outbound_hosts`, templates already resolved.
    ///
    /// Errors with every malformed entry, not only the first.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, Vec<MalformedGrant>> {
        let mut grants = Vec::new();
        let mut malformed = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            match Grant::parse(entry) {
                Ok(grant) => grants.push(grant),
                Err(fault) => malformed.push(MalformedGrant { index, found: entry.to_owned(), fault }),
            }
        }
        if malformed.is_empty() {
            Ok(Self { component: None, entries: grants.into() })
        } else {
            Err(malformed)
        }
    }

    /// The same grants, with the component's id for the text of refusals.
    #[must_use]
    pub fn with_component(self, id: &str) -> Self {
        Self { component: Some(id.into()), ..self }
    }

    /// May the component connect to `scheme://host:port`?
    ///
    /// `host` is a name, an IPv4 address, or an IPv6 address with or without brackets; upper and lower case are the
    /// same. A name is judged as a name: what it resolves to is for [`AddressPolicy`].
    pub fn check(&self, scheme: &str, host: &str, port: u16) -> Result<(), Refused> {
        let Some(target) = parse_host(host) else {
            return Err(Refused::malformed_host(host));
        };
        if self.entries.iter().any(|grant| grant.allows(scheme, &target, port)) {
            return Ok(());
        }
        let entry = match &target {
            Host::Domain(name) if scheme == "http" && port == 80 && chained_component(name).is_some() => {
                format!("{scheme}://{name}")
            }
            Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_) => format!("{scheme}://{target}:{port}"),
        };
        Err(Refused::NotGranted { entry, component: self.component.clone() })
    }

    /// May the component call `component` of the same app, as `http://<component>.spin.internal`?
    pub fn check_chained(&self, component: &str) -> Result<(), Refused> {
        self.check("http", &format!("{component}.{CHAINING_DOMAIN}"), 80)
    }

    /// May the component call its own app by a relative URL? True with `http://self`, `https://self` or any host.
    pub fn allows_self(&self) -> bool {
        self.entries.iter().any(Grant::allows_self)
    }

    /// [`Grants::allows_self`] as a refusal that says which line to add.
    pub fn check_self(&self) -> Result<(), Refused> {
        if self.allows_self() {
            return Ok(());
        }
        Err(Refused::NotGranted { entry: "http://self".to_owned(), component: self.component.clone() })
    }

    /// True when nothing at all is granted.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries as they were given, in order.
    pub fn entries(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(Grant::as_str)
    }

    /// Every component that the entries name for service chaining, without the wildcard.
    pub fn chained_components(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(Grant::chained_component)
    }
}

/// Entries are resolved templates and may hold a secret: they are counted, not shown.
impl std::fmt::Debug for Grants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grants")
            .field("component", &self.component)
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

/// A host as it stands in a URL, or a bare IPv6 address.
fn parse_host(host: &str) -> Option<Host> {
    match host.parse::<std::net::Ipv6Addr>() {
        Ok(address) => Some(Host::Ipv6(address)),
        Err(_) => Host::parse(host).ok(),
    }
}

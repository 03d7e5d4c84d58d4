//! Which IP addresses this host dials at all, whatever a component was granted by name.
//!
//! A grant names a host; what the name resolves to is decided by whoever runs its name server. Where components are
//! not trusted, the operator blocks networks here (Spin's `block_networks`).

use crate::{Refused, ResolveError};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// The word for every network that is not reachable from everywhere.
const PRIVATE: &str = "private";

/// An entry of `block_networks` that is neither a network nor `private`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is not a network; allowed: \"private\", or an address and its prefix length, e.g. \"10.0.0.0/8\""
)]
pub struct MalformedNetwork {
    /// The entry as it was given.
    pub found: String,
}

/// The networks that must not be dialled. Cheap to clone; the default blocks none.
#[derive(Clone, Debug, Default)]
pub struct AddressPolicy {
    private: bool,
    networks: Arc<[IpNet]>,
}

impl AddressPolicy {
    /// Reads `block_networks`: networks in CIDR form, and `private` for all that the public Internet does not route
    /// (loopback, link-local, RFC 1918, carrier NAT, unique local, documentation, multicast, …).
    ///
    /// Errors with every malformed entry.
    pub fn blocking<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, Vec<MalformedNetwork>> {
        let mut private = false;
        let mut networks = Vec::new();
        let mut malformed = Vec::new();
        for entry in entries {
            match (entry.trim(), entry.trim().parse::<IpNet>()) {
                (PRIVATE, _) => private = true,
                (_, Ok(network)) => networks.push(network.trunc()),
                (_, Err(_)) => malformed.push(MalformedNetwork { found: entry.to_owned() }),
            }
        }
        if malformed.is_empty() { Ok(Self { private, networks: networks.into() }) } else { Err(malformed) }
    }

    /// May this host dial `address`?
    ///
    /// An IPv6 address that stands for an IPv4 one (mapped, compatible, NAT64, 6to4) is judged as both.
    pub fn check(&self, address: IpAddr) -> Result<(), Refused> {
        let inner = match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => embedded_ipv4(v6).map(IpAddr::V4),
        };
        if self.blocks(address) || inner.is_some_and(|inner| self.blocks(inner)) {
            return Err(Refused::BlockedAddress { address });
        }
        Ok(())
    }

    /// The addresses of `host`, without the blocked ones.
    ///
    /// Errors when the name has no address, or none that may be dialled. Waits as long as the system's resolver
    /// does: callers put it under the deadline of their call.
    pub async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
        let lookup = |source| ResolveError::Lookup { host: host.to_owned(), source };
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let mut refused = None;
        let mut allowed = Vec::new();
        for address in tokio::net::lookup_host((bare, port)).await.map_err(lookup)? {
            match self.check(address.ip()) {
                Ok(()) => allowed.push(address),
                Err(reason) => refused = Some(reason),
            }
        }
        match (allowed.is_empty(), refused) {
            (false, _) => Ok(allowed),
            (true, Some(reason)) => Err(reason.into()),
            (true, None) => Err(lookup(std::io::Error::other("the name has no address"))),
        }
    }

    fn blocks(&self, address: IpAddr) -> bool {
        (self.private && !is_global(address))
            || self.networks.iter().any(|network| network.contains(&address))
    }
}

/// The IPv4 address that an IPv6 address carries inside, where a router or the kernel would unpack it.
fn embedded_ipv4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let ipv4 = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(w, x, y, z)
    };
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0 | 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => Some(ipv4(g, h)),
        (0x2002, high, low, _, _, _) => Some(ipv4(high, low)),
        _ => None,
    }
}

/// IANA's special-purpose IPv4 networks (RFC 6890 and its updates) and multicast.
const SPECIAL_IPV4: [(Ipv4Addr, u8); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// What the Internet routes of IPv6 (RFC 4291), from which the special networks are taken out.
const GLOBAL_IPV6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// IANA's special-purpose networks inside [`GLOBAL_IPV6`].
const SPECIAL_IPV6: [(Ipv6Addr, u8); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            !SPECIAL_IPV4.iter().any(|&(network, bits)| Ipv4Net::new_assert(network, bits).contains(&v4))
        }
        IpAddr::V6(v6) => {
            let within = |(network, bits)| Ipv6Net::new_assert(network, bits).contains(&v6);
            // A carried IPv4 address decides for itself: `check` asks about it too.
            embedded_ipv4(v6).is_some() || (within(GLOBAL_IPV6) && !SPECIAL_IPV6.into_iter().any(within))
        }
    }
}

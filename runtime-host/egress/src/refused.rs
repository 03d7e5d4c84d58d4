//! Why a connection was refused, in words that say what to do about it.

use std::net::IpAddr;
use std::sync::Arc;

/// The longest piece of a guest's host name that is repeated in a refusal.
const HOST_SHOWN_CHARS_MAX: usize = 255;

/// A connection that the component, or this host as a whole, may not make.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No entry of the component's `allowed_outbound_hosts` names the target.
    #[error("not granted: add {entry:?} to allowed_outbound_hosts{}", of_component(.component.as_deref()))]
    NotGranted {
        /// The entry that would grant it, e.g. `postgres://127.0.0.1:5432`.
        entry: String,
        /// The component that asked, where known.
        component: Option<Arc<str>>,
    },
    /// The address lies in a network that this host does not dial, whatever a component was granted.
    #[error("not granted: {address} lies in a network that this host does not connect to")]
    BlockedAddress {
        /// The address as it was asked for.
        address: IpAddr,
    },
    /// What was given as a host is neither a name nor an IP address.
    #[error("not granted: {host:?} is neither a host name nor an IP address")]
    MalformedHost {
        /// The beginning of it, at most 255 characters.
        host: String,
    },
}

impl Refused {
    pub(crate) fn malformed_host(host: &str) -> Self {
        Self::MalformedHost { host: host.chars().take(HOST_SHOWN_CHARS_MAX).collect() }
    }
}

fn of_component(id: Option<&str>) -> String {
    id.map(|id| format!(" of component {id:?}")).unwrap_or_default()
}

/// Why a name gave no address to dial.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// Every address of the name is blocked.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The name server knows no address, or did not answer.
    #[error("{host}: {source}")]
    Lookup {
        /// The name that was asked for.
        host: String,
        /// The resolver's own words.
        source: std::io::Error,
    },
}

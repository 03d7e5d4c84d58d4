//! What a guest gives to `open`, taken apart once.

use redis::{ConnectionAddr, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};

/// `redis[s]://[[user][:password]@]host[:port][/database]`, parsed.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) login: RedisConnectionInfo,
}

/// What makes two addresses share their connections: everything that gives a connection its identity.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct AddressKey {
    tls: bool,
    host: String,
    port: u16,
    database: i64,
    user: Option<String>,
    password: Option<String>,
    resp3: bool,
}

impl Address {
    /// `None` for anything that is not a complete address over TCP; also for TLS without verification.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let info = text.into_connection_info().ok()?;
        let (tls, host, port) = match info.addr() {
            ConnectionAddr::Tcp(host, port) => (false, host, *port),
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: _ } => (true, host, *port),
            // Unverified TLS, Unix sockets, and kinds to come.
            _ => return None,
        };
        let login = info.redis_settings().clone().set_skip_set_lib_name();
        Some(Self { tls, host: host.to_ascii_lowercase(), port, login })
    }

    /// The scheme, as `allowed_outbound_hosts` spells it.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls { "rediss" } else { "redis" }
    }

    pub(crate) fn key(&self) -> AddressKey {
        AddressKey {
            tls: self.tls,
            host: self.host.clone(),
            port: self.port,
            database: self.login.db(),
            user: self.login.username().map(str::to_owned),
            password: self.login.password().map(str::to_owned),
            resp3: !matches!(self.login.protocol(), ProtocolVersion::RESP2),
        }
    }
}

/// Where it is, without user and password: fit for a log.
impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}:{}", self.scheme(), self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_shown_without_its_password() {
        let address = Address::parse("rediss://app:planted@Cache.Example:7000/3").unwrap();
        assert_eq!(
            (address.scheme(), address.host.as_str(), address.port),
            ("rediss", "cache.example", 7000)
        );
        assert_eq!((address.login.db(), address.login.username()), (3, Some("app")));
        assert_eq!(address.to_string(), "rediss://cache.example:7000");
    }

    #[test]
    fn what_is_not_a_complete_tcp_address_is_refused() {
        for text in [
            "",
            "127.0.0.1:6379",
            "http://127.0.0.1",
            "redis://",
            "unix:///run/redis.sock",
            "redis+unix:///run/redis.sock",
            "redis://h/notanumber",
            "rediss://h/#insecure",
        ] {
            assert!(Address::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn addresses_share_connections_only_when_they_log_in_alike() {
        let key = |text| Address::parse(text).unwrap().key();
        assert!(key("redis://HOST") == key("redis://host:6379/0"));
        for other in
            ["redis://host/1", "redis://:p@host", "redis://u:p@host", "rediss://host", "redis://host:1"]
        {
            assert!(key("redis://host") != key(other), "{other}");
        }
    }
}

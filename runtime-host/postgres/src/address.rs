//! A database address: a URL (`postgres://user:password@host:5432/database?sslmode=require`) or `key=value` pairs, as
//! libpq and Spin take them.

use crate::error::{chain, connection_failed};
use crate::interface::Error;
use host_egress::Grants;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, TargetSessionAttrs};

/// Where an address without a port leads.
const DEFAULT_PORT: u16 = 5432;
/// The name under which the sessions are listed on the server, where the address gives none.
const APPLICATION_NAME: &str = "moalog";
/// The scheme that a grant must have.
const SCHEME: &str = "postgres";

/// A server to try, in the address's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// What is dialled: a name or an IP address.
    pub(crate) dial: String,
    /// What the server's certificate must be for.
    pub(crate) certified: String,
    pub(crate) port: u16,
}

/// A parsed address. Its `Debug` shows no password: the driver's does not.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) targets: Vec<Target>,
    /// What may not be left out when access is checked: names and addresses, with their ports.
    checked: Vec<(String, u16)>,
}

impl Address {
    /// Errors in words that repeat nothing of the address: it holds a password.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let mut config: Config = with_known_ssl_mode(text)
            .parse()
            .map_err(|error: tokio_postgres::Error| connection_failed(chain(&error)))?;
        let ports = config.get_ports();
        let (hosts, host_addresses) = (config.get_hosts(), config.get_hostaddrs());
        let count = hosts.len().max(host_addresses.len());
        if count == 0 {
            return Err(connection_failed("the address names no host"));
        }
        if !hosts.is_empty() && !host_addresses.is_empty() && hosts.len() != host_addresses.len() {
            return Err(connection_failed(
                "the address names as many hosts as host addresses, or only one kind",
            ));
        }
        if ports.len() > 1 && ports.len() != count {
            return Err(connection_failed("the address names one port, or one for each host"));
        }
        let mut targets = Vec::with_capacity(count);
        let mut checked = Vec::with_capacity(count);
        for index in 0..count {
            let port = ports.get(index).or_else(|| ports.first()).copied().unwrap_or(DEFAULT_PORT);
            let name = match hosts.get(index) {
                Some(Host::Tcp(name)) => Some(name.clone()),
                Some(Host::Unix(_)) => {
                    return Err(connection_failed("Unix sockets are not supported on WebAssembly"));
                }
                None => None,
            };
            let address = host_addresses.get(index).map(ToString::to_string);
            checked.extend(name.iter().chain(&address).map(|host| (host.clone(), port)));
            let certified = name.clone().or_else(|| address.clone()).unwrap_or_default();
            targets.push(Target { dial: address.or(name).unwrap_or_default(), certified, port });
        }
        if config.get_application_name().is_none() {
            config.application_name(APPLICATION_NAME);
        }
        Ok(Self { config, targets, checked })
    }

    /// Every host of the address must be granted, and every literal `hostaddr`: it is what is dialled.
    pub(crate) fn check(&self, grants: &Grants) -> Result<(), Error> {
        for (host, port) in &self.checked {
            grants.check(SCHEME, host, *port).map_err(|refused| {
                connection_failed(format_args!(
                    "address {SCHEME}://{host}:{port} is not permitted: {refused}"
                ))
            })?;
        }
        Ok(())
    }

    /// What metrics and logs call the database: first host, port and name.
    pub(crate) fn label(&self) -> String {
        let Target { certified, port, .. } = &self.targets[0];
        format!(
            "{certified}:{port}/{}",
            self.config.get_dbname().or(self.config.get_user()).unwrap_or_default()
        )
    }

    /// Is this answer to `SHOW transaction_read_only` what the address asks for?
    pub(crate) fn accepts(&self, is_read_only: bool) -> bool {
        match self.config.get_target_session_attrs() {
            TargetSessionAttrs::ReadWrite => !is_read_only,
            TargetSessionAttrs::ReadOnly => is_read_only,
            _ => true,
        }
    }
}

/// The driver knows `disable`, `prefer` and `require`. Here `require` verifies certificate and name, so the two stricter
/// modes of libpq mean the same.
fn with_known_ssl_mode(text: &str) -> String {
    ["verify-full", "verify-ca"].iter().fold(text.to_owned(), |text, mode| {
        ["sslmode=", "sslmode='"]
            .iter()
            .fold(text, |text, key| text.replace(&format!("{key}{mode}"), &format!("{key}require")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_postgres::config::SslMode;

    fn targets(text: &str) -> Vec<(String, String, u16)> {
        let address = Address::parse(text).unwrap();
        address.targets.into_iter().map(|target| (target.dial, target.certified, target.port)).collect()
    }

    fn target(dial: &str, certified: &str, port: u16) -> (String, String, u16) {
        (dial.to_owned(), certified.to_owned(), port)
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(targets("postgres://u:p@db.example:6000/d"), [target("db.example", "db.example", 6000)]);
        assert_eq!(targets("host=db.example user=u"), [target("db.example", "db.example", 5432)]);
        assert_eq!(
            targets("host=a,b port=1,2 hostaddr=10.0.0.1,10.0.0.2 user=u"),
            [target("10.0.0.1", "a", 1), target("10.0.0.2", "b", 2)]
        );
        assert_eq!(targets("hostaddr=10.0.0.1 user=u"), [target("10.0.0.1", "10.0.0.1", 5432)]);
    }

    #[test]
    fn stricter_ssl_modes_mean_require() {
        for text in [
            "postgres://u@h/d?sslmode=verify-full",
            "host=h user=u sslmode='verify-ca'",
            "host=h user=u sslmode=require",
        ] {
            assert_eq!(Address::parse(text).unwrap().config.get_ssl_mode(), SslMode::Require, "{text}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_without_its_password() {
        for text in [
            "",
            "user=u password=hunter2",
            "host=/run/postgresql user=u password=hunter2",
            "host=a,b port=1,2,3 user=u password=hunter2",
            "host=a password=hunter2 bogus=1",
            "postgres://u:hunter2@h:99999/d",
        ] {
            let Err(Error::ConnectionFailed(reason)) = Address::parse(text) else {
                panic!("{text} was taken")
            };
            assert!(!reason.contains("hunter2"), "{reason}");
        }
    }

    #[test]
    fn every_host_and_every_literal_address_must_be_granted() {
        let grants = |entries: &[&str]| Grants::parse(entries.iter().copied()).unwrap();
        let address = Address::parse("host=db.example hostaddr=10.0.0.1 user=u").unwrap();
        assert!(address.check(&grants(&["postgres://db.example:5432"])).is_err());
        assert!(address.check(&grants(&["postgres://db.example:5432", "postgres://10.0.0.1:5432"])).is_ok());
        let address = Address::parse("postgres://u@granted,other/d").unwrap();
        assert!(address.check(&grants(&["postgres://granted:5432"])).is_err());
        assert!(address.check(&grants(&["postgres://granted:5432", "postgres://other:5432"])).is_ok());
    }
}

//! Which addresses the host dials when networks are blocked.

use host_egress::{AddressPolicy, ResolveError};
use std::net::IpAddr;

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn nothing_is_blocked_by_default() {
    assert!(AddressPolicy::default().check(ip("127.0.0.1")).is_ok());
}

#[test]
fn private_blocks_whatever_the_internet_does_not_route() {
    let policy = AddressPolicy::blocking(["private"]).unwrap();
    for blocked in [
        "0.0.0.0",
        "10.10.10.10",
        "100.64.1.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.31.0.1",
        "192.0.0.1",
        "192.168.0.1",
        "198.19.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fc00::f00d",
        "fe80::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:10.10.10.10",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ] {
        assert!(policy.check(ip(blocked)).is_err(), "{blocked}");
    }
    for dialled in
        ["123.123.123.123", "1.1.1.1", "172.32.0.1", "2600::beef", "::ffff:1.1.1.1", "64:ff9b::101:101"]
    {
        assert!(policy.check(ip(dialled)).is_ok(), "{dialled}");
    }
}

#[test]
fn a_blocked_network_also_covers_ipv6_forms_of_its_addresses() {
    let policy = AddressPolicy::blocking(["123.123.0.0/16", "2001::/96"]).unwrap();
    for blocked in ["123.123.1.2", "::ffff:123.123.1.2", "2001::1000"] {
        assert!(policy.check(ip(blocked)).is_err(), "{blocked}");
    }
    for dialled in ["123.100.1.2", "127.0.0.1", "2002::1000"] {
        assert!(policy.check(ip(dialled)).is_ok(), "{dialled}");
    }
}

#[test]
fn every_malformed_network_is_listed() {
    let malformed = AddressPolicy::blocking(["private", "10.0.0.0", "x/8"]).unwrap_err();
    assert_eq!(malformed.iter().map(|one| one.found.as_str()).collect::<Vec<_>>(), ["10.0.0.0", "x/8"]);
}

#[tokio::test]
async fn a_name_whose_addresses_are_all_blocked_is_refused_and_not_reported_as_unknown() {
    let policy = AddressPolicy::blocking(["private"]).unwrap();
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        let error = policy.resolve(host, 80).await.unwrap_err();
        assert!(matches!(error, ResolveError::Refused(_)), "{host}: {error}");
    }
    assert_eq!(
        AddressPolicy::default().resolve("127.0.0.1", 80).await.unwrap(),
        ["127.0.0.1:80".parse().unwrap()]
    );
}

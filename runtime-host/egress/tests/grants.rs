//! What an entry of `allowed_outbound_hosts` grants, and what it does not.

use host_egress::{GrantFault, Grants, Refused};
use proptest::prelude::*;

fn grants(entries: &[&str]) -> Grants {
    Grants::parse(entries.iter().copied()).expect("well-formed entries")
}

fn allows(entry: &str, scheme: &str, host: &str, port: u16) -> bool {
    grants(&[entry]).check(scheme, host, port).is_ok()
}

fn fault(entry: &str) -> GrantFault {
    Grants::parse([entry]).expect_err(entry).remove(0).fault
}

#[test]
fn a_grant_without_a_port_means_the_schemes_own() {
    assert!(allows("http://example.com", "http", "example.com", 80));
    assert!(allows("https://example.com/", "https", "example.com", 443));
    assert!(allows("postgres://db", "postgres", "db", 5432));
    assert!(allows("redis://127.0.0.1", "redis", "127.0.0.1", 6379));
    assert!(!allows("http://example.com", "http", "example.com", 8080));
    assert!(!allows("http://example.com", "https", "example.com", 443));
}

#[test]
fn a_port_range_does_not_hold_its_end() {
    assert!(allows("http://example.com:8000..8002", "http", "example.com", 8001));
    assert!(!allows("http://example.com:8000..8002", "http", "example.com", 8002));
    assert!(!allows("http://example.com:8000..8002", "http", "example.com", 7999));
}

#[test]
fn wildcards_stand_for_any_scheme_host_or_port() {
    assert!(allows("*://example.com:7777", "redis", "example.com", 7777));
    assert!(allows("http://localhost:*", "http", "localhost", 40123));
    assert!(allows("*://*:*", "mqtt", "10.1.2.3", 1));
    assert!(!allows("http://*", "http", "example.com", 81));
}

#[test]
fn a_subdomain_wildcard_covers_every_level_below_but_not_the_domain_itself() {
    assert!(allows("http://*.Example.com", "http", "a.example.com", 80));
    assert!(allows("http://*.example.com", "http", "a.b.EXAMPLE.com", 80));
    assert!(!allows("http://*.example.com", "http", "example.com", 80));
    assert!(!allows("http://*.example.com", "http", "myexample.com", 80));
    assert!(!allows("http://*.example.com", "http", ".example.com", 80));
}

#[test]
fn ipv6_addresses_are_written_in_brackets_and_asked_for_either_way() {
    for entry in ["http://[::1]", "http://[::1]:80", "http://[0:0::1]:80/"] {
        assert!(allows(entry, "http", "::1", 80), "{entry}");
        assert!(allows(entry, "http", "[::1]", 80), "{entry}");
        assert!(!allows(entry, "http", "::2", 80), "{entry}");
    }
    assert!(allows("http://[::1]:*", "http", "::1", 9));
}

#[test]
fn a_network_covers_its_addresses_and_no_name() {
    assert!(allows("*://127.0.0.1/24:63551", "tcp", "127.0.0.9", 63551));
    assert!(!allows("*://127.0.0.1/24:63551", "tcp", "127.0.1.9", 63551));
    assert!(allows("http://2001:db8::/32", "http", "2001:db8:abcd::1", 80));
    assert!(allows("http://2001:db8::/32:443", "http", "2001:db8::1", 443));
    assert!(!allows("http://0.0.0.0/0", "http", "localhost", 80));
}

#[test]
fn self_is_granted_by_name_or_by_any_host() {
    for entry in ["http://self", "https://self", "*://self:*", "http://self.alt", "http://*"] {
        assert!(grants(&[entry]).allows_self(), "{entry}");
    }
    for entry in ["redis://self", "http://example.com", "http://*.self"] {
        assert!(!grants(&[entry]).allows_self(), "{entry}");
    }
    assert!(!allows("http://self", "http", "self", 80), "self is a relative URL, not a host called self");
}

#[test]
fn the_chaining_wildcard_covers_components_and_nothing_below_them() {
    let any = grants(&["http://*.spin.internal"]);
    assert!(any.check_chained("shop").is_ok());
    assert!(any.check("http", "a.b.spin.internal", 80).is_err());
    assert!(any.check("http", "spin.internal", 80).is_err());
    let one = grants(&["http://shop.spin.internal"]);
    assert!(one.check_chained("shop").is_ok());
    assert!(one.check_chained("bank").is_err());
    assert_eq!(one.chained_components().collect::<Vec<_>>(), ["shop"]);
}

#[test]
fn a_refusal_prints_the_line_to_add() {
    let none = Grants::default().with_component("x");
    let line = |refused: Result<(), Refused>| refused.unwrap_err().to_string();
    assert_eq!(
        line(none.check("postgres", "127.0.0.1", 5432)),
        r#"not granted: add "postgres://127.0.0.1:5432" to allowed_outbound_hosts of component "x""#
    );
    assert_eq!(
        line(none.check("http", "::1", 80)),
        r#"not granted: add "http://[::1]:80" to allowed_outbound_hosts of component "x""#
    );
    assert_eq!(
        line(none.check_chained("shop")),
        r#"not granted: add "http://shop.spin.internal" to allowed_outbound_hosts of component "x""#
    );
    assert_eq!(
        line(Grants::default().check_self()),
        r#"not granted: add "http://self" to allowed_outbound_hosts"#
    );
    assert_eq!(
        line(none.check("http", "not a host", 80)),
        r#"not granted: "not a host" is neither a host name nor an IP address"#
    );
}

#[test]
fn the_line_a_refusal_prints_would_have_granted_it() {
    for (scheme, host, port) in
        [("http", "a.spin.internal", 80), ("redis", "::1", 7), ("https", "Ex.org", 443)]
    {
        let refused = Grants::default().check(scheme, host, port).unwrap_err();
        let Refused::NotGranted { entry, .. } = refused else { panic!("{refused}") };
        assert!(allows(&entry, scheme, host, port), "{entry}");
    }
}

#[test]
fn malformed_entries_say_what_is_wrong() {
    assert_eq!(fault("spin.fermyon.dev:80"), GrantFault::NoScheme);
    assert_eq!(fault("insecure:allow-all"), GrantFault::NoScheme);
    assert_eq!(fault("://x"), GrantFault::NoScheme);
    assert_eq!(fault("HTTP://x"), GrantFault::Scheme("HTTP".into()));
    assert_eq!(fault("{http,https}://x:1"), GrantFault::Scheme("{http,https}".into()));
    assert_eq!(fault("http://"), GrantFault::NoHost);
    assert_eq!(fault("redis://:secret@db"), GrantFault::UserInfo);
    assert_eq!(fault("http://x.y/p"), GrantFault::Path);
    assert_eq!(fault("http://x.y:80/p"), GrantFault::Path);
    assert_eq!(fault("http://127.0.0.0/24/p"), GrantFault::Path);
    assert_eq!(fault("http://x.y//"), GrantFault::Path);
    assert_eq!(fault("http://x.y?q"), GrantFault::Query);
    assert_eq!(fault("http://ff00::1"), GrantFault::Host("ff00:".into()));
    assert_eq!(fault("http://[::1"), GrantFault::Host("[:".into()));
    assert_eq!(fault("http://[::1]junk"), GrantFault::Host("[::1]junk".into()));
    assert_eq!(fault("http://example%.com"), GrantFault::Host("example%.com".into()));
    assert_eq!(fault("http://*.127.0.0.1"), GrantFault::Host("*.127.0.0.1".into()));
    assert_eq!(fault("http://*."), GrantFault::Host("*.".into()));
    assert_eq!(fault("http://a*.com"), GrantFault::Wildcard("a*.com".into()));
    assert_eq!(fault("http://*.*.com"), GrantFault::Wildcard("*.*.com".into()));
    assert_eq!(fault("http://[::1]::80"), GrantFault::Port(":80".into()));
    assert_eq!(fault("http://x:99999"), GrantFault::Port("99999".into()));
    assert_eq!(fault("http://x:+80"), GrantFault::Port("+80".into()));
    assert_eq!(fault("http://x:80.."), GrantFault::Port("80..".into()));
    assert_eq!(fault("http://x:81..80"), GrantFault::EmptyRange("81..80".into()));
    assert_eq!(fault("*://127.0.0.0/24"), GrantFault::NoPort("*".into()));
}

#[test]
fn every_malformed_entry_is_listed_with_its_place() {
    let malformed = Grants::parse(["http://ok", "nope", "http://x:y"]).unwrap_err();
    assert_eq!(malformed.iter().map(|one| one.index).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        malformed[0].to_string(),
        "\"nope\": has no scheme; allowed: scheme://host[:port], e.g. \"https://api.example.com\" or \
         \"redis://127.0.0.1:6379\""
    );
}

proptest! {
    #[test]
    fn parsing_never_panics(entry in ".*") {
        let _either = Grants::parse([entry.as_str()]);
    }

    #[test]
    fn parsing_what_looks_like_an_entry_never_panics(entry in r"[a-z*{]{0,4}(://)?[a-z0-9.*:\[\]/@%-]{0,24}(:[0-9.*]{0,8})?/?") {
        if let Ok(grants) = Grants::parse([entry.as_str()]) {
            let _either = grants.check("http", "example.com", 80);
        }
    }

    #[test]
    fn checking_never_panics(scheme in ".*", host in ".*", port: u16) {
        let _either = grants(&["http://*.example.com:*", "*://10.0.0.0/8:*"]).check(&scheme, &host, port);
    }

    #[test]
    fn no_host_is_allowed_that_no_entry_names(
        named in proptest::collection::vec("[a-z]{1,6}\\.(com|org)", 0..5),
        asked in "([a-z]{1,6}\\.){0,2}[a-z]{1,6}",
        port: u16,
    ) {
        let entries: Vec<String> = named.iter().map(|name| format!("*://{name}:*")).collect();
        let grants = Grants::parse(entries.iter().map(String::as_str)).unwrap();
        prop_assert_eq!(grants.check("http", &asked, port).is_ok(), named.contains(&asked));
    }

    #[test]
    fn no_address_outside_a_network_is_allowed(address: u32, network: u32, bits in 1u8..=32) {
        let (address, network) = (std::net::Ipv4Addr::from_bits(address), std::net::Ipv4Addr::from_bits(network));
        let inside = (address.to_bits() ^ network.to_bits()) >> (32 - u32::from(bits)) == 0;
        prop_assert_eq!(allows(&format!("tcp://{network}/{bits}:*"), "tcp", &address.to_string(), 1), inside);
    }
}

//! The addresses that one start listens on: each its own.

use anyhow::{Result, bail};
use std::net::SocketAddr;

/// Checks that no two of `flags` (a flag's name, its address) ask for one address.
pub(crate) fn are_distinct(flags: &[(&str, SocketAddr)]) -> Result<()> {
    for (position, (one, address)) in flags.iter().enumerate() {
        for (other, second) in &flags[position + 1..] {
            if overlap(*address, *second) {
                bail!("{one} {address} and {other} {second} are one address: give each a port of its own");
            }
        }
    }
    Ok(())
}

/// Whether only one of two may be listened on. Port 0 is a free one each time; `[::]` takes in IPv4.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let takes_in = |all: SocketAddr, one: SocketAddr| {
        all.ip() == one.ip() || all.ip().is_unspecified() && (all.is_ipv6() || one.is_ipv4())
    };
    one.port() != 0 && one.port() == other.port() && (takes_in(one, other) || takes_in(other, one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(one: &str, other: &str) -> Option<String> {
        let flags = [("--listen", one.parse().unwrap()), ("--admin-listen", other.parse().unwrap())];
        are_distinct(&flags).err().map(|problem| problem.to_string())
    }

    #[test]
    fn one_address_for_two_flags_is_refused_with_both_names() {
        let same = said("127.0.0.1:3000", "127.0.0.1:3000").unwrap();
        assert!(same.contains("--listen") && same.contains("--admin-listen"), "{same}");
        for (one, other) in [("0.0.0.0:3000", "127.0.0.1:3000"), ("127.0.0.1:3000", "[::]:3000")] {
            assert!(said(one, other).is_some(), "{one} {other}");
        }
        for (one, other) in [
            ("127.0.0.1:3000", "127.0.0.1:3001"),
            ("127.0.0.1:3000", "127.0.0.2:3000"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("0.0.0.0:3000", "[::1]:3000"),
        ] {
            assert_eq!(said(one, other), None, "{one} {other}");
        }
    }
}

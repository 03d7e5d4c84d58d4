//! References: links that a retrospect is about.

use std::collections::HashSet;

use thiserror::Error;
use url::Url;

/// References of one retrospect.
pub const REFERENCES_MAX: usize = 10;
/// Longest reference, in bytes, as typed and as stored.
pub const REFERENCE_BYTES_MAX: usize = 2_048;

/// Why a reference was refused; `index` is its place in the list, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReferenceFault {
    /// More than [`REFERENCES_MAX`].
    #[error("{count} references, {REFERENCES_MAX} are allowed")]
    TooMany { count: usize },
    /// Longer than [`REFERENCE_BYTES_MAX`].
    #[error("reference {index} is too long")]
    TooLong { index: usize },
    /// Not an absolute http or https address with a host, or one that carries a password.
    #[error("reference {index} is not an http or https address")]
    NotHttp { index: usize },
    /// The same address stands in the list before.
    #[error("reference {index} is there twice")]
    Duplicate { index: usize },
}

/// Addresses, checked, in the order given, no two the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReferenceUrls(Vec<String>);

impl ReferenceUrls {
    /// Checks a list as typed. Two spellings of one address (case of the host, default port) count as the same.
    pub fn parse<S: AsRef<str>>(typed: &[S]) -> Result<Self, ReferenceFault> {
        if typed.len() > REFERENCES_MAX {
            return Err(ReferenceFault::TooMany { count: typed.len() });
        }
        let mut seen = HashSet::with_capacity(typed.len());
        let mut urls = Vec::with_capacity(typed.len());
        for (index, typed) in typed.iter().enumerate() {
            let address = read_address(typed.as_ref(), index)?;
            if !seen.insert(address.clone()) {
                return Err(ReferenceFault::Duplicate { index });
            }
            urls.push(address);
        }
        Ok(Self(urls))
    }

    /// The addresses, as stored.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

fn read_address(typed: &str, index: usize) -> Result<String, ReferenceFault> {
    let typed = typed.trim();
    if typed.len() > REFERENCE_BYTES_MAX {
        return Err(ReferenceFault::TooLong { index });
    }
    let url = Url::parse(typed).map_err(|_| ReferenceFault::NotHttp { index })?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    // The part before an @ is either a password or a lure ("https://good.example@evil.example").
    if !is_web || !url.username().is_empty() || url.password().is_some() {
        return Err(ReferenceFault::NotHttp { index });
    }
    let address = String::from(url);
    if address.len() > REFERENCE_BYTES_MAX {
        return Err(ReferenceFault::TooLong { index });
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_web_addresses_are_references() {
        for typed in [
            "javascript:alert(1)",
            "ftp://a.example/",
            "//a.example",
            "a.example",
            "",
            "https://",
            "https://a:b@c.example/",
        ] {
            assert_eq!(ReferenceUrls::parse(&[typed]), Err(ReferenceFault::NotHttp { index: 0 }), "{typed}");
        }
        assert!(
            ReferenceUrls::parse(&["https://회고.example/이번주?q=1#top", "http://10.0.0.1:8080/"]).is_ok()
        );
    }

    #[test]
    fn two_spellings_of_one_address_are_a_duplicate() {
        let typed = ["https://a.example/x", "HTTPS://A.example:443/x"];
        assert_eq!(ReferenceUrls::parse(&typed), Err(ReferenceFault::Duplicate { index: 1 }));
    }

    #[test]
    fn ten_references_of_bounded_length_are_allowed() {
        let typed: Vec<_> = (0..11).map(|n| format!("https://a.example/{n}")).collect();
        assert_eq!(ReferenceUrls::parse(&typed[..10]).unwrap().as_slice().len(), 10);
        assert_eq!(ReferenceUrls::parse(&typed), Err(ReferenceFault::TooMany { count: 11 }));
        let long = format!("https://a.example/{}", "a".repeat(REFERENCE_BYTES_MAX));
        assert_eq!(ReferenceUrls::parse(&[long]), Err(ReferenceFault::TooLong { index: 0 }));
        let long_when_stored = format!("https://a.example/{}", "가".repeat(600));
        assert_eq!(ReferenceUrls::parse(&[long_when_stored]), Err(ReferenceFault::TooLong { index: 0 }));
    }

    proptest! {
        #[test]
        fn an_accepted_reference_is_accepted_again_as_the_same(typed in "https?://[a-z가-힣]{1,10}\\.[a-z]{2,5}/\\PC{0,40}") {
            if let Ok(urls) = ReferenceUrls::parse(&[typed]) {
                prop_assert_eq!(ReferenceUrls::parse(urls.as_slice()), Ok(urls.clone()));
                prop_assert!(urls.as_slice()[0].starts_with("http"));
            }
        }
    }
}

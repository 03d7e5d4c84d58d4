//! The public name of a merchant, which is a tenant.

use thiserror::Error;

/// Longest name of a merchant, in bytes.
pub const MERCHANT_ID_BYTES_MAX: usize = 32;

/// A merchant's public name: 1 to [`MERCHANT_ID_BYTES_MAX`] letters, digits, `-`, `_` and `.`, e.g. `M-1001`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MerchantId(String);

/// The text names no merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MerchantFault {
    /// Nothing was sent.
    #[error("no merchant is named")]
    Empty,
    /// Longer than [`MERCHANT_ID_BYTES_MAX`].
    #[error("a merchant's name has at most {MERCHANT_ID_BYTES_MAX} characters")]
    TooLong,
    /// A character that no merchant's name has.
    #[error("a merchant's name has letters, digits, `-`, `_` and `.` only")]
    Letter,
}

impl MerchantId {
    /// Reads a name; nothing is trimmed or changed.
    pub fn parse(text: &str) -> Result<Self, MerchantFault> {
        if text.is_empty() {
            return Err(MerchantFault::Empty);
        }
        if text.len() > MERCHANT_ID_BYTES_MAX {
            return Err(MerchantFault::TooLong);
        }
        let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if text.bytes().all(letter) { Ok(Self(text.to_owned())) } else { Err(MerchantFault::Letter) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merchants_name_is_one_short_plain_word() {
        assert!(MerchantId::parse("M-1001").is_ok());
        assert!(MerchantId::parse(&"m".repeat(32)).is_ok());
        assert_eq!(MerchantId::parse(""), Err(MerchantFault::Empty));
        assert_eq!(MerchantId::parse(&"m".repeat(33)), Err(MerchantFault::TooLong));
        for text in ["a b", "a'b", "상점", "a\n", "a/b"] {
            assert_eq!(MerchantId::parse(text), Err(MerchantFault::Letter), "{text:?}");
        }
    }
}

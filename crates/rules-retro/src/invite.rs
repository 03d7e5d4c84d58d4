//! Invite codes: sixty random bits a person can read out, and the links that carry them.

use std::fmt;

use thiserror::Error;

/// Random bits in a code.
pub const INVITE_BITS: u32 = 60;
/// How long a code opens the door, in days.
pub const INVITE_DAYS: i32 = 7;
/// Longest link or code that is looked at, in bytes.
pub const INVITE_INPUT_BYTES_MAX: usize = 2_048;

/// Symbols of a code, five bits each: no I, L, O and U, so that nothing is misread and no word appears.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PREFIX: &str = "INV-";
const SYMBOL_COUNT: u32 = INVITE_BITS / 5;
const _: () = assert!(SYMBOL_COUNT.is_multiple_of(4) && SYMBOL_COUNT * 5 == INVITE_BITS);

/// The input holds no invite code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no invite code in the input")]
pub struct NotAnInvite;

/// A well-formed code, in the one way it is written: `INV-7K3M-Q9XD-2FTP`. Whether it opens a room, the store says.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InviteCode(String);

impl InviteCode {
    /// A new code out of random bytes; the lowest [`INVITE_BITS`] bits are used.
    #[must_use]
    pub fn from_random(random: [u8; 8]) -> Self {
        let bits = u64::from_be_bytes(random);
        let symbols = (0..SYMBOL_COUNT).rev().map(|place| {
            let index = (bits >> (place * 5)) & 31;
            char::from(SYMBOLS[usize::try_from(index).unwrap_or_default()])
        });
        Self::written(symbols)
    }

    /// Finds the code in what a person pasted: the code in any case, with or without its prefix and dashes, or a link
    /// whose last path segment (or `code` / `inviteCode` parameter) is one.
    pub fn parse(input: &str) -> Result<Self, NotAnInvite> {
        let input = input.trim();
        if input.len() > INVITE_INPUT_BYTES_MAX {
            return Err(NotAnInvite);
        }
        if !input.contains('/') {
            return Self::parse_code(input);
        }
        let without_fragment = input.split('#').next().unwrap_or(input);
        let (address, query) = without_fragment.split_once('?').unwrap_or((without_fragment, ""));
        let named = query.split('&').find_map(|pair| match pair.split_once('=') {
            Some(("code" | "inviteCode", code)) => Some(code),
            Some(_) | None => None,
        });
        let last_segment = address.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        Self::parse_code(named.unwrap_or(last_segment))
    }

    fn parse_code(code: &str) -> Result<Self, NotAnInvite> {
        let upper = code.to_ascii_uppercase();
        let bare = upper.strip_prefix(PREFIX).unwrap_or(&upper);
        let symbols = bare.chars().filter(|c| *c != '-').map(read_symbol).collect::<Result<Vec<_>, _>>()?;
        if u32::try_from(symbols.len()) != Ok(SYMBOL_COUNT) {
            return Err(NotAnInvite);
        }
        Ok(Self::written(symbols.into_iter()))
    }

    fn written(symbols: impl Iterator<Item = char>) -> Self {
        let mut code = String::from("INV");
        for (place, symbol) in symbols.enumerate() {
            if place % 4 == 0 {
                code.push('-');
            }
            code.push(symbol);
        }
        Self(code)
    }

    /// The code as it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A code opens a room, so it is shown whole only where it is meant to be.
impl fmt::Debug for InviteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteCode(…)")
    }
}

/// Letters that look like a digit are read as that digit.
fn read_symbol(typed: char) -> Result<char, NotAnInvite> {
    let symbol = match typed {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let known = u8::try_from(symbol).is_ok_and(|byte| SYMBOLS.contains(&byte));
    if known { Ok(symbol) } else { Err(NotAnInvite) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_read_from_what_people_paste() {
        let code = InviteCode::from_random(*b"moalogis");
        let bare = code.as_str().replace("INV-", "").replace('-', "");
        for pasted in [
            code.as_str().to_owned(),
            code.as_str().to_lowercase(),
            bare.clone(),
            format!("  {bare} "),
            format!("https://moalog.example/invite/{}", code.as_str()),
            format!("https://moalog.example/invite/{bare}/?utm=x#top"),
            format!("https://moalog.example/join?utm=x&code={bare}"),
        ] {
            assert_eq!(InviteCode::parse(&pasted), Ok(code.clone()), "{pasted}");
        }
    }

    #[test]
    fn letters_that_look_like_digits_are_read_as_digits() {
        assert_eq!(InviteCode::parse("INV-OIL0-0000-0000"), InviteCode::parse("INV-0110-0000-0000"));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for pasted in [
            "",
            "INV-",
            "INV-ABCD",
            "https://moalog.example/",
            "INV-UUUU-UUUU-UUUU",
            "가나다라마바사아자차카타",
        ] {
            assert_eq!(InviteCode::parse(pasted), Err(NotAnInvite), "{pasted}");
        }
        assert_eq!(InviteCode::parse(&format!("/{}", "0".repeat(3_000))), Err(NotAnInvite));
    }

    #[test]
    fn a_code_does_not_reach_a_log_by_accident() {
        assert_eq!(format!("{:?}", InviteCode::from_random([7; 8])), "InviteCode(…)");
    }

    proptest! {
        #[test]
        fn every_code_reads_back_as_itself(random in any::<[u8; 8]>()) {
            let code = InviteCode::from_random(random);
            prop_assert_eq!(InviteCode::parse(code.as_str()), Ok(code));
        }

        #[test]
        fn all_sixty_bits_are_used(random in any::<[u8; 8]>(), bit in 0..INVITE_BITS) {
            let flipped = (u64::from_be_bytes(random) ^ (1 << bit)).to_be_bytes();
            prop_assert_ne!(InviteCode::from_random(random), InviteCode::from_random(flipped));
        }

        #[test]
        fn no_input_makes_parsing_fail_badly(input in "\\PC{0,80}") {
            let _ = InviteCode::parse(&input);
        }
    }
}

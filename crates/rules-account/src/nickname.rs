//! A member's name: 1 to 20 Latin letters, digits or Hangul, NFC, compared without case.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// Code points of a nickname at most.
pub const NICKNAME_CHARS_MAX: usize = 20;

/// A nickname that holds the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nickname(String);

/// Why a text is no nickname.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NicknameError {
    #[error("the nickname is empty")]
    Empty,
    #[error("the nickname has more than {NICKNAME_CHARS_MAX} characters")]
    TooLong,
    #[error("the nickname has a character that is no letter, digit or Hangul")]
    Letter,
}

impl Nickname {
    /// Normalises to NFC, cuts surrounding white space and checks length and letters.
    ///
    /// # Errors
    /// See [`NicknameError`].
    pub fn parse(text: &str) -> Result<Self, NicknameError> {
        // A code point of NFC text comes from at most a few of the input; four times the bound is never a valid name.
        let trimmed = text.trim();
        if trimmed.chars().count() > NICKNAME_CHARS_MAX * 4 {
            return Err(NicknameError::TooLong);
        }
        let name: String = trimmed.nfc().collect();
        match name.chars().count() {
            0 => Err(NicknameError::Empty),
            1..=NICKNAME_CHARS_MAX if name.chars().all(allowed) => Ok(Self(name)),
            1..=NICKNAME_CHARS_MAX => Err(NicknameError::Letter),
            _ => Err(NicknameError::TooLong),
        }
    }

    /// The name as stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Nickname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A nickname made from an e-mail address; with a number when the plain one is taken.
#[must_use]
pub fn nickname_of_email(email: &str, number: Option<i64>) -> Nickname {
    let local = email.split('@').next().unwrap_or_default();
    let number = number.map_or(String::new(), |number| format!("{:06}", number.rem_euclid(1_000_000)));
    let letters = local.chars().filter(|c| allowed(*c)).take(NICKNAME_CHARS_MAX - number.len());
    let name: String = letters.chain(number.chars()).collect();
    Nickname(if name.is_empty() { "member".into() } else { name })
}

/// Latin letters, digits, Hangul syllables and the letters people type alone (ㅋㅋ).
fn allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || ('가'..='힣').contains(&c) || ('ㄱ'..='ㅣ').contains(&c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decomposed_hangul_is_stored_composed() {
        assert_eq!(Nickname::parse("\u{1112}\u{1161}\u{11ab}").unwrap().as_str(), "한");
    }

    #[test]
    fn length_is_counted_in_code_points() {
        assert!(Nickname::parse(&"가".repeat(20)).is_ok());
        assert_eq!(Nickname::parse(&"가".repeat(21)), Err(NicknameError::TooLong));
        assert_eq!(Nickname::parse("  "), Err(NicknameError::Empty));
        for name in ["a b", "é", "漢", "a\u{200b}", "😀", "a-b"] {
            assert_eq!(Nickname::parse(name), Err(NicknameError::Letter), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_accepted_once_is_accepted_unchanged_again(text in "\\PC{0,90}") {
            if let Ok(name) = Nickname::parse(&text) {
                prop_assert_eq!(Nickname::parse(name.as_str()), Ok(name));
            }
        }

        #[test]
        fn a_name_made_from_an_address_is_a_nickname(email in "\\PC{0,60}", number in proptest::option::of(any::<i64>())) {
            let name = nickname_of_email(&email, number);
            prop_assert_eq!(Nickname::parse(name.as_str()), Ok(name));
        }

        #[test]
        fn every_name_of_the_alphabet_is_accepted(text in "[a-zA-Z0-9가-힣]{1,20}") {
            let name = Nickname::parse(&text).unwrap();
            prop_assert_eq!(name.as_str(), text);
        }
    }
}

//! Who can sign in: a few people, anyone who types an e-mail address, and people whose sign-in fails in a known way.
//!
//! A failure is chosen by the part before the `@`, so that a test (or a person) needs nothing but an address.

use sandbox_kit::sha256_hex;
use serde::{Deserialize, Serialize};

const EMAIL_BYTES_MAX: usize = 254;
const KAKAO_ID_BITS: u32 = 48;

/// Somebody who signs in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) name: String,
}

/// What goes wrong, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    DeniesConsent,
    CodeExpired,
    TokenDown,
    TokenSlow,
    WrongNonce,
    WrongAudience,
    WrongIssuer,
    IdTokenExpired,
    BadSignature,
    UnknownKey,
    Unsigned,
    UserinfoDown,
    NoEmail,
    EmailUnverified,
}

/// Every failure with the local part that asks for it and what it does, in Korean and English.
pub(crate) const FAILURES: [(Failure, &str, &str, &str); 14] = [
    (Failure::DeniesConsent, "denies", "동의를 거부합니다", "Says no to the application"),
    (
        Failure::CodeExpired,
        "code-expired",
        "코드가 이미 만료되었습니다",
        "The code is expired from the start",
    ),
    (Failure::TokenDown, "token-down", "토큰 요청이 500으로 끝납니다", "The token call ends in 500"),
    (Failure::TokenSlow, "token-slow", "토큰 요청이 20초 걸립니다", "The token call takes 20 seconds"),
    (Failure::WrongNonce, "wrong-nonce", "ID 토큰의 nonce가 다릅니다", "The ID token has another nonce"),
    (
        Failure::WrongAudience,
        "wrong-audience",
        "ID 토큰이 다른 앱의 것입니다",
        "The ID token is for another application",
    ),
    (Failure::WrongIssuer, "wrong-issuer", "ID 토큰의 발급자가 다릅니다", "The ID token has another issuer"),
    (Failure::IdTokenExpired, "expired", "ID 토큰이 만료되었습니다", "The ID token is expired"),
    (
        Failure::BadSignature,
        "bad-signature",
        "ID 토큰의 서명이 틀립니다",
        "The ID token's signature is wrong",
    ),
    (
        Failure::UnknownKey,
        "unknown-key",
        "JWKS에 없는 키로 서명합니다",
        "Signed with a key that JWKS does not list",
    ),
    (Failure::Unsigned, "unsigned", "서명 없는 ID 토큰(alg none)", "An unsigned ID token (alg none)"),
    (
        Failure::UserinfoDown,
        "userinfo-down",
        "사용자 정보 요청이 500으로 끝납니다",
        "The userinfo call ends in 500",
    ),
    (Failure::NoEmail, "no-email", "이메일을 알려 주지 않습니다", "Gives no e-mail address"),
    (
        Failure::EmailUnverified,
        "unverified",
        "이메일이 확인되지 않았습니다",
        "The e-mail address is not verified",
    ),
];

/// The people on the page: e-mail address and name.
pub(crate) const PEOPLE: [(&str, &str); 4] = [
    ("minseo.kim@sandbox.test", "김민서"),
    ("jiwoo.lee@sandbox.test", "이지우"),
    ("seoyeon.park@sandbox.test", "박서연"),
    ("alex.morgan@sandbox.test", "Alex Morgan"),
];

impl Person {
    /// Whoever has this address; its form is checked no further than a mail server would.
    pub(crate) fn with_email(given: &str) -> Option<Self> {
        let email = given.trim().to_lowercase();
        let (local, domain) = email.split_once('@')?;
        let is_text = !email.chars().any(|character| character.is_whitespace() || character.is_control());
        if local.is_empty()
            || domain.is_empty()
            || domain.contains('@')
            || !is_text
            || email.len() > EMAIL_BYTES_MAX
        {
            return None;
        }
        let known = PEOPLE.iter().find(|(known, _)| *known == email);
        let name = known.map_or_else(|| local.to_owned(), |(_, name)| (*name).to_owned());
        Some(Self { email, name })
    }

    /// What goes wrong for this person, if anything.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let local = self.email.split('@').next().unwrap_or_default();
        FAILURES.iter().find(|(_, name, _, _)| *name == local).map(|(failure, ..)| *failure)
    }

    /// Google's `sub`: 21 decimal digits, the same for the same address.
    pub(crate) fn google_subject(&self) -> String {
        format!("1{:020}", u64::from_str_radix(&sha256_hex(&self.email)[..16], 16).unwrap_or_default())
    }

    /// Kakao's `id`: a number that JSON keeps exactly.
    pub(crate) fn kakao_id(&self) -> u64 {
        let digest = u64::from_str_radix(&sha256_hex(&self.email)[..16], 16).unwrap_or_default();
        digest >> (u64::BITS - KAKAO_ID_BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_at_sign_and_two_parts() {
        for bad in ["", "a", "@b", "a@", "a@b@c", "a b@c", "a\n@c"] {
            assert!(Person::with_email(bad).is_none(), "{bad:?}");
        }
        assert_eq!(Person::with_email(" New@Sandbox.Test ").unwrap().email, "new@sandbox.test");
    }

    #[test]
    fn known_people_keep_their_names_and_subjects() {
        let person = Person::with_email("minseo.kim@sandbox.test").unwrap();
        assert_eq!((person.name.as_str(), person.failure()), ("김민서", None));
        assert_eq!(person.google_subject().len(), 21);
        assert!(person.kakao_id() < 1 << 53);
        assert_eq!(person.kakao_id(), person.clone().kakao_id());
    }

    #[test]
    fn every_failure_has_a_person() {
        for (failure, local, _, _) in FAILURES {
            let person = Person::with_email(&format!("{local}@sandbox.test")).unwrap();
            assert_eq!(person.failure(), Some(failure));
        }
    }
}

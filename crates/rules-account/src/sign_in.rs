//! What makes a sign-in at a provider acceptable. Signatures are checked before; here the claims are judged.

use chrono::{DateTime, Utc};

/// Seconds by which a provider's clock may differ from ours.
pub const CLOCK_SKEW_S: i64 = 60;
/// Characters of a subject at most (OpenID Connect Core §2).
const SUBJECT_CHARS_MAX: usize = 255;
/// Characters of an e-mail address at most (RFC 5321 §4.5.3.1.3).
const EMAIL_CHARS_MAX: usize = 254;
/// Characters of a return path at most.
const RETURN_PATH_CHARS_MAX: usize = 512;

/// The claims of an ID token that are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdClaims {
    pub issuer: String,
    pub audiences: Vec<String>,
    pub authorized_party: Option<String>,
    pub subject: String,
    pub expires_at_s: i64,
    pub issued_at_s: i64,
    pub nonce: Option<String>,
    pub email: Option<String>,
}

/// What the claims must agree with.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    /// The nonce that was sent; absent for apps that ran the flow themselves and did not say which they sent.
    pub nonce: Option<&'a str>,
    pub now: DateTime<Utc>,
}

/// Who someone is at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub id: String,
    pub email: Option<String>,
}

/// Why an ID token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    #[error("another issuer")]
    Issuer,
    #[error("meant for another client")]
    Audience,
    #[error("expired or from the future")]
    Time,
    #[error("another nonce")]
    Nonce,
    #[error("no usable subject")]
    Subject,
}

impl IdClaims {
    /// The checks of OpenID Connect Core §3.1.3.7 that remain after the signature.
    ///
    /// # Errors
    /// See [`IdTokenError`].
    pub fn accept(self, expected: &Expected<'_>) -> Result<Subject, IdTokenError> {
        let now_s = expected.now.timestamp();
        if self.issuer != expected.issuer {
            return Err(IdTokenError::Issuer);
        }
        let ours = self.audiences.iter().any(|audience| audience == expected.client_id);
        let party = self.authorized_party.as_deref();
        if !ours
            || party.is_some_and(|p| p != expected.client_id)
            || (self.audiences.len() > 1 && party.is_none())
        {
            return Err(IdTokenError::Audience);
        }
        if self.expires_at_s.saturating_add(CLOCK_SKEW_S) <= now_s
            || self.issued_at_s.saturating_sub(CLOCK_SKEW_S) > now_s
        {
            return Err(IdTokenError::Time);
        }
        if expected.nonce.is_some_and(|nonce| self.nonce.as_deref() != Some(nonce)) {
            return Err(IdTokenError::Nonce);
        }
        Subject::new(self.subject, self.email)
    }
}

impl Subject {
    /// A subject with at most 255 characters; an address that cannot be stored is left out.
    ///
    /// # Errors
    /// [`IdTokenError::Subject`] when it is empty or too long.
    pub fn new(id: String, email: Option<String>) -> Result<Self, IdTokenError> {
        let sane = (1..=SUBJECT_CHARS_MAX).contains(&id.chars().count()) && !id.contains(char::is_control);
        if !sane {
            return Err(IdTokenError::Subject);
        }
        let email = email
            .filter(|e| (3..=EMAIL_CHARS_MAX).contains(&e.chars().count()) && !e.contains(char::is_control));
        Ok(Self { id, email })
    }
}

/// A path of this service to go back to after a sign-in; never another site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath(String);

/// The text is no path of this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path of this service")]
pub struct ReturnPathError;

impl ReturnPath {
    /// Accepts `/…` of visible ASCII without a second slash, a backslash or a fragment.
    ///
    /// # Errors
    /// [`ReturnPathError`].
    pub fn parse(text: &str) -> Result<Self, ReturnPathError> {
        let visible = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\' && b != b'#');
        let own = text.starts_with('/') && !text.starts_with("//") && text.len() <= RETURN_PATH_CHARS_MAX;
        if visible && own { Ok(Self(text.to_owned())) } else { Err(ReturnPathError) }
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path with one more query parameter. `name` and `value` are our own words.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> String {
        let separator = if self.0.contains('?') { '&' } else { '?' };
        format!("{}{separator}{name}={value}", self.0)
    }
}

impl Default for ReturnPath {
    fn default() -> Self {
        Self("/".into())
    }
}

/// A PKCE verifier (RFC 7636 §4.1): 43 to 128 unreserved characters.
#[must_use]
pub fn is_code_verifier(text: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn claims() -> IdClaims {
        IdClaims {
            issuer: "https://issuer".into(),
            audiences: vec!["client".into()],
            subject: "42".into(),
            expires_at_s: 2_000,
            issued_at_s: 1_000,
            nonce: Some("n".into()),
            ..IdClaims::default()
        }
    }

    fn judged(claims: IdClaims, now_s: i64, nonce: Option<&str>) -> Result<Subject, IdTokenError> {
        let now = Utc.timestamp_opt(now_s, 0).unwrap();
        claims.accept(&Expected { issuer: "https://issuer", client_id: "client", nonce, now })
    }

    #[test]
    fn an_id_token_must_be_from_the_issuer_for_us_in_time_and_with_our_nonce() {
        assert_eq!(judged(claims(), 1_500, Some("n")).unwrap().id, "42");
        assert_eq!(judged(claims(), 1_500, None).unwrap().id, "42");
        let with = |change: fn(&mut IdClaims)| {
            let mut claims = claims();
            change(&mut claims);
            judged(claims, 1_500, Some("n"))
        };
        assert_eq!(with(|c| c.issuer.push('x')), Err(IdTokenError::Issuer));
        assert_eq!(with(|c| c.audiences = vec!["other".into()]), Err(IdTokenError::Audience));
        assert_eq!(with(|c| c.audiences.push("other".into())), Err(IdTokenError::Audience));
        assert_eq!(with(|c| c.authorized_party = Some("other".into())), Err(IdTokenError::Audience));
        assert_eq!(with(|c| c.nonce = None), Err(IdTokenError::Nonce));
        assert_eq!(with(|c| c.subject.clear()), Err(IdTokenError::Subject));
        assert_eq!(judged(claims(), 2_060, Some("n")), Err(IdTokenError::Time));
        assert_eq!(judged(claims(), 939, Some("n")), Err(IdTokenError::Time));
    }

    #[test]
    fn a_return_path_never_leads_to_another_site() {
        for path in ["/", "/rooms/1?tab=a&x=%20"] {
            assert!(ReturnPath::parse(path).is_ok(), "{path}");
        }
        for path in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a b", "/a#b", "/한글", "/\n"]
        {
            assert_eq!(ReturnPath::parse(path), Err(ReturnPathError), "{path:?}");
        }
        assert_eq!(ReturnPath::parse("/a?b=c").unwrap().with("signIn", "denied"), "/a?b=c&signIn=denied");
    }

    proptest! {
        #[test]
        fn an_accepted_return_path_stays_on_the_service(text in "\\PC{0,40}") {
            if let Ok(path) = ReturnPath::parse(&text) {
                prop_assert!(path.as_str().starts_with('/') && path.as_str().as_bytes().get(1) != Some(&b'/'));
            }
        }

        #[test]
        fn a_verifier_is_43_to_128_unreserved_characters(text in "[A-Za-z0-9._~-]{43,128}") {
            prop_assert!(is_code_verifier(&text));
            prop_assert!(!is_code_verifier(&text[..42]));
            let spoiled = format!("{text}+");
            prop_assert!(!is_code_verifier(&spoiled));
        }
    }
}

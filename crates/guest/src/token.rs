//! Signed tokens (JWT, HS256): one key ring per instance, several keys by `kid`, the first one signs.

use std::{cell::RefCell, rc::Rc};

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rules_account::TokenKind;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wire::Code;

use crate::{Failure, Member, clock, random, settings, signature};

/// The audience of every token of ours.
const AUDIENCE: &str = "moalog";
/// Bytes of a secret at least: the width of SHA-256.
const SECRET_BYTES_MIN: usize = 32;
/// Bytes of a token that is looked at, at most.
const TOKEN_BYTES_MAX: usize = 4_096;

/// What every token says, and what its kind adds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims<E> {
    iss: String,
    aud: String,
    /// Whom it is about: a member's id, or a provider's subject in a signup token.
    pub sub: String,
    iat: i64,
    /// When it stops being valid, seconds since 1970.
    pub exp: i64,
    /// The token's own id.
    pub jti: uuid::Uuid,
    token_type: String,
    /// What this kind of token adds.
    #[serde(flatten)]
    pub extra: E,
}

/// What access and refresh tokens add: the sign-in they belong to.
#[derive(Debug, Serialize, Deserialize)]
pub struct OfSession {
    /// The sign-in's id.
    pub sid: i64,
}

struct Key {
    kid: String,
    signs: EncodingKey,
    verifies: DecodingKey,
}

/// The keys of the variable `jwt_keys` (`kid:secret,kid:secret`) and the checks every token gets.
struct KeyRing {
    issuer: String,
    keys: Vec<Key>,
    validation: Validation,
}

thread_local! {
    static RING: RefCell<Option<Rc<KeyRing>>> = const { RefCell::new(None) };
}

impl KeyRing {
    async fn read() -> Result<Rc<Self>, Failure> {
        if let Some(ring) = RING.with_borrow(Clone::clone) {
            return Ok(ring);
        }
        signature::install();
        let issuer = settings::Service::read().await?.origin();
        let keys = parse_keys(&settings::variable("jwt_keys").await?).ok_or_else(|| {
            Failure::fault(format!(
                "variable jwt_keys: want kid:secret,… of {SECRET_BYTES_MIN} bytes or more"
            ))
        })?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 0;
        let ring = Rc::new(Self { issuer, keys, validation });
        RING.set(Some(ring.clone()));
        Ok(ring)
    }

    fn open<E: DeserializeOwned>(&self, text: &str, kind: TokenKind) -> Result<Claims<E>, Code> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(Code::Auth4001);
        }
        let kid = jsonwebtoken::decode_header(text).map_err(|_| Code::Auth4001)?.kid.ok_or(Code::Auth4001)?;
        let key = self.keys.iter().find(|key| key.kid == kid).ok_or(Code::Auth4001)?;
        let token = jsonwebtoken::decode::<Claims<E>>(text, &key.verifies, &self.validation);
        let claims = token.map_err(|_| Code::Auth4001)?.claims;
        if claims.token_type == kind.as_str() { Ok(claims) } else { Err(Code::Auth4001) }
    }

    fn seal<E: Serialize>(
        &self,
        kind: TokenKind,
        sub: String,
        jti: uuid::Uuid,
        extra: E,
        now: DateTime<Utc>,
    ) -> Result<String, Failure> {
        let key = self.keys.first().ok_or_else(|| Failure::fault("the key ring is empty"))?;
        let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::HS256) };
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.into(),
            sub,
            iat: now.timestamp(),
            exp: now.timestamp() + i64::from(kind.lifetime_s()),
            jti,
            token_type: kind.as_str().into(),
            extra,
        };
        jsonwebtoken::encode(&header, &claims, &key.signs).map_err(Failure::fault)
    }
}

/// Opens a token: signature, issuer, audience, lifetime and kind.
///
/// # Errors
/// `AUTH4001` for anything that is not a valid token of this kind.
pub async fn open<E: DeserializeOwned>(text: &str, kind: TokenKind) -> Result<Claims<E>, Failure> {
    Ok(KeyRing::read().await?.open(text, kind)?)
}

/// Makes a token that is valid from now for its kind's lifetime.
///
/// # Errors
/// A fault when the keys are not configured.
pub async fn seal<E: Serialize>(
    kind: TokenKind,
    sub: String,
    jti: uuid::Uuid,
    extra: E,
) -> Result<String, Failure> {
    KeyRing::read().await?.seal(kind, sub, jti, extra, clock::now())
}

/// An id for a token: 122 random bits.
#[must_use]
pub fn fresh_id() -> uuid::Uuid {
    uuid::Builder::from_random_bytes(random::bytes()).into_uuid()
}

/// The member of an access token.
pub(crate) async fn access(text: &str) -> Result<Member, Failure> {
    let claims: Claims<OfSession> = open(text, TokenKind::Access).await?;
    let id = claims.sub.parse().map_err(|_| Code::Auth4001)?;
    Ok(Member { id, session: claims.extra.sid })
}

fn parse_keys(text: &str) -> Option<Vec<Key>> {
    let keys: Option<Vec<Key>> = text.split(',').map(|pair| parse_key(pair.trim())).collect();
    keys.filter(|keys| !keys.is_empty())
}

fn parse_key(pair: &str) -> Option<Key> {
    let (kid, secret) = pair.split_once(':')?;
    let sane = !kid.is_empty() && kid.len() <= 32 && secret.len() >= SECRET_BYTES_MIN;
    sane.then(|| Key {
        kid: kid.into(),
        signs: EncodingKey::from_secret(secret.as_bytes()),
        verifies: DecodingKey::from_secret(secret.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "old:0123456789abcdef0123456789abcdef";
    const NEW: &str = "new:fedcba9876543210fedcba9876543210";

    fn ring(keys: &str, issuer: &str) -> KeyRing {
        signature::install();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 0;
        KeyRing { issuer: issuer.into(), keys: parse_keys(keys).unwrap(), validation }
    }

    fn sealed(ring: &KeyRing, kind: TokenKind, now: DateTime<Utc>) -> String {
        ring.seal(kind, "7".into(), fresh_id(), OfSession { sid: 9 }, now).unwrap_or_else(|_| unreachable!())
    }

    fn opens(ring: &KeyRing, token: &str, kind: TokenKind) -> bool {
        ring.open::<OfSession>(token, kind).is_ok_and(|claims| claims.sub == "7" && claims.extra.sid == 9)
    }

    #[test]
    fn a_token_of_an_older_key_stays_valid_while_the_key_is_in_the_ring() {
        let before = ring(OLD, "https://a");
        let rotated = ring(&format!("{NEW},{OLD}"), "https://a");
        let token = sealed(&before, TokenKind::Access, Utc::now());
        assert!(opens(&rotated, &token, TokenKind::Access));
        assert!(!opens(&ring(NEW, "https://a"), &token, TokenKind::Access));
        assert!(!opens(&before, &sealed(&rotated, TokenKind::Access, Utc::now()), TokenKind::Access));
    }

    #[test]
    fn a_token_is_valid_only_for_its_kind_its_issuer_and_its_time() {
        let ours = ring(OLD, "https://a");
        let token = sealed(&ours, TokenKind::Refresh, Utc::now());
        assert!(opens(&ours, &token, TokenKind::Refresh));
        assert!(!opens(&ours, &token, TokenKind::Access));
        assert!(!opens(&ring(OLD, "https://b"), &token, TokenKind::Refresh));
        let old = Utc::now() - chrono::TimeDelta::seconds(i64::from(TokenKind::Access.lifetime_s()) + 1);
        assert!(!opens(&ours, &sealed(&ours, TokenKind::Access, old), TokenKind::Access));
    }

    #[test]
    fn a_token_with_a_changed_letter_or_another_algorithm_is_refused() {
        let ours = ring(OLD, "https://a");
        let token = sealed(&ours, TokenKind::Access, Utc::now());
        for at in (0..token.len()).step_by(7) {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert!(!opens(&ours, &String::from_utf8(other).unwrap(), TokenKind::Access), "letter {at}");
        }
        let none = format!("eyJhbGciOiJub25lIiwia2lkIjoib2xkIn0.{}.", token.split('.').nth(1).unwrap());
        assert!(!opens(&ours, &none, TokenKind::Access));
    }

    #[test]
    fn short_secrets_and_missing_names_are_refused() {
        for keys in ["", "old:short", ":0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"]
        {
            assert!(parse_keys(keys).is_none(), "{keys:?}");
        }
    }
}

//! ID tokens: RS256 with the provider's published keys (JWKS), cached in the key-value store.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use guest::{Failure, clock, key_value, outbound};
use rsa::{BigUint, RsaPublicKey, pkcs1v15, sha2::Sha256, signature::Verifier, traits::PublicKeyParts};
use rules_account::IdClaims;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use spin_sdk::http::StatusCode;

use crate::{Client, exchange::refused};

/// Seconds for which a provider's keys are kept.
const KEYS_LIFETIME_S: u32 = 3_600;
/// Seconds between two readings because of an unknown key id, so that made-up ids cannot drive traffic.
const KEYS_REREAD_S: i64 = 60;
/// Bits of a provider's key at least.
const MODULUS_BITS_MIN: usize = 2_048;
/// Bytes of an ID token at most.
const TOKEN_BYTES_MAX: usize = 16_384;
/// The store that is granted to components that sign people in.
const STORE: &str = "default";

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Key {
    #[serde(default)]
    kid: String,
    kty: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<Key>,
}

#[derive(Serialize, Deserialize)]
struct Cached {
    read_at: DateTime<Utc>,
    keys: Vec<Key>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    sub: String,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
}

/// The claims of a token whose signature is the provider's.
pub(crate) async fn verified(client: &Client, token: &str) -> Result<IdClaims, Failure> {
    let malformed = || refused("the id token is malformed");
    if token.len() > TOKEN_BYTES_MAX {
        return Err(malformed());
    }
    let (message, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
    let (header, payload) = message.split_once('.').ok_or_else(malformed)?;
    let header: Header = decoded(header).ok_or_else(malformed)?;
    if header.alg != "RS256" {
        return Err(refused("the id token is not signed with RS256"));
    }
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
    let key = key_of(client, &header.kid).await?;
    if !signed(&key, message.as_bytes(), &signature) {
        return Err(refused("the signature of the id token is not the provider's"));
    }
    let claims: Claims = decoded(payload).ok_or_else(malformed)?;
    Ok(claims.into())
}

impl From<Claims> for IdClaims {
    fn from(claims: Claims) -> Self {
        Self {
            issuer: claims.iss,
            audiences: match claims.aud {
                Audience::One(one) => vec![one],
                Audience::Several(several) => several,
            },
            authorized_party: claims.azp,
            subject: claims.sub,
            expires_at_s: claims.exp,
            issued_at_s: claims.iat,
            nonce: claims.nonce,
            email: claims.email.filter(|_| claims.email_verified != Some(false)),
        }
    }
}

fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The published key of this id. An unknown id may mean that the provider rolled its keys: they are read again.
async fn key_of(client: &Client, kid: &str) -> Result<Key, Failure> {
    let place = format!("jwks/{}", client.provider);
    let find = |keys: &[Key]| keys.iter().find(|key| key.kid == kid && key.kty == "RSA").cloned();
    // A lost store only costs a reading.
    let cached: Option<Cached> = key_value::get(STORE, &place).await.unwrap_or_default();
    if let Some(cached) = cached {
        if let Some(key) = find(&cached.keys) {
            return Ok(key);
        }
        if clock::now() - cached.read_at < TimeDelta::seconds(KEYS_REREAD_S) {
            return Err(refused("the id token names an unknown key"));
        }
    }
    let answer = outbound::get(&client.jwks_url, None).await?;
    if answer.status != StatusCode::OK {
        return Err(Failure::unavailable(format!("{}: keys answered {}", client.provider, answer.status)));
    }
    let published: Published = serde_json::from_slice(&answer.body)
        .map_err(|_| Failure::unavailable(format!("{}: keys are not as agreed", client.provider)))?;
    let cached = Cached { read_at: clock::now(), keys: published.keys };
    let kept = key_value::set(STORE, &place, &cached, KEYS_LIFETIME_S).await;
    if kept.is_err() {
        eprintln!("level=info diagnosis=\"keys of {} could not be cached\"", client.provider);
    }
    find(&cached.keys).ok_or_else(|| refused("the id token names an unknown key"))
}

fn signed(key: &Key, message: &[u8], signature: &[u8]) -> bool {
    let number =
        |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map(|bytes| BigUint::from_bytes_be(&bytes)).ok();
    let public = number(&key.n).zip(number(&key.e)).and_then(|(n, e)| RsaPublicKey::new(n, e).ok());
    let Some(public) = public.filter(|key| key.size() * 8 >= MODULUS_BITS_MIN) else { return false };
    let Ok(signature) = pkcs1v15::Signature::try_from(signature) else { return false };
    pkcs1v15::VerifyingKey::<Sha256>::new(public).verify(message, &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7515, appendix A.2.
    const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Q\
        lL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UT\
        o7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk\
        2PAcDTW9gb54h4FRWyuXpoQ";
    const MESSAGE: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmN\
        vbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5\
        jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9\
        383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtV\
        rBp0igcN_IoypGlUPQGe77Rw";

    fn key() -> Key {
        Key { kid: "a".into(), kty: "RSA".into(), n: MODULUS.into(), e: "AQAB".into() }
    }

    #[test]
    fn the_signature_of_rfc_7515_is_accepted_and_a_changed_message_is_not() {
        let signature = BASE64_URL_SAFE_NO_PAD.decode(SIGNATURE).unwrap();
        assert!(signed(&key(), MESSAGE.as_bytes(), &signature));
        assert!(!signed(&key(), b"other", &signature));
        assert!(!signed(&key(), MESSAGE.as_bytes(), &signature[1..]));
    }

    #[test]
    fn a_short_or_unreadable_key_signs_nothing() {
        let signature = BASE64_URL_SAFE_NO_PAD.decode(SIGNATURE).unwrap();
        for n in ["", "AQAB", "!"] {
            assert!(!signed(&Key { n: n.into(), ..key() }, MESSAGE.as_bytes(), &signature), "{n:?}");
        }
    }
}

//! ID tokens: each provider's claims, signed with RS256, and the ones that are wrong on purpose.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use sandbox_kit::{Store, Trouble, now_s};
use serde_json::{Map, Value, json};

use crate::code::Grant;
use crate::keys::SigningKey;
use crate::people::{Failure, Person};
use crate::provider::Provider;

const ID_TOKEN_LIFE_S: u64 = 3600;

/// A signed ID token for `grant`.
pub(crate) async fn id_token(
    provider: Provider,
    origin: &str,
    client_id: &str,
    grant: &Grant,
) -> Result<String, Trouble> {
    let failure = grant.person.failure();
    let mut claims = Value::Object(claims(provider, origin, client_id, grant));
    spoil(&mut claims, failure);
    if failure == Some(Failure::Unsigned) {
        return Ok(unsigned(&claims));
    }
    let store = Store::open().await?;
    let key = if failure == Some(Failure::UnknownKey) {
        SigningKey::unlisted(&store).await?
    } else {
        SigningKey::current(&store).await?
    };
    let token = signed(&key, &claims)?;
    Ok(if failure == Some(Failure::BadSignature) { with_spoiled_signature(&token) } else { token })
}

/// Name, picture-less profile and e-mail address in the words of the provider; also what userinfo tells.
pub(crate) fn profile(provider: Provider, person: &Person) -> Map<String, Value> {
    let failure = person.failure();
    let mut told = Map::new();
    match provider {
        Provider::Google => {
            told.insert("sub".into(), json!(person.google_subject()));
            told.insert("name".into(), json!(person.name));
            told.insert("given_name".into(), json!(person.name));
        }
        Provider::Kakao => {
            told.insert("sub".into(), json!(person.kakao_id().to_string()));
            told.insert("nickname".into(), json!(person.name));
        }
    }
    if failure != Some(Failure::NoEmail) {
        told.insert("email".into(), json!(person.email));
        if provider == Provider::Google {
            told.insert("email_verified".into(), json!(failure != Some(Failure::EmailUnverified)));
        }
    }
    told
}

fn claims(provider: Provider, origin: &str, client_id: &str, grant: &Grant) -> Map<String, Value> {
    let mut claims = profile(provider, &grant.person);
    claims.insert("iss".into(), json!(provider.issuer(origin)));
    claims.insert("aud".into(), json!(client_id));
    claims.insert("iat".into(), json!(now_s()));
    claims.insert("exp".into(), json!(now_s() + ID_TOKEN_LIFE_S));
    claims.insert("auth_time".into(), json!(now_s()));
    if provider == Provider::Google {
        claims.insert("azp".into(), json!(client_id));
    }
    if let Some(nonce) = &grant.nonce {
        claims.insert("nonce".into(), json!(nonce));
    }
    claims
}

fn spoil(claims: &mut Value, failure: Option<Failure>) {
    match failure {
        Some(Failure::WrongNonce) => claims["nonce"] = json!("another nonce than was asked for"),
        Some(Failure::WrongAudience) => claims["aud"] = json!("another-application"),
        Some(Failure::WrongIssuer) => claims["iss"] = json!("https://issuer.invalid"),
        Some(Failure::IdTokenExpired) => {
            claims["iat"] = json!(now_s() - 2 * ID_TOKEN_LIFE_S);
            claims["exp"] = json!(now_s() - ID_TOKEN_LIFE_S);
        }
        None
        | Some(
            Failure::DeniesConsent
            | Failure::CodeExpired
            | Failure::TokenDown
            | Failure::TokenSlow
            | Failure::BadSignature
            | Failure::UnknownKey
            | Failure::Unsigned
            | Failure::UserinfoDown
            | Failure::NoEmail
            | Failure::EmailUnverified,
        ) => {}
    }
}

fn signed(key: &SigningKey, claims: &Value) -> Result<String, Trouble> {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(key.kid.clone());
    let private = EncodingKey::from_rsa_der(&key.private_der()?);
    encode(&header, claims, &private).map_err(|error| Trouble::Key(error.to_string()))
}

fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(claims))
}

/// Turns one character in the middle of the signature into another one.
fn with_spoiled_signature(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let (before, after) = signature.split_at(signature.len() / 2);
    let spoiled = if after.starts_with('A') { 'B' } else { 'A' };
    let rest: String = after.chars().skip(1).collect();
    format!("{signed}.{before}{spoiled}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spoiled_signature_differs_in_one_character() {
        let spoiled = with_spoiled_signature("a.b.ABCDEF");
        assert_eq!(spoiled, "a.b.ABCAEF");
        assert_eq!(with_spoiled_signature("a.b.BBBABB"), "a.b.BBBBBB");
    }

    #[test]
    fn each_provider_names_the_person_in_its_own_words() {
        let person = Person::with_email("minseo.kim@sandbox.test").unwrap();
        assert_eq!(profile(Provider::Google, &person)["name"], "김민서");
        assert_eq!(profile(Provider::Kakao, &person)["nickname"], "김민서");
    }

    #[test]
    fn who_gives_no_address_has_none_in_the_claims() {
        let person = Person::with_email("no-email@sandbox.test").unwrap();
        assert!(!profile(Provider::Google, &person).contains_key("email"));
        assert!(!profile(Provider::Kakao, &person).contains_key("email"));
    }
}

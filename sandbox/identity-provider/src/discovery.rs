//! What a client may learn beforehand: the provider's configuration, its keys, and (for tests) a change of keys.

use sandbox_kit::{Answer, Call, Store, Trouble, json, no_content, not_allowed};
use serde_json::json;
use spin_sdk::http::{HeaderValue, Method};

use crate::keys::SigningKey;
use crate::provider::Provider;

/// OpenID Connect Discovery 1.0 §3.
pub(crate) fn configuration(provider: Provider, call: &Call) -> Answer {
    if !matches!(call.method, Method::GET | Method::HEAD) {
        return not_allowed("GET, HEAD");
    }
    let issuer = provider.issuer(&call.origin);
    let at = |name: &str| format!("{issuer}/{name}");
    let configuration = json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("jwks"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "email", "name", "nickname"],
    });
    json(200, &configuration)
}

/// All keys that may have signed an ID token.
pub(crate) async fn jwks(call: &Call) -> Result<Answer, Trouble> {
    if !matches!(call.method, Method::GET | Method::HEAD) {
        return Ok(not_allowed("GET, HEAD"));
    }
    let mut answer = json(200, &SigningKey::listed(&Store::open().await?).await?);
    answer.headers_mut().insert("cache-control", HeaderValue::from_static("public, max-age=300"));
    Ok(answer)
}

/// POST: a new key signs from now on. DELETE: the older ones are no longer listed.
pub(crate) async fn rotate(call: &Call) -> Result<Answer, Trouble> {
    let store = Store::open().await?;
    match call.method {
        Method::POST => Ok(json(201, &json!({ "kid": SigningKey::make(&store).await?.kid }))),
        Method::DELETE => SigningKey::drop_others(&store).await.map(|()| no_content()),
        _ => Ok(not_allowed("POST, DELETE")),
    }
}

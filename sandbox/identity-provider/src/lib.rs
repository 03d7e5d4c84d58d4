//! An OAuth 2.0 / OpenID Connect provider that plays Google and Kakao: `/oauth/{google|kakao}/…`.
//!
//! Code flow with PKCE, ID tokens signed with RS256, JWKS, userinfo in each provider's shape, errors as RFC 6749 §5.2 and
//! OpenID Connect §3.1.2.6 name them, and people whose sign-in fails on purpose. No refresh tokens: the application keeps its
//! own sessions. Never for real identities. Look next at `authorize.rs`, `token.rs`, `people.rs`.

mod authorize;
mod claims;
mod client;
mod code;
mod discovery;
mod keys;
mod oauth_error;
mod people;
mod people_page;
mod primes;
mod provider;
mod request;
mod token;
mod userinfo;

use sandbox_kit::{Answer, Call, Trouble, plain};
use spin_sdk::http::Request;
use spin_sdk::http_service;

use provider::Provider;

#[http_service]
async fn identity_provider(request: Request) -> Answer {
    let call = Call::new(request);
    match route(call).await {
        Ok(answer) => answer,
        Err(trouble) => trouble.answer(),
    }
}

async fn route(call: Call) -> Result<Answer, Trouble> {
    let (name, rest) = call.path.split_once('/').unwrap_or((&call.path, ""));
    let Some(provider) = Provider::named(name) else {
        return Ok(plain(404, "the providers are google and kakao"));
    };
    match rest.to_owned().as_str() {
        "authorize" => authorize::handle(provider, call).await,
        "token" => token::handle(provider, call).await,
        "userinfo" | "v2/user/me" => userinfo::handle(provider, &call).await,
        "jwks" => discovery::jwks(&call).await,
        "keys" => discovery::rotate(&call).await,
        ".well-known/openid-configuration" => Ok(discovery::configuration(provider, &call)),
        _ => Ok(plain(404, "authorize, token, userinfo, jwks, keys, .well-known/openid-configuration")),
    }
}

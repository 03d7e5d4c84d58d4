//! A browser's way to a provider and back.
//!
//! What the way back needs (PKCE verifier, nonce, where to go) travels in a signed cookie, which also binds the sign-in
//! to the browser that began it. The key-value store remembers which attempts came back, so that none is used twice;
//! when the store loses that, the provider still takes each code once only.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use guest::{Answer, Call, Cookie, Failure, key_value, random, settings::Service, token};
use rules_account::{Provider, ReturnPath, TokenKind};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wire::Code;

use crate::{exchange::refused, provider};

const COOKIE: &str = "sign_in_attempt";
const COOKIE_PATH: &str = "/api/v1/auth";
const STORE: &str = "default";

/// What the way back needs.
#[derive(Debug, Serialize, Deserialize)]
pub struct Attempt {
    provider: String,
    /// The nonce the ID token has to carry.
    pub nonce: String,
    /// The PKCE verifier.
    pub verifier: String,
    /// Where to go in the end.
    pub return_to: String,
}

/// Where the provider sends the browser back to.
#[must_use]
pub fn callback_url(service: &Service, provider: Provider) -> String {
    format!("{}/api/v1/auth/{provider}/callback", service.origin())
}

/// Sends a browser to the provider.
///
/// # Errors
/// A fault when the provider is not configured.
pub async fn begin(provider: Provider, return_to: &ReturnPath) -> Result<Answer, Failure> {
    let service = Service::read().await?;
    let (authorize_url, client_id) = provider::authorization(provider).await?;
    let state = random::text::<24>();
    let attempt = Attempt {
        provider: provider.as_str().into(),
        nonce: random::text::<24>(),
        verifier: random::text::<32>(),
        return_to: return_to.as_str().into(),
    };
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&attempt.verifier));
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", &client_id),
            ("redirect_uri", &callback_url(&service, provider)),
            ("scope", provider::scope(provider)),
            ("state", &state),
            ("nonce", &attempt.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ])
        .finish();
    let separator = if authorize_url.contains('?') { '&' } else { '?' };
    let value = token::seal(TokenKind::Attempt, state, token::fresh_id(), attempt).await?;
    let max_age_s = TokenKind::Attempt.lifetime_s();
    let cookie =
        Cookie { name: COOKIE, value, path: COOKIE_PATH, max_age_s, secure: service.secure_cookies() };
    Answer::redirect(&format!("{authorize_url}{separator}{query}"))?.cookie(&cookie)
}

/// Takes the attempt of a browser that came back. It can be taken once.
///
/// # Errors
/// `AUTH4002` when this browser began no such attempt, or it is too old, or was used.
pub async fn take(call: &Call, provider: Provider) -> Result<Attempt, Failure> {
    let cookie = call.cookie(COOKIE).ok_or_else(|| refused("this browser began no sign-in"))?;
    let opened = token::open::<Attempt>(cookie, TokenKind::Attempt).await;
    let claims = opened.map_err(|failure| match failure.problem().code() {
        Code::Auth4001 => refused("the attempt is not ours or too old"),
        _ => failure,
    })?;
    let state = call.query("state").unwrap_or_default();
    if claims.sub != state || claims.extra.provider != provider.as_str() {
        return Err(refused("the state is another one"));
    }
    remember(state).await?;
    Ok(claims.extra)
}

/// Notes that an attempt came back, in one of 4,096 places by its first letters, so that the store stays small; a later
/// attempt in the same place makes it forget.
async fn remember(state: String) -> Result<(), Failure> {
    let place = format!("sign-in/{}", state.get(..2).unwrap_or_default());
    // The store may vanish; then the provider's own one-use rule for codes remains.
    let last: Option<String> = key_value::get(STORE, &place).await.unwrap_or_default();
    if last.as_ref() == Some(&state) {
        return Err(refused("the attempt was used before"));
    }
    if key_value::set(STORE, &place, &state, TokenKind::Attempt.lifetime_s()).await.is_err() {
        eprintln!("level=info diagnosis=\"a used sign-in attempt could not be remembered\"");
    }
    Ok(())
}

/// Removes the attempt's cookie.
///
/// # Errors
/// A fault when the service's address is not configured.
pub async fn forget(answer: Answer) -> Result<Answer, Failure> {
    let secure = Service::read().await?.secure_cookies();
    answer.cookie(&Cookie { name: COOKIE, value: String::new(), path: COOKIE_PATH, max_age_s: 0, secure })
}

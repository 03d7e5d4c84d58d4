//! Authorization codes: 60 seconds, one use, bound to provider, client, redirect URI and challenge.

use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sandbox_kit::{Form, Store, Trouble, now_s, sha256_hex, url_token};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::client::Client;
use crate::oauth_error::OauthError;
use crate::people::{Failure, Person};
use crate::provider::Provider;
use crate::request::AuthorizeRequest;

/// How long a code may wait for its token call.
pub(crate) const CODE_LIFE_S: u64 = 60;
/// Where codes are, and where access tokens are.
pub(crate) const PREFIXES: [&str; 2] = ["code/", "access/"];
/// An instance removes what has ended once in so many codes.
const CODES_PER_SWEEP: u32 = 64;
/// Bounds of a verifier, RFC 7636 §4.1.
const VERIFIER_CHARACTERS: std::ops::RangeInclusive<usize> = 43..=128;

/// What a code stands for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Grant {
    provider: String,
    client_id: String,
    redirect_uri: String,
    challenge: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) person: Person,
}

/// Makes a code and keeps what it stands for, under the code's hash.
pub(crate) async fn issue(
    provider: Provider,
    client: &Client,
    request: &AuthorizeRequest,
    person: Person,
) -> Result<String, Trouble> {
    let store = Store::open().await?;
    sweep_sometimes(&store).await?;
    let is_expired = person.failure() == Some(Failure::CodeExpired);
    let end_s = if is_expired { now_s() - 1 } else { now_s() + CODE_LIFE_S };
    let code = format!("{end_s:012}-{}", url_token());
    let grant = Grant {
        provider: provider.name().to_owned(),
        client_id: client.id.clone(),
        redirect_uri: request.redirect_uri.to_string(),
        challenge: request.challenge.clone(),
        nonce: request.nonce.clone(),
        person,
    };
    if let Some(key) = key_of("code/", &code) {
        store.set(&key, &grant).await?;
    }
    Ok(code)
}

/// Takes a code in: whatever is wrong with the rest of the call, it cannot be used again.
pub(crate) async fn redeem(
    provider: Provider,
    client: &Client,
    form: &Form,
) -> Result<Result<Grant, OauthError>, Trouble> {
    let Some(code) = form.get("code") else {
        return Ok(Err(OauthError::InvalidRequest("code is missing")));
    };
    let unknown = OauthError::InvalidGrant("the code is unknown, used or expired");
    let Some(key) = key_of("code/", code) else {
        return Ok(Err(unknown));
    };
    let found: Option<Grant> = Store::open().await?.take(&key).await?;
    let Some(grant) = found else {
        return Ok(Err(unknown));
    };
    if is_past(code) {
        return Ok(Err(unknown));
    }
    Ok(fault(&grant, provider, client, form).map_or(Ok(grant), Err))
}

/// The key of a code or token: its end, and the hash of all of it.
pub(crate) fn key_of(prefix: &str, token: &str) -> Option<String> {
    let (end_s, _) = token.split_once('-')?;
    let is_end = end_s.len() == 12 && end_s.bytes().all(|byte| byte.is_ascii_digit());
    is_end.then(|| format!("{prefix}{end_s}-{}", sha256_hex(token)))
}

/// Whether the end that a code or token carries has passed.
pub(crate) fn is_past(token: &str) -> bool {
    let end_s = token.split_once('-').and_then(|(end_s, _)| end_s.parse::<u64>().ok());
    end_s.is_none_or(|end_s| end_s < now_s())
}

fn fault(grant: &Grant, provider: Provider, client: &Client, form: &Form) -> Option<OauthError> {
    if grant.provider != provider.name() || grant.client_id != client.id {
        return Some(OauthError::InvalidGrant("the code is for another client"));
    }
    let redirect_uri = form.get("redirect_uri").and_then(|uri| client.redirect_uri(uri));
    if redirect_uri.is_none_or(|uri| uri.as_str() != grant.redirect_uri) {
        return Some(OauthError::InvalidGrant("redirect_uri is not the one of the authorization"));
    }
    match (&grant.challenge, form.get("code_verifier")) {
        (None, None) => None,
        (Some(challenge), Some(verifier)) if proves(verifier, challenge) => None,
        (Some(_), Some(_)) => Some(OauthError::InvalidGrant("code_verifier does not fit code_challenge")),
        (Some(_), None) => Some(OauthError::InvalidGrant("code_verifier is missing")),
        (None, Some(_)) => Some(OauthError::InvalidGrant("the authorization had no code_challenge")),
    }
}

fn proves(verifier: &str, challenge: &str) -> bool {
    let hash = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    VERIFIER_CHARACTERS.contains(&verifier.len()) && hash == challenge
}

async fn sweep_sometimes(store: &Store) -> Result<(), Trouble> {
    static CODES: AtomicU32 = AtomicU32::new(0);
    if CODES.fetch_add(1, Ordering::Relaxed).is_multiple_of(CODES_PER_SWEEP) {
        store.sweep(&PREFIXES).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

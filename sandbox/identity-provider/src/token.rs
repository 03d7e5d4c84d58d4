//! `/token`: a code for an access token and an ID token (RFC 6749 §4.1.3, OpenID Connect Core §3.1.3).

use std::time::Duration;

use sandbox_kit::{Answer, Call, Store, Trouble, json, not_allowed, now_s, url_token};
use serde_json::{Value, json};
use spin_sdk::http::{HeaderValue, Method};

use crate::client::Client;
use crate::code::{self, Grant};
use crate::oauth_error::OauthError;
use crate::people::Failure;
use crate::provider::Provider;
use crate::{claims, userinfo};

const ACCESS_TOKEN_LIFE_S: u64 = 3600;
const SLOW: Duration = Duration::from_secs(20);

pub(crate) async fn handle(provider: Provider, call: Call) -> Result<Answer, Trouble> {
    if call.method != Method::POST {
        return Ok(not_allowed("POST"));
    }
    let (authorization, origin) = (call.header("authorization").to_owned(), call.origin.clone());
    if !call.header("content-type").starts_with("application/x-www-form-urlencoded") {
        return Ok(refused(provider, OauthError::InvalidRequest("the body must be form-encoded")));
    }
    let form = call.form().await?;
    let client = Client::registered().await?;
    if !client.is_proved_by(&authorization, &form) {
        return Ok(refused(provider, OauthError::InvalidClient));
    }
    if form.repeats() {
        return Ok(refused(provider, OauthError::InvalidRequest("a parameter comes more than once")));
    }
    if form.get("grant_type") != Some("authorization_code") {
        return Ok(refused(provider, OauthError::UnsupportedGrantType));
    }
    match code::redeem(provider, &client, &form).await? {
        Ok(grant) => granted(provider, &origin, &client, grant).await,
        Err(error) => Ok(refused(provider, error)),
    }
}

async fn granted(provider: Provider, origin: &str, client: &Client, grant: Grant) -> Result<Answer, Trouble> {
    match grant.person.failure() {
        Some(Failure::TokenDown) => return Ok(refused(provider, OauthError::ServerError)),
        Some(Failure::TokenSlow) => spin_sdk::time::sleep(SLOW).await,
        Some(_) | None => {}
    }
    let id_token = claims::id_token(provider, origin, &client.id, &grant).await?;
    let access_token = format!("{:012}-{}", now_s() + ACCESS_TOKEN_LIFE_S, url_token());
    userinfo::remember(&Store::open().await?, provider, &access_token, grant.person).await?;
    Ok(json(200, &body(provider, &access_token, &id_token)))
}

fn body(provider: Provider, access_token: &str, id_token: &str) -> Value {
    let (token_type, scope) = match provider {
        Provider::Google => ("Bearer", "openid email profile"),
        Provider::Kakao => ("bearer", "openid account_email profile_nickname"),
    };
    json!({
        "access_token": access_token,
        "token_type": token_type,
        "expires_in": ACCESS_TOKEN_LIFE_S,
        "scope": scope,
        "id_token": id_token,
    })
}

fn refused(provider: Provider, error: OauthError) -> Answer {
    let mut answer = json(error.status(), &error.body(provider));
    if error == OauthError::InvalidClient {
        answer.headers_mut().insert("www-authenticate", HeaderValue::from_static("Basic realm=\"sandbox\""));
    }
    answer
}

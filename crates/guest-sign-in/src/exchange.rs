//! Code → subject: buys tokens with the authorization code and reads who it was.

use guest::{Failure, clock, outbound, settings::variable};
use rules_account::{Expected, Provider, Subject};
use serde::Deserialize;
use spin_sdk::http::StatusCode;
use wire::Code;

use crate::{Client, id_token};

/// Characters of a code, or of an address, that is passed on at most.
const SENT_CHARS_MAX: usize = 2_048;

/// An authorization code and what it was asked for with.
pub struct Exchange<'a> {
    /// The code.
    pub code: &'a str,
    /// The address it was sent to.
    pub redirect_uri: &'a str,
    /// The PKCE verifier, when a challenge was sent.
    pub code_verifier: Option<&'a str>,
    /// The nonce, when one was sent.
    pub nonce: Option<&'a str>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    id_token: Option<String>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
}

/// Asks the provider who came with this code.
///
/// # Errors
/// `AUTH4002` when the provider refuses or its answer is not acceptable, `COMMON503` when it cannot be reached.
pub async fn subject_of(client: &Client, exchange: &Exchange<'_>) -> Result<Subject, Failure> {
    let granted = buy(client, exchange).await?;
    let by_token = match &granted.id_token {
        Some(token) => {
            let claims = id_token::verified(client, token).await?;
            let expected = Expected {
                issuer: &client.issuer,
                client_id: &client.id,
                nonce: exchange.nonce,
                now: clock::now(),
            };
            Some(
                claims
                    .accept(&expected)
                    .map_err(|error| Failure::from(error).because(format!("id token: {error}")))?,
            )
        }
        None => None,
    };
    match (client.provider, by_token) {
        (Provider::Google, Some(subject)) => Ok(subject),
        (Provider::Google, None) => Err(refused("no id token")),
        (Provider::Kakao, by_token) => {
            let subject = kakao_user(&granted.access_token).await?;
            match by_token {
                Some(claimed) if claimed.id != subject.id => Err(refused("id token and user disagree")),
                Some(_) | None => Ok(subject),
            }
        }
    }
}

async fn buy(client: &Client, exchange: &Exchange<'_>) -> Result<Granted, Failure> {
    if exchange.code.len() > SENT_CHARS_MAX || exchange.redirect_uri.len() > SENT_CHARS_MAX {
        return Err(Code::Common400.into());
    }
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("client_id", &client.id),
        ("client_secret", &client.secret),
        ("code", exchange.code),
        ("redirect_uri", exchange.redirect_uri),
    ];
    form.extend(exchange.code_verifier.map(|verifier| ("code_verifier", verifier)));
    let answer = outbound::post_form(&client.token_url, &form).await?;
    if answer.status == StatusCode::OK {
        return serde_json::from_slice(&answer.body).map_err(|_| refused("token answer is not as agreed"));
    }
    if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Failure::unavailable(format!(
            "{}: token endpoint answered {}",
            client.provider, answer.status
        )));
    }
    let word =
        serde_json::from_slice::<Refused>(&answer.body).map_or_else(|_| "no error word".into(), |r| r.error);
    Err(refused(&format!(
        "token endpoint answered {}: {}",
        answer.status,
        word.chars().take(64).collect::<String>()
    )))
}

#[derive(Deserialize)]
struct KakaoUser {
    id: i64,
    kakao_account: Option<KakaoAccount>,
}

#[derive(Deserialize)]
struct KakaoAccount {
    email: Option<String>,
    #[serde(default)]
    is_email_verified: bool,
}

/// Kakao's `/v2/user/me`: the id that also stands in its ID token.
async fn kakao_user(access_token: &str) -> Result<Subject, Failure> {
    let url = variable("kakao_userinfo_url").await?;
    let answer = outbound::get(&url, Some(access_token)).await?;
    if answer.status.is_server_error() {
        return Err(Failure::unavailable(format!("kakao: user endpoint answered {}", answer.status)));
    }
    if answer.status != StatusCode::OK {
        return Err(refused(&format!("user endpoint answered {}", answer.status)));
    }
    let user: KakaoUser =
        serde_json::from_slice(&answer.body).map_err(|_| refused("user answer is not as agreed"))?;
    let email =
        user.kakao_account.filter(|account| account.is_email_verified).and_then(|account| account.email);
    Ok(Subject::new(user.id.to_string(), email)?)
}

pub(crate) fn refused(why: &str) -> Failure {
    Failure::from(Code::Auth4002).because(why)
}

//! Subject → tokens: opens a sign-in (one row, one family of refresh tokens) and hands out what the client keeps.

use guest::{Answer, Call, Cookie, Failure, params, random, rows, settings::Service, token};
use rules_account::{Provider, Subject, TokenKind};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use wire::{SignedIn, Success, Tokens};

/// Media type of clients that keep tokens themselves.
const TOKENS_MEDIA_TYPE: &str = "application/vnd.moalog.tokens+json";
/// Characters of a device's name that are kept, at most.
const DEVICE_CHARS_MAX: usize = 200;
/// Refresh and signup tokens are sent to the sign-in routes only.
const AUTH_PATH: &str = "/api/v1/auth";
const SIGN_IN: &str = include_str!("sign_in.sql");

/// What a sign-up token adds: where its subject comes from.
#[derive(Debug, Serialize, Deserialize)]
pub struct SignupClaim {
    /// The provider as stored, e.g. `GOOGLE`.
    pub provider: String,
    /// The address the provider gave.
    pub email: Option<String>,
}

/// A sign-in that is about to be opened. Its parameters go into the statement that opens it.
pub struct NewSession {
    /// The sign-in's id.
    pub id: i64,
    /// The device, by its user agent.
    pub device: String,
    /// Id of the refresh token.
    pub jti: Uuid,
}

impl NewSession {
    /// Draws the ids of a sign-in from this device.
    #[must_use]
    pub fn draw(call: &Call) -> Self {
        let agent = call.header("user-agent").unwrap_or("unknown");
        let device = agent.chars().filter(|c| !c.is_control()).take(DEVICE_CHARS_MAX).collect();
        Self { id: random::id(), device, jti: token::fresh_id() }
    }

    /// What the database keeps of the refresh token.
    #[must_use]
    pub fn sha256(&self) -> Vec<u8> {
        Sha256::digest(self.jti.as_bytes()).to_vec()
    }

    /// The tokens of the opened sign-in.
    ///
    /// # Errors
    /// A fault when the keys are not configured.
    pub async fn tokens(&self, member: i64) -> Result<Tokens, Failure> {
        let of = || token::OfSession { sid: self.id };
        let access = token::seal(TokenKind::Access, member.to_string(), token::fresh_id(), of()).await?;
        let refresh = token::seal(TokenKind::Refresh, member.to_string(), self.jti, of()).await?;
        let expires_in_s = TokenKind::Access.lifetime_s();
        Ok(Tokens::Member { access_token: access, refresh_token: refresh, expires_in_s })
    }
}

/// Signs a subject in: a known one gets a sign-in, a new one a sign-up token.
///
/// # Errors
/// `COMMON503` when the database is away.
pub async fn sign_in(call: &Call, provider: Provider, subject: Subject) -> Result<SignIn, Failure> {
    let session = NewSession::draw(call);
    let lifetime_s = i64::from(TokenKind::Refresh.lifetime_s());
    let own = params![
        provider.stored(),
        subject.id.as_str(),
        session.id,
        session.device.as_str(),
        session.sha256(),
        lifetime_s
    ];
    let found = rows(SIGN_IN, own, &[]).await?;
    if let Some(row) = found.first() {
        return Ok(SignIn { success: Success::Ok, tokens: session.tokens(row.get(0)?).await? });
    }
    let claim = SignupClaim { provider: provider.stored().into(), email: subject.email };
    let signup_token = token::seal(TokenKind::Signup, subject.id, token::fresh_id(), claim).await?;
    Ok(SignIn { success: Success::NewMember, tokens: Tokens::Signup { signup_token } })
}

/// How a sign-in went.
pub struct SignIn {
    /// `COMMON200`, or `AUTH2001` for someone new.
    pub success: Success,
    /// What the client keeps.
    pub tokens: Tokens,
}

impl SignIn {
    /// The JSON answer: cookies for browsers, tokens in the body for apps.
    ///
    /// # Errors
    /// A fault when the service's address is not configured.
    pub async fn answer(self, call: &Call) -> Result<Answer, Failure> {
        let is_new_member = match self.success {
            Success::NewMember => true,
            Success::Ok | Success::Created => false,
        };
        answer(call, self.success, self.tokens, |tokens| SignedIn { is_new_member, tokens }).await
    }

    /// Puts the cookies on an answer, e.g. on a browser's redirect.
    ///
    /// # Errors
    /// A fault when the service's address is not configured.
    pub async fn cookies(&self, answer: Answer) -> Result<Answer, Failure> {
        set_cookies(answer, &self.tokens).await
    }
}

/// Whether the client keeps tokens itself.
#[must_use]
pub fn wants_tokens(call: &Call) -> bool {
    let accept = call.header("accept").unwrap_or_default();
    accept
        .split(',')
        .any(|range| range.split(';').next().is_some_and(|media| media.trim() == TOKENS_MEDIA_TYPE))
}

/// Answers with tokens: in the body for apps that ask for it, in cookies otherwise.
///
/// # Errors
/// A fault when the service's address is not configured.
pub async fn answer<T: Serialize>(
    call: &Call,
    success: Success,
    tokens: Tokens,
    result: impl FnOnce(Option<Tokens>) -> T,
) -> Result<Answer, Failure> {
    if wants_tokens(call) {
        return Answer::success(success, call.language(), &result(Some(tokens)));
    }
    set_cookies(Answer::success(success, call.language(), &result(None))?, &tokens).await
}

async fn set_cookies(answer: Answer, tokens: &Tokens) -> Result<Answer, Failure> {
    let secure = Service::read().await?.secure_cookies();
    let cookie = |name, value: &str, path, kind: TokenKind| Cookie {
        name,
        value: value.to_owned(),
        path,
        max_age_s: kind.lifetime_s(),
        secure,
    };
    match tokens {
        Tokens::Member { access_token, refresh_token, .. } => answer
            .cookie(&cookie("access_token", access_token, "/", TokenKind::Access))?
            .cookie(&cookie("refresh_token", refresh_token, AUTH_PATH, TokenKind::Refresh))?
            .cookie(&Cookie { max_age_s: 0, ..cookie("signup_token", "", AUTH_PATH, TokenKind::Signup) }),
        Tokens::Signup { signup_token } => {
            answer.cookie(&cookie("signup_token", signup_token, AUTH_PATH, TokenKind::Signup))
        }
    }
}

/// Removes the cookies of a sign-in.
///
/// # Errors
/// A fault when the service's address is not configured.
pub async fn clear_cookies(answer: Answer) -> Result<Answer, Failure> {
    let secure = Service::read().await?.secure_cookies();
    let gone = |name, path| Cookie { name, value: String::new(), path, max_age_s: 0, secure };
    answer
        .cookie(&gone("access_token", "/"))?
        .cookie(&gone("refresh_token", AUTH_PATH))?
        .cookie(&gone("signup_token", AUTH_PATH))
}

//! `POST /api/v1/auth/dev-login` `{email}` and, for old load scripts, `POST /api/auth/login/email`.
//!
//! Signs anyone in without a password, so it is no part of the application: only the development stack adds it, by
//! `sandbox/dev-login.toml`. Tokens stand in the body and in cookies.

use guest::prelude::*;
use guest::{random, rows};
use guest_sign_in::{NewSession, SignIn};
use rules_account::{Nickname, TokenKind, nickname_of_email};
use wire::{Code, DevLoginBody, Problem, SignedIn, Success};

const SIGN_IN: &str = include_str!("sign_in.sql");
/// Both say that another request with the same address was faster; the next try finds its member.
const CONSTRAINTS: &[(&str, Code)] =
    &[("identity_pkey", Code::Common409), ("member_nickname_key", Code::Common409)];
const TRIES: usize = 3;

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![POST dev_login]).await
}

async fn dev_login(mut call: Call) -> Result<Answer, Failure> {
    let body: DevLoginBody = call.json().await?;
    let email = body.email.trim().to_lowercase();
    // A NUL is nothing a database can hold; no other control character belongs into an address either.
    if !(3..=254).contains(&email.len()) || !email.contains('@') || email.contains(char::is_control) {
        return Err(Problem::from(Code::Common400).at("email").into());
    }
    let session = NewSession::draw(&call);
    let member = open(&email, &session).await?;
    let signed_in = SignIn { success: Success::Ok, tokens: session.tokens(member).await? };
    let result = SignedIn { is_new_member: false, tokens: Some(signed_in.tokens.clone()) };
    signed_in.cookies(call.ok(&result)?).await
}

async fn open(email: &str, session: &NewSession) -> Result<i64, Failure> {
    let plain = nickname_of_email(email, None);
    let mut last = Failure::fault("no try was made");
    for _ in 0..TRIES {
        let other: Nickname = nickname_of_email(email, Some(random::id()));
        let lifetime_s = i64::from(TokenKind::Refresh.lifetime_s());
        let mut own = params![session.id, session.device.as_str(), session.sha256(), lifetime_s];
        own.extend(params![email, plain.as_str(), other.as_str()]);
        match rows(SIGN_IN, own, CONSTRAINTS).await {
            Ok(rows) => return rows.first().ok_or_else(|| Failure::fault("no sign-in was opened"))?.get(0),
            Err(failure) if failure.problem().code() == Code::Common409 => last = failure,
            Err(failure) => return Err(failure),
        }
    }
    Err(last)
}

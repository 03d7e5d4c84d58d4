//! `POST /api/v1/auth/signup`: a sign-up ticket and a nickname become a member, once, signed in.
//!
//! The ticket is one-use in the database. A repeated request with the same idempotency key opens another sign-in of the
//! member that the first one made, because tokens are not kept and cannot be answered twice.

use guest::prelude::*;
use guest::{Parameter, rows, token};
use guest_sign_in::{NewSession, SignIn, SignupClaim};
use rules_account::{Nickname, TokenKind};
use wire::{Code, NicknameBody, Success};

const SIGN_UP: &str = include_str!("sign_up.sql");
const AGAIN: &str = include_str!("again.sql");

const CONSTRAINTS: &[(&str, Code)] = &[
    ("signup_ticket_pkey", Code::Auth4001),
    // Signed up already, by this ticket or another: signing in again is the way on.
    ("identity_pkey", Code::Auth4001),
    ("member_nickname_key", Code::Member4092),
];

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![POST sign_up]).await
}

async fn sign_up(mut call: Call) -> Result<Answer, Failure> {
    let ticket = call.bearer_or_cookie("signup_token").ok_or(Code::Auth4001)?;
    let ticket = token::open::<SignupClaim>(ticket, TokenKind::Signup).await?;
    let body: NicknameBody = call.json().await?;
    let nickname = Nickname::parse(&body.nickname)?;
    let key = call.idempotency_key()?;
    let session = NewSession::draw(&call);
    let lifetime_s = i64::from(TokenKind::Refresh.lifetime_s());
    let opening = params![session.id, session.device.as_str(), session.sha256(), lifetime_s];

    let mut all = opening.clone();
    all.extend(params![ticket.jti, key.clone(), ticket.exp, nickname.as_str()]);
    all.extend(params![ticket.extra.provider, ticket.sub, ticket.extra.email]);
    let made = match (rows(SIGN_UP, all, CONSTRAINTS).await, key) {
        // Which constraint a repetition meets first is PostgreSQL's choice: ticket, nickname and identity are all taken.
        (Err(failure), Some(key)) => {
            let mut all = opening;
            all.extend([ticket.jti.parameter(), key.parameter()]);
            let first = rows(AGAIN, all, &[]).await?;
            if first.is_empty() {
                return Err(failure);
            }
            first
        }
        (other, _) => other?,
    };
    let member = made.first().ok_or(Code::Auth4001)?.get(0)?;
    SignIn { success: Success::Ok, tokens: session.tokens(member).await? }.answer(&call).await
}

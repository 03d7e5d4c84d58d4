//! `POST /api/v1/auth/token/refresh`: a refresh token buys the next pair of tokens, once.
//!
//! Of requests that bring the same token at once exactly one wins. The others, for ten seconds, get `AUTH4004` and do no
//! harm (two tabs of one browser share the winner's cookies); after that a rotated token ends its whole sign-in.

use guest::prelude::*;
use guest::{rows, token};
use guest_sign_in::{NewSession, answer};
use rules_account::{REFRESH_GRACE_S, TokenKind};
use wire::{Code, RefreshBody, Refreshed, Success};

const ROTATE: &str = include_str!("rotate.sql");

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![POST refresh]).await
}

async fn refresh(mut call: Call) -> Result<Answer, Failure> {
    let presented = presented(&mut call).await?;
    let opened = token::open::<token::OfSession>(&presented, TokenKind::Refresh).await;
    let claims = opened.map_err(|failure| match failure.problem().code() {
        Code::Auth4001 => Code::Auth4004.into(),
        _ => failure,
    })?;
    let member: i64 = claims.sub.parse().map_err(|_| Code::Auth4004)?;
    let old = NewSession { id: claims.extra.sid, device: String::new(), jti: claims.jti };
    let next = NewSession { id: claims.extra.sid, device: String::new(), jti: token::fresh_id() };
    let lifetime_s = i64::from(TokenKind::Refresh.lifetime_s());
    let key = call.idempotency_key()?;
    let own =
        params![next.id, member, old.sha256(), next.sha256(), lifetime_s, i64::from(REFRESH_GRACE_S), key];
    let verdict = rows(ROTATE, own, &[]).await?;
    let verdict = verdict.first().map(|row| row.get::<String>(0)).transpose()?;
    match verdict.as_deref() {
        Some("ROTATE") => {
            answer(&call, Success::Ok, next.tokens(member).await?, |tokens| Refreshed { tokens }).await
        }
        Some("REUSED") => {
            Err(Failure::from(Code::Auth4004).because("a rotated refresh token came back: sign-in ended"))
        }
        Some("LATE") | None => Err(Code::Auth4004.into()),
        Some(other) => Err(Failure::fault(format!("verdict {other} is not known"))),
    }
}

/// The token of the cookie, of the header, or, for apps, of the body.
async fn presented(call: &mut Call) -> Result<String, Failure> {
    if let Some(token) = call.bearer_or_cookie("refresh_token") {
        return Ok(token.to_owned());
    }
    if call.header("content-type").is_none() || call.bytes().await?.is_empty() {
        return Err(Code::Auth4003.into());
    }
    let body: RefreshBody = call.json().await?;
    if body.refresh_token.is_empty() { Err(Code::Auth4003.into()) } else { Ok(body.refresh_token) }
}

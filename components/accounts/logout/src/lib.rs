//! `POST /api/v1/auth/logout` ends this sign-in, `POST /api/v1/auth/logout-all` every one of the member.
//!
//! Ended sign-ins are refused by every statement from the commit on, access tokens included.

use guest::prelude::*;
use guest::{Member, rows, token};
use guest_sign_in::clear_cookies;
use rules_account::TokenKind;
use wire::Code;

const LOGOUT: &str = include_str!("logout.sql");
const LOGOUT_ALL: &str = include_str!("logout_all.sql");

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![POST "/api/v1/auth/logout" logout, POST "/api/v1/auth/logout-all" logout_all])
        .await
}

async fn logout(call: Call) -> Result<Answer, Failure> {
    let member = leaving(&call).await?;
    end(&call, LOGOUT, &member).await
}

async fn logout_all(call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    end(&call, LOGOUT_ALL, &member).await
}

async fn end(call: &Call, sql: &'static str, member: &Member) -> Result<Answer, Failure> {
    let ended = rows(sql, params![member.id, member.session], &[]).await?;
    if ended.is_empty() {
        return Err(Code::Auth4005.into());
    }
    clear_cookies(call.ok(&())?).await
}

/// Who logs out: by the access token, or, when that one is over, by the refresh token in its cookie.
async fn leaving(call: &Call) -> Result<Member, Failure> {
    let by_access = call.member().await;
    let Some(refresh) = call.cookie("refresh_token") else { return by_access };
    match by_access {
        Ok(member) => Ok(member),
        Err(failure) if failure.problem().code() != Code::Auth4001 => Err(failure),
        Err(_) => {
            let claims = token::open::<token::OfSession>(refresh, TokenKind::Refresh).await?;
            Ok(Member { id: claims.sub.parse().map_err(|_| Code::Auth4001)?, session: claims.extra.sid })
        }
    }
}

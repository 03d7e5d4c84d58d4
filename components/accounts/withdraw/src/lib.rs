//! `POST /api/v1/members/withdraw`: a member leaves; what that erases, unlinks and keeps stands beside each table.

use guest::prelude::*;
use guest_sign_in::clear_cookies;
use wire::{Code, Success};

const WITHDRAW: Write = Write {
    endpoint: "accounts-withdraw",
    sql: include_str!("withdraw.sql"),
    nothing: Code::Member4042,
    refusals: &[("GONE", Code::Member4042), ("OWNER", Code::Member4091)],
    constraints: &[],
};

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![POST withdraw]).await
}

async fn withdraw(mut call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let done = WITHDRAW.run::<()>(&mut call, &member, params![]).await?;
    clear_cookies(call.written(Success::Ok, &done)?).await
}

//! `GET` and `PATCH /api/v1/members/me`: what a member sees of the own account, and a new nickname.

use guest::prelude::*;
use rules_account::Nickname;
use wire::{Code, Me, NicknameBody, Success};

const SHOW: Read = Read { sql: include_str!("show.sql"), nothing: Code::Member4042 };

const RENAME: Write = Write {
    endpoint: "accounts-me-rename",
    sql: include_str!("rename.sql"),
    nothing: Code::Member4042,
    refusals: &[],
    constraints: &[("member_nickname_key", Code::Member4092)],
};

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![GET show, PATCH rename]).await
}

async fn show(call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let me: Me = SHOW.one(&member, params![]).await?;
    call.ok(&me)
}

async fn rename(mut call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let body: NicknameBody = call.json().await?;
    let nickname = Nickname::parse(&body.nickname)?;
    let me = RENAME.run::<Me>(&mut call, &member, params![nickname.as_str()]).await?;
    call.written(Success::Ok, &me)
}

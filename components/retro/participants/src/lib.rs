//! `/api/v1/retrospects/:id/participants`: take part (`POST`), who does (`GET`), stop before the start (`DELETE`).

use guest::prelude::*;
use serde::Deserialize;
use wire::{
    Author, Code, Cursor, Participant, ParticipantJoined, ParticipantLeft, ParticipantPage, REFUSALS, Success,
};

const JOIN: Write = Write {
    endpoint: "retro-participants-join",
    sql: include_str!("join.sql"),
    nothing: Code::Retro4041,
    refusals: &REFUSALS,
    constraints: &[("participant_once", Code::Retro4093)],
};

const LEAVE: Write = Write {
    endpoint: "retro-participants-leave",
    sql: include_str!("leave.sql"),
    nothing: Code::Retro4041,
    refusals: &REFUSALS,
    constraints: &[],
};

const LIST: Read = Read { sql: include_str!("list.sql"), nothing: Code::Retro4041 };

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![POST join, GET list, DELETE leave]).await
}

async fn join(mut call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let retrospect = call.path_id("id")?;
    let joined = JOIN.run::<ParticipantJoined>(&mut call, &member, params![retrospect]).await?;
    call.written(Success::Ok, &joined)
}

async fn leave(mut call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let retrospect = call.path_id("id")?;
    let left = LEAVE.run::<ParticipantLeft>(&mut call, &member, params![retrospect]).await?;
    call.written(Success::Ok, &left)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    participant_count: i32,
    participants: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    participant_id: i64,
    submitted: Option<bool>,
    author: Author,
}

async fn list(call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let retrospect = call.path_id("id")?;
    let (page, language) = (call.page()?, call.language());
    let last = page.after.map(|key| key.id);
    let found: Found = LIST.one(&member, params![retrospect, last, page.rows_to_read()]).await?;
    let key = |listed: &Listed| Cursor { sort: 0, id: listed.participant_id };
    let (listed, next_cursor) = page.cut(found.participants, key);
    let shown = |listed: Listed| Participant {
        participant_id: listed.participant_id,
        nickname: listed.author.user_name(language),
        member_id: listed.author.member_id,
        submitted: listed.submitted,
    };
    call.ok(&ParticipantPage {
        participants: listed.into_iter().map(shown).collect(),
        participant_count: found.participant_count,
        has_next: next_cursor.is_some(),
        next_cursor,
    })
}

//! `GET /api/v1/retro-rooms/:id/members`: who is in a room, for those who are.

use chrono::{DateTime, Utc};
use guest::prelude::*;
use rules_retro::RoomZone;
use serde::Deserialize;
use wire::{Code, Cursor, RoomMember, RoomMemberPage, RoomRole};

const LIST: Read = Read { sql: include_str!("list.sql"), nothing: Code::Retro4041 };

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![GET list]).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Room {
    time_zone: String,
    member_count: i64,
    members: Vec<Inside>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inside {
    member_id: i64,
    nickname: String,
    role: RoomRole,
    joined_at: DateTime<Utc>,
    joined_micros: i64,
}

async fn list(call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let room = call.path_id("id")?;
    let page = call.page()?;
    let (joined, last) = (page.after.map(|key| key.sort), page.after.map(|key| key.id));
    let room: Room = LIST.one(&member, params![room, joined, last, page.rows_to_read()]).await?;
    let zone = RoomZone::parse(Some(&room.time_zone)).map_err(Failure::fault)?;
    let key = |inside: &Inside| Cursor { sort: inside.joined_micros, id: inside.member_id };
    let (inside, next_cursor) = page.cut(room.members, key);
    let shown = |inside: Inside| RoomMember {
        member_id: inside.member_id,
        nickname: inside.nickname,
        role: inside.role,
        joined_at: zone.rfc3339(inside.joined_at),
    };
    call.ok(&RoomMemberPage {
        members: inside.into_iter().map(shown).collect(),
        member_count: room.member_count,
        has_next: next_cursor.is_some(),
        next_cursor,
    })
}

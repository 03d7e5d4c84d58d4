//! Invites of a room: `GET /api/v1/retro-rooms/:id/invite-code` shows the code to members, `POST
//! /api/v1/retro-rooms/join` lets in who brings it.

use chrono::{DateTime, Utc};
use guest::{Done, prelude::*};
use rules_retro::{InviteCode, RoomZone, invite::NotAnInvite};
use serde::Deserialize;
use wire::{Code, JOIN_REFUSALS, RoomInvite, RoomJoinBody, RoomJoined, Success};

const SHOW: Read = Read { sql: include_str!("show.sql"), nothing: Code::Retro4041 };

const JOIN: Write = Write {
    endpoint: "retro-invites-join",
    sql: include_str!("join.sql"),
    nothing: Code::Retro4002,
    refusals: &JOIN_REFUSALS,
    constraints: &[("room_member_pkey", Code::Retro4092)],
};

#[http_service]
async fn handle(request: Request) -> Reply {
    let routes = routes![
        GET "/api/v1/retro-rooms/:id/invite-code" show,
        POST "/api/v1/retro-rooms/join" join,
    ];
    serve(request, routes).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invite {
    time_zone: String,
    invite_code: String,
    expires_at: DateTime<Utc>,
    expired: bool,
}

async fn show(call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let room = call.path_id("id")?;
    let invite: Invite = SHOW.one(&member, params![room]).await?;
    let zone = RoomZone::parse(Some(&invite.time_zone)).map_err(Failure::fault)?;
    call.ok(&RoomInvite {
        invite_code: invite.invite_code,
        expires_at: zone.rfc3339(invite.expires_at),
        expired: invite.expired,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Joined {
    retro_room_id: i64,
    title: String,
    time_zone: String,
    joined_at: DateTime<Utc>,
}

async fn join(mut call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let body: RoomJoinBody = call.json().await?;
    let brought = body.invite_url.or(body.invite_code).ok_or(NotAnInvite)?;
    let code = InviteCode::parse(&brought)?;
    let joined = JOIN.run::<Joined>(&mut call, &member, params![code.as_str()]).await?;
    let Done { result: room, replayed } = joined;
    let zone = RoomZone::parse(Some(&room.time_zone)).map_err(Failure::fault)?;
    let joined_at = zone.rfc3339(room.joined_at);
    let result = RoomJoined { retro_room_id: room.retro_room_id, title: room.title, joined_at };
    call.written(Success::Ok, &Done { result, replayed })
}

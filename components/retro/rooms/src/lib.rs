//! `POST` and `GET /api/v1/retro-rooms`: opens a room, lists the own ones.

use guest::prelude::*;
use rules_retro::{InviteCode, RoomDescription, RoomTitle, RoomZone, invite::INVITE_DAYS};
use serde::Deserialize;
use wire::{
    Code, Cursor, DescriptionFault, Fields, NameFault, RoomCreateBody, RoomCreated, RoomEntry, RoomPage,
    Success,
};

const CREATE: Write = Write {
    endpoint: "retro-rooms-create",
    sql: include_str!("create.sql"),
    nothing: Code::Auth4005,
    refusals: &[],
    // Two equal codes of sixty random bits: a retry makes another.
    constraints: &[("room_title_per_owner", Code::Retro4091), ("invite_pkey", Code::Common503)],
};

const LIST: Read = Read { sql: include_str!("list.sql"), nothing: Code::Auth4005 };

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![POST create, GET list]).await
}

async fn create(mut call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let body: RoomCreateBody = call.json().await?;
    let mut fields = Fields::default();
    let title = fields.check("title", RoomTitle::parse(&body.title).map_err(NameFault));
    let described = RoomDescription::parse(body.description.as_deref()).map_err(DescriptionFault);
    let description = fields.check("description", described);
    let zone = fields.check("timeZone", RoomZone::parse(body.time_zone.as_deref()));
    let (Some(title), Some(description), Some(zone)) = (title, description, zone) else {
        return Err(fields.refusal().into());
    };
    let invite = InviteCode::from_random(guest::random::bytes());
    let own = params![title.as_str(), description.as_deref(), zone.name(), invite.as_str(), INVITE_DAYS];
    let room = CREATE.run::<RoomCreated>(&mut call, &member, own).await?;
    call.written(Success::Ok, &room)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rooms {
    retro_rooms: Vec<RoomEntry>,
}

async fn list(call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let page = call.page()?;
    let (order_index, room) = (page.after.map(|key| key.sort), page.after.map(|key| key.id));
    let found: Rooms = LIST.one(&member, params![order_index, room, page.rows_to_read()]).await?;
    let key = |room: &RoomEntry| Cursor { sort: room.order_index.into(), id: room.retro_room_id };
    let (retro_rooms, next_cursor) = page.cut(found.retro_rooms, key);
    call.ok(&RoomPage { retro_rooms, has_next: next_cursor.is_some(), next_cursor })
}

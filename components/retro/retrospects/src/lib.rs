//! `POST /api/v1/retrospects` plans a retrospect, `GET /api/v1/retrospects/:id` shows one to members of its room.

mod detail;

use guest::prelude::*;
use rules_retro::{
    IdentityMode, Method, ReferenceUrls, RoomZone,
    reading::{Reveal, parse_reveal},
    submission::ProjectName,
};
use serde::Deserialize;
use wire::{Code, Fields, NameFault, RetrospectCreateBody, RetrospectCreated, Success};

const ROOM: Read = Read { sql: include_str!("room.sql"), nothing: Code::Retro4041 };

const CREATE: Write = Write {
    endpoint: "retro-retrospects-create",
    sql: include_str!("create.sql"),
    nothing: Code::Retro4041,
    refusals: &[],
    constraints: &[],
};

#[http_service]
async fn handle(request: Request) -> Reply {
    let routes = routes![
        POST "/api/v1/retrospects" create,
        GET "/api/v1/retrospects/:id" detail::show,
    ];
    serve(request, routes).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Room {
    time_zone: String,
}

async fn create(mut call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let body: RetrospectCreateBody = call.json().await?;
    if body.retro_room_id < 1 {
        return Err(wire::Problem::from(Code::Common400).at("retroRoomId").into());
    }
    // The room's zone says what the typed date and time mean.
    let room: Room = ROOM.one(&member, params![body.retro_room_id]).await?;
    let zone = RoomZone::parse(Some(&room.time_zone)).map_err(Failure::fault)?;
    let now = guest::clock::now();

    let mut fields = Fields::default();
    let name = fields.check("projectName", ProjectName::parse(&body.project_name).map_err(NameFault));
    let start = fields.check("retrospectDate", zone.start(&body.retrospect_date, &body.retrospect_time, now));
    let method = fields.check("retrospectMethod", Method::parse(&body.retrospect_method));
    let references = fields.check("referenceUrls", ReferenceUrls::parse(&body.reference_urls));
    let mode = body.identity_mode.as_deref().map_or(Ok(IdentityMode::Named), IdentityMode::parse);
    let mode = fields.check("identityMode", mode);
    let reveal = fields.check("revealAt", parse_reveal(body.reveal_at.as_deref(), now));
    let (Some(name), Some(start), Some(method), Some(references), Some(mode), Some(reveal)) =
        (name, start, method, references, mode, reveal)
    else {
        return Err(fields.refusal().into());
    };
    let reveal_at = match reveal {
        Reveal::AtOnce => None,
        Reveal::At(instant) => Some(instant),
    };
    let (room, references) = (body.retro_room_id, references.as_slice().to_vec());
    let own = params![room, name.as_str(), method.name(), start, mode.name(), reveal_at, references];
    let made = CREATE.run::<RetrospectCreated>(&mut call, &member, own).await?;
    call.written(Success::Ok, &made)
}

//! `PUT /api/v1/retrospects/:id/drafts`: keeps half-written answers; a save on top of an older version is refused with
//! both texts.

use chrono::{DateTime, Utc};
use guest::{Done, Member, prelude::*};
use rules_retro::{DraftVersion, RoomZone, draft::Drafts};
use serde::Deserialize;
use wire::{Code, Draft, DraftConflict, DraftsBody, DraftsSaved, EntriesFault, Problem, REFUSALS, Success};

const SAVE: Write = Write {
    endpoint: "retro-drafts-save",
    sql: include_str!("save.sql"),
    nothing: Code::Retro4041,
    refusals: &REFUSALS,
    constraints: &[],
};

const STORED: Read = Read { sql: include_str!("stored.sql"), nothing: Code::Retro4041 };

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![PUT save]).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    retrospect_id: i64,
    version: i32,
    saved_at: Option<DateTime<Utc>>,
    time_zone: String,
    stale: bool,
}

async fn save(mut call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let retrospect = call.path_id("id")?;
    let body: DraftsBody = call.json().await?;
    let typed: Vec<_> =
        body.drafts.iter().map(|d| (d.question_number, d.content.as_deref().unwrap_or_default())).collect();
    let drafts = Drafts::parse(&typed).map_err(|fault| EntriesFault { list: "drafts", fault })?;
    let seen = body.version.map(DraftVersion::new).transpose()?;
    let (numbers, texts): (Vec<i32>, Vec<String>) =
        drafts.iter().map(|(number, text)| (i32::from(number.get()), text.to_owned())).unzip();
    let own = params![retrospect, seen.map(DraftVersion::get), numbers, texts];
    let Done { result: saved, replayed } = SAVE.run::<Saved>(&mut call, &member, own).await?;
    if saved.stale {
        return Err(conflict(&member, retrospect, body).await?.into());
    }
    let zone = RoomZone::parse(Some(&saved.time_zone)).map_err(Failure::fault)?;
    let updated_at = saved.saved_at.map(|instant| zone.rfc3339(instant));
    let result = DraftsSaved { retrospect_id: saved.retrospect_id, version: saved.version, updated_at };
    call.written(Success::Ok, &Done { result, replayed })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    version: i32,
    drafts: Vec<Draft>,
}

/// Both texts, so that no typed word is lost. Read afresh: the refused statement may have seen older ones.
async fn conflict(member: &Member, retrospect: i64, body: DraftsBody) -> Result<Problem, Failure> {
    let stored: Stored = STORED.one(member, params![retrospect]).await?;
    let both = DraftConflict {
        stored_version: stored.version,
        stored_drafts: stored.drafts,
        sent_version: body.version,
        sent_drafts: body.drafts,
    };
    Ok(Problem::from(Code::Common409).with(serde_json::to_value(both).map_err(Failure::fault)?))
}

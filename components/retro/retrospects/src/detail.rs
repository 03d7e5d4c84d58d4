//! One retrospect, as a member of its room sees it.

use chrono::{DateTime, Utc};
use guest::prelude::*;
use rules_retro::RoomZone;
use serde::Deserialize;
use wire::{Author, Code, RetrospectDetail, RetrospectMember, RetrospectOwn, RetrospectQuestion};

const SHOW: Read = Read { sql: include_str!("show.sql"), nothing: Code::Retro4041 };

/// Participants in a detail at most; the list of participants has them all.
const MEMBERS_MAX: i64 = 100;

/// What the statement finds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    retrospect_id: i64,
    retro_room_id: i64,
    title: String,
    time_zone: String,
    starts_at: DateTime<Utc>,
    retro_category: Option<String>,
    identity_mode: String,
    reveal_at: Option<DateTime<Utc>>,
    closed: bool,
    participant_count: i32,
    submitted_count: i32,
    total_like_count: Option<i32>,
    total_comment_count: Option<i32>,
    questions: Vec<RetrospectQuestion>,
    members: Vec<Author>,
    own: RetrospectOwn,
}

pub(crate) async fn show(call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let retrospect = call.path_id("id")?;
    let language = call.language();
    let found: Found = SHOW.one(&member, params![retrospect, language.tag(), MEMBERS_MAX]).await?;
    let zone = RoomZone::parse(Some(&found.time_zone)).map_err(Failure::fault)?;
    let shown = |author: Author| RetrospectMember {
        user_name: author.user_name(language),
        member_id: author.member_id,
    };
    call.ok(&RetrospectDetail {
        retrospect_id: found.retrospect_id,
        retro_room_id: found.retro_room_id,
        title: found.title,
        start_time: zone.rfc3339(found.starts_at),
        retro_category: found.retro_category.unwrap_or_else(|| "CUSTOM".to_owned()),
        identity_mode: found.identity_mode,
        reveal_at: found.reveal_at.map(|instant| zone.rfc3339(instant)),
        closed: found.closed,
        members: found.members.into_iter().map(shown).collect(),
        participant_count: found.participant_count,
        submitted_count: found.submitted_count,
        total_like_count: found.total_like_count,
        total_comment_count: found.total_comment_count,
        questions: found.questions,
        own: found.own,
    })
}

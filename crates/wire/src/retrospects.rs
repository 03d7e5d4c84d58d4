//! Bodies of the retrospect routes up to drafts (design: retrospects and answers); answers are in `answers.rs`.

use serde::{Deserialize, Serialize};

/// Body of `POST /retrospects`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RetrospectCreateBody {
    /// The room it is held in.
    pub retro_room_id: i64,
    /// 1 to 20 characters.
    pub project_name: String,
    /// `YYYY-MM-DD`, in the room's zone.
    pub retrospect_date: String,
    /// `HH:MM`, in the room's zone; must be in the future.
    pub retrospect_time: String,
    /// `KPT`, `FOUR_L`, `FIVE_F`, `PMI` or `FREE`.
    pub retrospect_method: String,
    /// Up to ten http or https links, no two the same.
    #[serde(default)]
    pub reference_urls: Vec<String>,
    /// `NAMED` (when absent), `ANONYMOUS` or `AUTHOR_CHOOSES`.
    pub identity_mode: Option<String>,
    /// RFC 3339: until then nobody reads what others wrote. Absent: at once.
    pub reveal_at: Option<String>,
}

/// A new retrospect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RetrospectCreated {
    /// The retrospect's id.
    pub retrospect_id: i64,
    /// The room it is held in.
    pub retro_room_id: i64,
    /// Its name.
    pub project_name: String,
}

/// A question in the language of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RetrospectQuestion {
    /// From 1.
    pub index: i32,
    /// Its text.
    pub content: String,
}

/// Somebody who takes part, as the detail shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RetrospectMember {
    /// Absent for guests and withdrawn members.
    pub member_id: Option<i64>,
    /// The name others see.
    pub user_name: String,
}

/// One question's draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// From 1.
    pub question_number: i64,
    /// 0 to 1,000 characters; null from old clients means empty.
    pub content: Option<String>,
}

/// How the asking member stands to a retrospect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RetrospectOwn {
    /// `NONE`, `JOINED` or `SUBMITTED`.
    pub status: String,
    /// Absent when not taking part.
    pub participant_id: Option<i64>,
    /// To be sent with the next save of drafts; 0 when nothing was saved.
    pub draft_version: i32,
    /// Own drafts, readable to their author alone, also after the close.
    pub drafts: Vec<Draft>,
}

/// `GET /retrospects/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RetrospectDetail {
    /// The retrospect's id.
    pub retrospect_id: i64,
    /// The room it is held in.
    pub retro_room_id: i64,
    /// Its name.
    pub title: String,
    /// RFC 3339, in the room's zone.
    pub start_time: String,
    /// The method's name.
    pub retro_category: String,
    /// `NAMED`, `ANONYMOUS` or `AUTHOR_CHOOSES`.
    pub identity_mode: String,
    /// RFC 3339, in the room's zone; absent when answers are in sight at once.
    pub reveal_at: Option<String>,
    /// Whether nothing is handed in any more.
    pub closed: bool,
    /// The first hundred who take part; all of them by `GET …/participants`.
    pub members: Vec<RetrospectMember>,
    /// All who take part.
    pub participant_count: i32,
    /// How many of them have submitted.
    pub submitted_count: i32,
    /// Null until the reveal.
    pub total_like_count: Option<i32>,
    /// Null until the reveal.
    pub total_comment_count: Option<i32>,
    /// In order.
    pub questions: Vec<RetrospectQuestion>,
    /// How the asking member stands to it.
    pub own: RetrospectOwn,
}

/// `POST /retrospects/{id}/participants`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantJoined {
    /// The participant's id.
    pub participant_id: i64,
    /// The member's id.
    pub member_id: i64,
    /// The name others see.
    pub nickname: String,
}

/// `DELETE /retrospects/{id}/participants`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantLeft {
    /// The retrospect's id.
    pub retrospect_id: i64,
}

/// Somebody who takes part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// The participant's id.
    pub participant_id: i64,
    /// Absent for guests and withdrawn members.
    pub member_id: Option<i64>,
    /// The name others see.
    pub nickname: String,
    /// Whether the answers are in. Null where answers can be nameless: it would tell whose they are.
    pub submitted: Option<bool>,
}

/// `GET /retrospects/{id}/participants`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantPage {
    /// In order of joining.
    pub participants: Vec<Participant>,
    /// All who take part.
    pub participant_count: i32,
    /// Whether more follow.
    pub has_next: bool,
    /// What to send as `cursor` for them.
    pub next_cursor: Option<String>,
}

/// Body of `PUT /retrospects/{id}/drafts`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DraftsBody {
    /// Each question at most once; those not named keep their text.
    pub drafts: Vec<Draft>,
    /// The version the client last saw; a stale one is refused with both texts. Absent (old clients): overwrites.
    pub version: Option<i64>,
}

/// Saved drafts, and the stored side of a refused save.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DraftsSaved {
    /// The retrospect's id.
    pub retrospect_id: i64,
    /// The version now stored.
    pub version: i32,
    /// RFC 3339, in the room's zone.
    pub updated_at: Option<String>,
}

/// `result` of a refused save: what is stored and what was sent, so that no typed word is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DraftConflict {
    /// The version now stored.
    pub stored_version: i32,
    /// The texts now stored.
    pub stored_drafts: Vec<Draft>,
    /// The version that was sent.
    pub sent_version: Option<i64>,
    /// The texts that were sent.
    pub sent_drafts: Vec<Draft>,
}

//! Bodies of submissions and responses (design: retrospects and answers).

use serde::{Deserialize, Serialize};

use crate::Language;

/// One answer as handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SubmittedAnswer {
    /// From 1.
    pub question_number: i64,
    /// 1 to 1,000 characters.
    pub content: String,
}

/// Body of `POST /retrospects/{id}/submit`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SubmitBody {
    /// All questions of the retrospect, each once.
    pub answers: Vec<SubmittedAnswer>,
    /// Whether the answers carry no name. To be said where the author chooses; elsewhere only in agreement with the
    /// retrospect's mode.
    pub anonymous: Option<bool>,
    /// Keeps these answers out of every analysis.
    #[serde(default)]
    pub keep_from_ai: bool,
}

/// `POST /retrospects/{id}/submit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Submitted {
    /// The retrospect's id.
    pub retrospect_id: i64,
    /// RFC 3339, in the room's zone.
    pub submitted_at: String,
    /// `SUBMITTED`.
    pub status: String,
}

/// `DELETE /retrospects/{id}/submit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TakenBack {
    /// The retrospect's id.
    pub retrospect_id: i64,
    /// `JOINED`: the answers are drafts again.
    pub status: String,
    /// The drafts' version now.
    pub draft_version: i32,
}

/// What somebody who takes part is, as far as anyone may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorKind {
    /// A member, by nickname.
    Member,
    /// A guest, by the name given.
    Guest,
    /// Somebody who has left the service.
    Withdrawn,
    /// Nobody can be told.
    Nameless,
}

/// Who stands beside an answer or in a list, as statements answer it; lists show [`Author::user_name`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Author {
    /// What this is.
    pub kind: AuthorKind,
    /// Only with members.
    pub member_id: Option<i64>,
    /// Only with members and guests.
    pub name: Option<String>,
}

impl Author {
    /// The name to show.
    #[must_use]
    pub fn user_name(&self, language: Language) -> String {
        let stand_in = match (self.kind, language) {
            (AuthorKind::Member | AuthorKind::Guest, Language::Korean | Language::English) => "",
            (AuthorKind::Withdrawn, Language::Korean) => "탈퇴한 회원",
            (AuthorKind::Withdrawn, Language::English) => "Former member",
            (AuthorKind::Nameless, Language::Korean) => "익명",
            (AuthorKind::Nameless, Language::English) => "Anonymous",
        };
        if stand_in.is_empty() { self.name.clone().unwrap_or_default() } else { stand_in.to_owned() }
    }
}

/// One answer as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResponseEntry {
    /// Random: tells neither who nor when.
    pub response_id: i64,
    /// The question it answers, from 1.
    pub question_number: i32,
    /// The author's name, or what stands for it.
    pub user_name: String,
    /// Whether the author chose, or was promised, to be nameless.
    pub anonymous: bool,
    /// The text; empty when hidden.
    pub content: String,
    /// Why the owner hid it.
    pub hidden_reason: Option<String>,
    /// Likes.
    pub like_count: i32,
    /// Comments.
    pub comment_count: i32,
}

/// `GET /retrospects/{id}/responses`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResponsePage {
    /// In an order that tells nothing.
    pub responses: Vec<ResponseEntry>,
    /// False until the reveal; then only own named answers are listed.
    pub revealed: bool,
    /// Whether more follow.
    pub has_next: bool,
    /// What to send as `cursor` for them.
    pub next_cursor: Option<String>,
}

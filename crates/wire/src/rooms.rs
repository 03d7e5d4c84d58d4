//! Bodies of the room routes (design: rooms).

use serde::{Deserialize, Serialize};

/// Body of `POST /retro-rooms`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoomCreateBody {
    /// 1 to 20 characters, unique among the owner's rooms.
    pub title: String,
    /// Up to 50 characters.
    pub description: Option<String>,
    /// IANA name; `Asia/Seoul` when absent.
    pub time_zone: Option<String>,
}

/// A new room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoomCreated {
    /// The room's id.
    pub retro_room_id: i64,
    /// Its name.
    pub title: String,
    /// The code that opens it for seven days.
    pub invite_code: String,
}

/// One of a member's rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoomEntry {
    /// The room's id.
    pub retro_room_id: i64,
    /// Its name.
    pub retro_room_name: String,
    /// Its place in the member's own order, from 1.
    pub order_index: i32,
}

/// `GET /retro-rooms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoomPage {
    /// In the member's own order.
    pub retro_rooms: Vec<RoomEntry>,
    /// Whether more follow.
    pub has_next: bool,
    /// What to send as `cursor` for them.
    pub next_cursor: Option<String>,
}

/// Body of `POST /retro-rooms/join`: one of the two; a link counts when both are sent.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoomJoinBody {
    /// A link whose last path segment, or `code` parameter, is the code.
    pub invite_url: Option<String>,
    /// The bare code.
    pub invite_code: Option<String>,
}

/// A room that was just joined. In a refusal because of being inside already, the same without `joinedAt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoomJoined {
    /// The room's id.
    pub retro_room_id: i64,
    /// Its name.
    pub title: String,
    /// RFC 3339, in the room's zone.
    pub joined_at: String,
}

/// Owner or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RoomRole {
    /// The one member who may change the room.
    Owner,
    /// Everybody else inside.
    Member,
}

/// A member of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoomMember {
    /// The member's id.
    pub member_id: i64,
    /// The name others see.
    pub nickname: String,
    /// Owner or not.
    pub role: RoomRole,
    /// RFC 3339, in the room's zone.
    pub joined_at: String,
}

/// `GET /retro-rooms/{id}/members`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoomMemberPage {
    /// Longest membership first.
    pub members: Vec<RoomMember>,
    /// All members of the room.
    pub member_count: i64,
    /// Whether more follow.
    pub has_next: bool,
    /// What to send as `cursor` for them.
    pub next_cursor: Option<String>,
}

/// `GET /retro-rooms/{id}/invite-code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoomInvite {
    /// The newest code.
    pub invite_code: String,
    /// RFC 3339, in the room's zone.
    pub expires_at: String,
    /// Whether that is over.
    pub expired: bool,
}

//! Bodies of the account routes (design: accounts).

use serde::{Deserialize, Serialize};

/// `GET, PATCH /members/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// The member's id.
    pub member_id: i64,
    /// The name others see.
    pub nickname: String,
    /// Address from the provider, when it gave one.
    pub email: Option<String>,
    /// Providers this member can sign in with, e.g. `GOOGLE`.
    pub providers: Vec<String>,
    /// Analyses this member took part in.
    pub insight_count: i64,
    /// When the account was made, RFC 3339.
    pub created_at: String,
}

/// Body of `PATCH /members/me` and `POST /auth/signup`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NicknameBody {
    /// 1 to 20 letters, digits or Hangul.
    pub nickname: String,
}

//! Bodies of the account routes (design: accounts).

use serde::{Deserialize, Serialize};

/// `GET, PATCH /members/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NicknameBody {
    /// 1 to 20 letters, digits or Hangul.
    pub nickname: String,
}

/// Body of `POST /auth/social-login`.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SocialLoginBody {
    /// `google` or `kakao`, in any case.
    pub provider: String,
    /// The authorization code.
    pub code: String,
    /// The address the code was sent to.
    pub redirect_uri: String,
    /// The PKCE verifier, when the app sent a challenge.
    #[serde(default)]
    pub code_verifier: Option<String>,
    /// The nonce, when the app sent one.
    #[serde(default)]
    pub nonce: Option<String>,
}

/// Body of `POST /auth/dev-login`.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DevLoginBody {
    /// Any address; the same one is the same member.
    pub email: String,
}

/// Body of `POST /auth/token/refresh` for apps that keep no cookies.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefreshBody {
    /// The refresh token.
    pub refresh_token: String,
}

/// Result of a sign-in. Tokens are in the body only for clients that accept `application/vnd.moalog.tokens+json`.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignedIn {
    /// True when a sign-up has to follow.
    pub is_new_member: bool,
    /// What the app keeps; absent for browsers, whose cookies are out of reach for scripts.
    #[serde(flatten)]
    pub tokens: Option<Tokens>,
}

/// Tokens for an app.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Tokens {
    /// Of a member.
    #[serde(rename_all = "camelCase")]
    Member {
        /// For `Authorization: Bearer`.
        access_token: String,
        /// For `POST /auth/token/refresh`, once.
        refresh_token: String,
        /// Seconds the access token lives.
        expires_in_s: u32,
    },
    /// Of someone who has yet to sign up.
    #[serde(rename_all = "camelCase")]
    Signup {
        /// For `POST /auth/signup` as `Authorization: Bearer`, once.
        signup_token: String,
    },
}

/// Result of `POST /auth/token/refresh`.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refreshed {
    /// As in [`SignedIn`].
    #[serde(flatten)]
    pub tokens: Option<Tokens>,
}

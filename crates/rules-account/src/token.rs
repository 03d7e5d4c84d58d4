//! Kinds of tokens and how long each lives.

/// What a token is for. A token of one kind is never accepted as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Opens the API.
    Access,
    /// Buys the next access token, once.
    Refresh,
    /// Finishes a sign-up, once.
    Signup,
    /// Binds a sign-in at a provider to the browser that began it.
    Attempt,
}

/// Seconds during which a refresh token that was just rotated away does not revoke its family: two tabs may send the
/// same one at once. The second still gets no token.
pub const REFRESH_GRACE_S: u32 = 10;

const _: () = assert!(REFRESH_GRACE_S < TokenKind::Access.lifetime_s());
const _: () = assert!(TokenKind::Access.lifetime_s() < TokenKind::Refresh.lifetime_s());

impl TokenKind {
    /// The value of the claim `token_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Signup => "signup",
            Self::Attempt => "attempt",
        }
    }

    /// Lifetime in seconds.
    #[must_use]
    pub const fn lifetime_s(self) -> u32 {
        match self {
            Self::Access => 1_800,
            Self::Refresh => 14 * 24 * 3_600,
            Self::Signup | Self::Attempt => 600,
        }
    }
}

//! Decisions about accounts: names, providers, tokens, sign-in attempts.
//!
//! Pure: no store, no clock, no randomness; `now` and ids are arguments. Never decides what a client reads (that is `wire`).
//! Next: `nickname.rs`, `provider.rs`, `token.rs`, `sign_in.rs`.

mod nickname;
mod provider;
mod sign_in;
mod token;

pub use nickname::{NICKNAME_CHARS_MAX, Nickname, NicknameError, nickname_of_email};
pub use provider::{Provider, ProviderError};
pub use sign_in::{
    CLOCK_SKEW_S, Expected, IdClaims, IdTokenError, ReturnPath, ReturnPathError, Subject, is_code_verifier,
};
pub use token::{REFRESH_GRACE_S, TokenKind};

//! Signing in: asking a provider who someone is, opening a sign-in, handing out tokens.
//!
//! Shared by the account components only. Never decides whether claims are acceptable (that is `rules-account`) and
//! never keeps a token: the database holds hashes, the client the rest.
//! Next: `provider.rs` (settings), `exchange.rs` (code → subject), `session.rs` (subject → tokens), `attempt.rs`
//! (a browser's way there and back).

mod attempt;
mod exchange;
mod id_token;
mod provider;
mod session;

pub use attempt::{Attempt, begin, callback_url, forget, take};
pub use exchange::{Exchange, subject_of};
pub use provider::Client;
pub use session::{NewSession, SignIn, SignupClaim, answer, clear_cookies, sign_in, wants_tokens};

//! What the sandbox's components share: reading a call, answering a page or JSON, the store, the clock, randomness.
//!
//! The sandbox stands in for the outside world on a developer's machine: it is never part of the application, and the
//! application's crates know nothing of it. Nothing here is fit for real identities. Look next at `sandbox/spin.toml`.

mod answer;
mod call;
mod clock;
mod language;
pub mod page;
mod random;
mod store;

pub use answer::{Answer, json, no_content, not_allowed, plain, redirect};
pub use call::{BODY_BYTES_MAX, Call, Form, Trouble};
pub use clock::{now_ms, now_s};
pub use language::Language;
pub use random::{hex_token, url_token};
pub use store::{Store, sha256_hex};

//! What a room, a retrospect and an answer may be: pure decisions, no I/O, no clock, no randomness.
//!
//! Every input is parsed here once, at the edge, into a type that carries the proof ([`RoomTitle`], [`InviteCode`],
//! [`AnswerText`], …); who may see what and which move is allowed are functions over small enums, written as lists
//! of what is allowed. `now` and random bytes are arguments.
//!
//! It never speaks HTTP, JSON or SQL: `wire` maps the errors to codes and texts, the components under
//! `components/retro/` store what was decided here, `infra/postgres/migrations` holds the same bounds as CHECKs.
//!
//! Where to look next: `text` (NFC and lengths), `invite`, `room`, `format` (methods and questions), `start`
//! (instants in a room's zone), `reference`, `identity` (anonymity), `draft`, `submission`, `reading` (who reads
//! what), `standing` (what a statement saw of a room or retrospect, and what that allows).

pub mod draft;
pub mod format;
pub mod identity;
pub mod invite;
pub mod reading;
pub mod reference;
pub mod room;
pub mod standing;
pub mod start;
pub mod submission;
pub mod text;

pub use draft::{DraftText, DraftVersion};
pub use format::Method;
pub use identity::IdentityMode;
pub use invite::InviteCode;
pub use reference::ReferenceUrls;
pub use room::{RoomDescription, RoomTitle};
pub use start::RoomZone;
pub use submission::AnswerText;
pub use text::TextFault;

//! What the schema of retrospects holds by itself, against a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod anonymity;
mod answers;
mod repeats;
mod rooms;
mod standings;
mod withdrawal;

//! What the schema of payments holds by itself, against a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod callers;
mod claims;
mod interleaved;
mod money;
mod reads;
mod settlement;
mod states;
mod tenants;

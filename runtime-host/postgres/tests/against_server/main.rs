//! The capability against a real PostgreSQL that the tests start themselves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod errors;
mod faults;
mod server;
mod sessions;
mod streams;
mod tls;
mod values;

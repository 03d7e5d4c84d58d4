//! What components may do on the native host, capability by capability.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod bodies;
mod instances;
mod key_value;
mod middleware;
mod misbehaving;
mod outbound_http;
mod postgres;
mod postgres_values;
mod redis;
mod routes;
mod spin2;
mod sqlite;
mod variables;
mod wasi;

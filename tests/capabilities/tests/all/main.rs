//! What components may do on the native host, capability by capability.

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
mod sqlite;
mod variables;
mod wasi;

//! The capability against a real `redis-server`, by way of [`host_redis::Session`].

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connections;
mod functions;
mod outages;
mod support;

//! The capability against a real PostgreSQL that the tests start themselves.

mod errors;
mod faults;
mod server;
mod sessions;
mod streams;
mod tls;
mod values;

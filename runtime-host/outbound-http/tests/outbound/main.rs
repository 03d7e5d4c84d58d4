//! Outbound requests against servers of our own on the loopback interface.

#![expect(clippy::unwrap_used, reason = "a failed step of a test is a failed test")]

mod addresses;
mod bounds;
mod linking;
mod origin;
mod requests;
mod tls;

//! What an operator's day brings: restarts, outages, bad clients, bad manifests, and what must never be told.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod bad_clients;
mod crowds;
mod encryption;
mod manifests;
mod outages;
mod readiness;
mod restarts;
mod secrets;
mod slow_on_purpose;
mod starts;
mod traces;
mod watching;

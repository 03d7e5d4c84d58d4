//! What people do over HTTP, against the whole app: accounts, rooms, retrospects, and what holds for every route.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod accounts;
mod conventions;
mod retrospects;
mod rooms;

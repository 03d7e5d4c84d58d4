//! Lines, traces and guests' output, as someone outside sees them.

#![expect(clippy::unwrap_used, reason = "a failed step of a test is a failed test")]

mod capture;
mod export;
mod guest;
mod lines;
mod traces;

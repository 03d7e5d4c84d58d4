//! What is published for callers, against what really runs.

mod openapi;
mod signing;

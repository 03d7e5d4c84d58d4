//! What a merchant's server and an old client of the step API do over HTTP, against the whole app. What changes the
//! circuit breaker, which is one for all, is in programs of its own.

mod callers;
mod orders;
mod resource;
mod steps;
mod stops;

//! What a merchant's server, an old client of the step API and a provider do over HTTP, against the whole app.

mod callers;
mod orders;
mod provider;
mod resource;
mod steps;
mod stops;

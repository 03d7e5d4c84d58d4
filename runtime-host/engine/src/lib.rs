//! Components, run: compiled once, linked to exactly what they were granted, reused from request to request, stopped
//! when they take more than their share.
//!
//! It opens no port (`host-http` does) and implements no capability (one crate each); it brings them together in the
//! data of an instance. Its phases: [`Settings`] and [`Capabilities`] once, [`Host`] per process, [`App`] per manifest,
//! and per instance what `state` and `worker` hold, dropped with it.
//!
//! Where to look next: `app` (loading), `handler` (a request's way in), `worker` (an instance's life), `compose` and
//! `refuse` (middleware), `cache` (compiled components on disk).

mod app;
mod cache;
mod chain;
mod compile;
mod compose;
mod failure;
mod files;
mod handler;
mod imports;
mod memory;
mod memory_figures;
mod metrics;
mod refuse;
mod room;
mod settings;
mod state;
mod worker;

pub use app::{App, Host, Unservable, UnservableComponents};
pub use chain::ChainedApp;
pub use failure::Failure;
pub use handler::{ComponentHandler, GuestBody};
pub use settings::{Reuse, Settings};
pub use state::Capabilities;
pub use wasmtime_wasi_http::Error as WasiError;

//! A circuit breaker as a pure state machine over recorded outcomes: whoever calls a neighbour asks permission before and
//! tells how it went afterwards, and a neighbour that fails or crawls is left alone for a while.
//!
//! It has no clock (`now` is an argument), no threads and no store: a [`Breaker`] is a value that can be written down
//! (serde), so that many instances can share one by compare-and-set. What counts as a failure is the caller's to say; a
//! business decline is a success.
//!
//! Where to look next: `settings` (windows and thresholds), `window` (what is counted), `breaker` (the moves).

mod breaker;
mod settings;
mod state;
mod window;

pub use breaker::{Breaker, NotPermitted, Permit, Scope};
pub use settings::{Settings, SettingsFault};
pub use state::{Cause, State, TRANSITIONS_KEPT, Transition};
pub use window::{Counts, Outcome};

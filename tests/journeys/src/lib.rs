//! Journeys: what people and apps do with the service, over HTTP, against the whole app.
//!
//! One file per area under `tests/`; here is what several need. Without `MOALOG_TEST_URL` the app runs in
//! the test's own process (`tests-support`), with it anywhere, e.g. on Spin.

mod sign_in;
mod team;

pub use sign_in::{Back, go_to_provider, unique};
pub use team::{Team, answers, day_ahead, number, submit};

//! Payments over HTTP, against the whole app: what a merchant's server and an old client of the step API do.
//!
//! One file per area under `tests/`; here is what several need. Requests are signed by code of our own, not
//! by the app's, so that a change of the canonical string is noticed. What was really charged is asked of the sandbox.

mod host;
mod ledgers;
mod merchant;
mod sandbox;
mod step;

pub use host::{Host, serve_until_killed};
pub use ledgers::Ledgers;
pub use merchant::{Merchant, Signing, now_s, requested};
pub use sandbox::{Charge, charges_of, charges_under, checkout, script};
pub use step::{Step, authorize_body, insist, unique};

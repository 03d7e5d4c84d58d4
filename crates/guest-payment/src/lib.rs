//! What the payment components share: who calls, claims on keys, a provider step between its two statements, the two
//! faces of an answer.
//!
//! Decides nothing about money (that is `rules-payment`), holds no public text (that is `wire`), and never charges
//! where the outcome of an earlier charge is not known.
//!
//! Next: `caller.rs`, `claim.rs`, `statement.rs` (reads and writes without a provider), `step.rs` (those with one),
//! `face.rs`, `limits.rs`, `provider.rs` (who moves the money).

pub mod breaker;
mod caller;
mod claim;
mod face;
mod gateway;
mod input;
mod limits;
mod merchant;
pub mod provider;
mod statement;
mod step;

/// The provider that new payments go to: the variable `payment_provider`.
///
/// # Errors
/// A fault when it is missing.
pub async fn provider_name() -> Result<std::rc::Rc<str>, guest::Failure> {
    guest::settings::variable("payment_provider").await
}

pub use caller::{Caller, Presented, Role, key_secret, present};
pub use claim::Claim;
pub use face::{Api, Ended, Face, refusals, replayed};
pub use input::{Sorted, bounded, id, optional_minor, query_id, reason, reference, traceparent};
pub use limits::admit;
pub use statement::{Done, PAYMENT, REFUND, Read, Write};
pub use step::{Kind, Resolved, Standing, Step, Subject, resolve};

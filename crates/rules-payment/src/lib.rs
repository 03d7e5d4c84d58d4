//! What may happen to money: pure decisions, no I/O, no clock, no randomness.
//!
//! A payment's moves are one list of what is allowed (`state`); amounts are one type with their currency inside
//! (`money`); what a move posts is computed here and always sums to zero (`ledger`). `now`, ids and what a provider said
//! are arguments. An outcome that nobody knows stays unknown until somebody who knows is asked.
//!
//! It never speaks HTTP, JSON or SQL: `wire` maps the refusals to codes and texts, `infra/postgres/migrations` holds the
//! same moves and bounds as constraints, and a test in `tests/pay-statements` holds both lists side by side.
//!
//! Where to look next: `state`, `money` (with `currency`), `ledger`, `refund`, `order`, `credit`, `signature` (how callers
//! sign), `provider` (what an answer of a provider means), `idempotency` (what is replayed and what is run again).

pub mod credit;
pub mod currency;
pub mod idempotency;
pub mod ledger;
pub mod merchant;
pub mod money;
pub mod order;
pub mod provider;
pub mod refund;
pub mod signature;
pub mod state;

pub use currency::Currency;
pub use idempotency::IdempotencyKey;
pub use ledger::Posting;
pub use merchant::MerchantId;
pub use money::{Money, MoneyFault};
pub use provider::Outcome;
pub use state::{Event, State};

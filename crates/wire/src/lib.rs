//! The JSON that travels: envelope, error table, request and response bodies, paging.
//!
//! Holds shapes and public texts only. It never talks to a store, never reads a clock and never holds a diagnosis:
//! what a log may say and what a client may read are different types, and only the second lives here.
//! Next: `code.rs` (the one table of codes), `envelope.rs`, `problem.rs`, then one file of bodies per domain.

mod accounts;
mod answers;
mod breakers;
mod code;
mod credits;
mod domain;
mod domain_payment;
mod domain_retro;
mod envelope;
mod language;
#[cfg(feature = "schema")]
pub mod openapi;
mod orders;
mod page;
mod payment_views;
mod payments;
mod problem;
mod reconciliation;
mod retrospects;
mod rooms;
mod step_errors;

pub use accounts::*;
pub use answers::*;
pub use breakers::*;
pub use code::{Code, Success};
pub use credits::*;
pub use domain_payment::step_message;
pub use domain_retro::{DescriptionFault, EntriesFault, JOIN_REFUSALS, NameFault, REFUSALS};
pub use envelope::{envelope, failure_envelope};
pub use language::Language;
pub use orders::*;
pub use page::{Cursor, CursorError, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Page, PageError};
pub use payment_views::*;
pub use payments::*;
pub use problem::{FieldError, Fields, Problem, PublicFace};
pub use reconciliation::*;
pub use retrospects::*;
pub use rooms::*;
pub use step_errors::*;

//! What can be known of a statement from its text alone: where it may run ([`classify`]), and a bounded table of the
//! texts seen so far ([`texts`]), so that each is classified once.
//!
//! Pure: no server is asked.

pub(crate) mod classify;
mod lex;
pub(crate) mod texts;

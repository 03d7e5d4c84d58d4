//! What the payment components share: who calls, a provider step between its two statements, the two faces of an
//! answer.
//!
//! Decides nothing about money (that is `rules-payment`), holds no public text (that is `wire`), and never charges
//! where the outcome of an earlier charge is not known.

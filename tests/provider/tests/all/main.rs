//! What the payment provider says by itself, and whether its books and ours agree.

mod notices;
mod payment_keys;
mod reconciliation;

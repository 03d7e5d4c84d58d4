//! Telling the operator once about each refusal.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Distinct refusals that are told at `warn`; a guest that makes up names could otherwise fill the log.
const TOLD_MAX: usize = 256;

/// Which refusals were told already.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashSet<String>>);

impl Refusals {
    /// Logs `text` (which says the line to add to the manifest): the first time at `warn`, later at `debug`.
    pub(crate) fn tell(&self, component: &str, text: &str) {
        if self.is_new(text) {
            tracing::warn!(component, "outbound HTTP request refused: {text}");
        } else {
            tracing::debug!(component, "outbound HTTP request refused again: {text}");
        }
    }

    fn is_new(&self, text: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < TOLD_MAX && !told.contains(text) && told.insert(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_new_once_and_made_up_names_are_bounded() {
        let refusals = Refusals::default();
        assert!(refusals.is_new("a"));
        assert!(!refusals.is_new("a"));
        let new = (0..10 * TOLD_MAX).filter(|n| refusals.is_new(&n.to_string())).count();
        assert_eq!(new, TOLD_MAX - 1);
    }
}

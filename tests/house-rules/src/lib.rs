//! The house rules as tests: what every change must keep, with the reason in the failure's words.
//!
//! Each rule is a function from the files of the checkout to what breaks it, and sees itself fail on a small made-up
//! tree in its own tests. `tests/repository.rs` holds the real checkout against all of them. It never changes a file.
//!
//! Where to look next: layers.rs who may depend on whom, names.rs, sources.rs what code may not say, size.rs,
//! notes.rs, manifests.rs, places.rs.

pub mod layers;
pub mod manifests;
pub mod names;
pub mod notes;
pub mod places;
pub mod size;
pub mod sources;
mod tree;

pub use tree::{Crate, Tree};

/// Where a rule is broken, how, and why there is the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Path from the top of the checkout, with a line number where there is one.
    pub place: String,
    /// What is wrong there.
    pub what: String,
    /// Why it matters, or what to do instead.
    pub reason: &'static str,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}\n    {}", self.place, self.what, self.reason)
    }
}

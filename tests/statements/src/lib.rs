//! Every `.sql` file of the project against the migrated schema, and the statements of accounts as they behave when
//! many come at once.
//!
//! Runs the very files the components send, as the application's role. Knows no HTTP (that is `tests/journeys`).
//! Next: `every_statement.rs`, `schema.rs` and `accounts.rs` under `tests/all`.

use std::path::{Path, PathBuf};

pub use tests_database::Base;

/// How a statement begins.
const BEGINNINGS: [&str; 5] = ["SELECT ", "WITH ", "INSERT ", "UPDATE ", "DELETE "];

/// Every `.sql` file that a component or the kit sends, in order of path.
///
/// # Panics
/// When a folder cannot be read.
#[must_use]
pub fn statement_files() -> Vec<PathBuf> {
    files("sql")
}

/// Every statement that stands in a source file as one literal: where, and its text.
///
/// # Panics
/// When a file cannot be read.
#[must_use]
pub fn literal_statements() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for file in files("rs") {
        let source = std::fs::read_to_string(&file).expect("a readable source file");
        found.extend(literals(&source).map(|text| (file.clone(), text)));
    }
    found
}

/// Literals that begin as statements do; none of ours holds a quotation mark.
fn literals(source: &str) -> impl Iterator<Item = String> {
    let begins = |text: &&str| BEGINNINGS.iter().any(|word| text.starts_with(word));
    // Every second piece is the inside of a literal, but a comment's apostrophes and marks may shift that: each is asked.
    source.split('"').filter(begins).map(|text| text.replace("\\\n", " "))
}

fn files(extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["components", "crates"] {
        collect(&tests_checkout::top().join(folder), extension, &mut found);
    }
    found.sort();
    found
}

fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

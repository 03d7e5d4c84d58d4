//! A head note for each crate and each folder of modules: what it is, what it never does, where to look next.

use crate::tree::has_extension;
use crate::{Broken, Tree};

const REASON: &str = "start it with `//!`: what it is, what it never does, where to look next";

/// Crates' roots and modules with a folder of their own that start without a note.
pub fn broken(tree: &Tree) -> Vec<Broken> {
    let sources: Vec<(&str, &str)> = tree.rust().filter(|(path, _)| path.contains("/src/")).collect();
    let heads = sources.iter().filter(|(path, _)| is_root(path) || has_folder(path, &sources));
    heads
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| Broken {
            place: (*path).to_owned(),
            what: "no head note".to_owned(),
            reason: REASON,
        })
        .collect()
}

fn is_root(path: &str) -> bool {
    path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs")
}

/// Whether the file heads a folder: `sql.rs` beside `sql/`, or `sql/mod.rs`.
fn has_folder(path: &str, sources: &[(&str, &str)]) -> bool {
    if path.ends_with("/mod.rs") {
        return true;
    }
    let folder = format!("{}/", path.trim_end_matches(".rs"));
    sources.iter().any(|(other, _)| other.starts_with(&folder) && has_extension(other, "rs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_or_a_folder_of_modules_without_a_note_is_found() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "mod sql;"),
            ("crates/a/src/sql.rs", "mod words;"),
            ("crates/a/src/sql/words.rs", "fn f() {}"),
            ("crates/b/src/lib.rs", "//! What b is."),
            ("crates/b/src/one.rs", "fn f() {}"),
        ]);
        let places: Vec<String> = broken(&tree).into_iter().map(|one| one.place).collect();
        assert_eq!(places, ["crates/a/src/lib.rs", "crates/a/src/sql.rs"]);
    }
}

//! Names that say what a thing is: a crate's name follows from its folder, and no drawer is called `misc`.

use crate::{Broken, Tree};

/// Words that say nothing about what is inside.
const EMPTY_WORDS: [&str; 9] =
    ["common", "core", "helper", "helpers", "manager", "misc", "util", "utilities", "utils"];

/// The name that a crate in this folder has; none where the folder is no place for crates.
fn name_of(folder: &str) -> Option<String> {
    let (top, rest) = folder.split_once('/')?;
    let joined = rest.replace('/', "-");
    match top {
        "crates" => Some(joined),
        "components" => Some(joined),
        "runtime-host" if joined == "moalog" || joined == "moalog-jmx" => Some(joined),
        "runtime-host" => Some(format!("host-{joined}")),
        "sandbox" | "tests" => Some(format!("{top}-{joined}")),
        _ => None,
    }
}

/// Crates whose name does not follow from their folder.
pub fn of_crates(tree: &Tree) -> Vec<Broken> {
    tree.crates()
        .iter()
        .filter(|one| name_of(one.folder).as_deref() != Some(one.name.as_str()))
        .map(|one| Broken {
            place: format!("{}/Cargo.toml", one.folder),
            what: match name_of(one.folder) {
                Some(name) => format!("the crate is called {}, its folder says {name}", one.name),
                None => format!("{} is in a folder that is no place for crates", one.name),
            },
            reason: "a reader finds a crate by its name alone",
        })
        .collect()
}

/// Files and folders with a word in their name that says nothing.
pub fn of_files(tree: &Tree) -> Vec<Broken> {
    tree.files()
        .filter_map(|(path, _)| {
            let parts = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
            let word =
                parts.flat_map(|part| part.split(['-', '_'])).find(|word| EMPTY_WORDS.contains(word))?;
            Some(Broken {
                place: path.to_owned(),
                what: format!("`{word}` says nothing about what is inside"),
                reason: "name it for what it does; a file that does many things is several files",
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_follows_from_the_folder() {
        for (folder, name) in [
            ("components/pay/refund", "pay-refund"),
            ("crates/rules-pay", "rules-pay"),
            ("runtime-host/key-value", "host-key-value"),
            ("runtime-host/moalog", "moalog"),
            ("sandbox/webhooks", "sandbox-webhooks"),
            ("tests/house-rules", "tests-house-rules"),
            ("tests/components/echo", "tests-components-echo"),
        ] {
            assert_eq!(name_of(folder).as_deref(), Some(name));
        }
    }

    #[test]
    fn a_crate_named_otherwise_than_its_folder_is_found() {
        let found =
            of_crates(&Tree::of(&[("components/pay/refund/Cargo.toml", "[package]\nname = \"refunds\"")]));
        assert_eq!(found[0].what, "the crate is called refunds, its folder says pay-refund");
        let found = of_crates(&Tree::of(&[("docs/x/Cargo.toml", "[package]\nname = \"x\"")]));
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_file_or_folder_named_for_nothing_is_found() {
        for path in ["crates/wire/src/utils.rs", "crates/common/src/lib.rs", "web/src/date-helpers.ts"] {
            assert_eq!(of_files(&Tree::of(&[(path, "")])).len(), 1, "{path}");
        }
        assert!(of_files(&Tree::of(&[("crates/wire/src/commonwealth.rs", "")])).is_empty());
    }
}

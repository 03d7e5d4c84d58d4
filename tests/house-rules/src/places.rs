//! Nothing in the repository names one machine's folders or where a package registry lives.

use crate::{Broken, Tree};

/// Files that tools write and whose addresses are part of their format.
const WRITTEN_BY_TOOLS: [&str; 3] = ["Cargo.lock", "package-lock.json", "go.sum"];

/// Folders of single machines, as they appear at the start of a path.
const FOLDERS: [&str; 3] = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/")];

/// Host names of package registries.
const REGISTRIES: [&str; 9] = [
    concat!("crates", ".io"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("maven", ".org"),
    concat!("proxy.golang", ".org"),
    concat!("deb.debian", ".org"),
    concat!("archive.ubuntu", ".com"),
];

/// Lines that hold such a name.
pub fn broken(tree: &Tree) -> Vec<Broken> {
    let mut found = Vec::new();
    let written_by_people =
        tree.files().filter(|(path, _)| !WRITTEN_BY_TOOLS.contains(&path.rsplit('/').next().unwrap_or(path)));
    for (path, text) in written_by_people {
        for (number, line) in (1..).zip(text.lines()) {
            let place = format!("{path}:{number}");
            for folder in FOLDERS.into_iter().filter(|folder| names_folder(line, folder)) {
                found.push(Broken {
                    place: place.clone(),
                    what: format!("`{folder}…` is a folder of one machine"),
                    reason: "the next machine does not have it: say where it comes from, or use a path from the checkout",
                });
            }
            for registry in REGISTRIES.into_iter().filter(|registry| line.contains(registry)) {
                found.push(Broken {
                    place: place.clone(),
                    what: format!("`{registry}` is a package registry"),
                    reason: "which registry or mirror is used is for each machine's own configuration to say",
                });
            }
        }
    }
    found
}

/// Whether an absolute path under `folder` stands in the line, rather than a longer path or address that holds it.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|before| before.is_alphanumeric() || "./-_~*}>)".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_one_machine_is_found() {
        for folder in FOLDERS {
            let line = format!("see {folder}x");
            assert_eq!(broken(&Tree::of(&[("README.md", &line)])).len(), 1, "{line}");
            let longer = format!("see target{folder}x and https://example.com{folder}x");
            assert!(broken(&Tree::of(&[("README.md", &longer)])).is_empty(), "{longer}");
        }
    }

    #[test]
    fn a_registry_is_found_except_in_lock_files() {
        for registry in REGISTRIES {
            assert_eq!(broken(&Tree::of(&[("a/README.md", registry)])).len(), 1, "{registry}");
            assert!(broken(&Tree::of(&[("web/package-lock.json", registry)])).is_empty());
        }
    }
}

//! How long a file may be, with a list of those that are longer, which may only shrink.

use std::collections::BTreeMap;

use crate::{Broken, Tree};

/// The aim for a Rust file.
pub const LINES_MAX: usize = 260;

/// How far a listed file may shrink before its number has to follow.
pub const SLACK_LINES: usize = 20;

/// Where the longer ones are listed.
pub const LIST: &str = "tests/house-rules/longer-files.txt";

/// Files longer than the aim and not listed, longer than listed, or listed without need.
pub fn broken(tree: &Tree) -> Vec<Broken> {
    let listed = listed(tree.text(LIST).unwrap_or_default());
    let mut found = Vec::new();
    for (path, text) in tree.rust() {
        let lines = text.lines().count();
        match listed.get(path) {
            None if lines > LINES_MAX => found.push(Broken {
                place: path.to_owned(),
                what: format!("{lines} lines, the aim is {LINES_MAX}"),
                reason: "a long file does two jobs: part them. Only one repeated shape or one state machine may be \
                         listed as longer",
            }),
            Some(&most) if lines > most => found.push(Broken {
                place: path.to_owned(),
                what: format!("{lines} lines, it is listed with {most}"),
                reason: "a listed file may only shrink: part it instead",
            }),
            Some(&most) if lines <= LINES_MAX || lines + SLACK_LINES < most => found.push(Broken {
                place: path.to_owned(),
                what: format!("{lines} lines, and it is listed with {most} in {LIST}"),
                reason: "it has shrunk: lower its number, or take it off the list when it is within the aim",
            }),
            None | Some(_) => {}
        }
    }
    let gone = listed.keys().filter(|path| tree.text(path).is_none());
    found.extend(gone.map(|path| Broken {
        place: LIST.to_owned(),
        what: format!("{path} is listed and not there"),
        reason: "take it off the list",
    }));
    found
}

fn listed(text: &str) -> BTreeMap<&str, usize> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let (lines, path) = line.trim().split_once(' ')?;
            Some((path.trim(), lines.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: usize, list: &str) -> Vec<String> {
        let text = "x\n".repeat(lines);
        broken(&Tree::of(&[("a.rs", &text), (LIST, list)])).into_iter().map(|one| one.what).collect()
    }

    #[test]
    fn a_file_longer_than_the_aim_is_found_unless_it_is_listed() {
        assert_eq!(found(261, ""), ["261 lines, the aim is 260"]);
        assert!(found(260, "").is_empty());
        assert!(found(300, "# why\n310 a.rs").is_empty());
    }

    #[test]
    fn the_list_only_shrinks() {
        assert_eq!(found(311, "310 a.rs"), ["311 lines, it is listed with 310"]);
        assert_eq!(found(280, "310 a.rs").len(), 1, "its number follows");
        assert_eq!(found(200, "310 a.rs").len(), 1, "it leaves the list");
        assert_eq!(found(200, "310 b.rs"), ["b.rs is listed and not there"]);
    }
}

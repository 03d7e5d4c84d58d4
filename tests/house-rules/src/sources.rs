//! What code may not say: outside of tests, and anywhere.

use crate::{Broken, Tree};

/// Forbidden words, put together here so that this file does not hold them, each with its reason.
const FORBIDDEN: [(&str, &str); 4] = [
    (concat!("to", "do!("), "what is not written yet is not there: a placeholder is found by users first"),
    (
        concat!("unimpl", "emented!("),
        "what is not written yet is not there: a placeholder is found by users first",
    ),
    (concat!(".unw", "rap()"), "say why it cannot fail (`expect`), or hand the error on"),
    (concat!(".exp", "ect(\"\")"), "an empty reason is no reason"),
];

/// What fixes the checkout's folder in what is compiled, put together here so that this file does not hold it.
const FIXED_AT_COMPILE_TIME: [&str; 2] =
    [concat!("env!(\"CARGO_", "BIN_EXE_"), concat!("env!(\"CARGO_", "MANIFEST_")];

/// Lines that name the checkout they were compiled in, in tests too.
pub fn naming_a_checkout(tree: &Tree) -> Vec<Broken> {
    let mut found = Vec::new();
    for (path, text) in tree.rust() {
        for (number, line) in (1..).zip(text.lines()) {
            for word in FIXED_AT_COMPILE_TIME.into_iter().filter(|word| line.contains(word)) {
                found.push(Broken {
                    place: format!("{path}:{number}"),
                    what: format!("`{word}…` names the checkout that was compiled"),
                    reason: "another checkout runs what this one compiled (scripts/cargo), maybe when this one is \
                             gone: ask `std::env::var_os` or `tests_checkout::top` at run time",
                });
            }
        }
    }
    found
}

/// Lines outside of tests with a forbidden word.
pub fn broken(tree: &Tree) -> Vec<Broken> {
    let mut found = Vec::new();
    for (path, text) in tree.rust().filter(|(path, _)| !is_test(path)) {
        for (number, line) in shipped_lines(text) {
            for (word, reason) in FORBIDDEN {
                if line.contains(word) {
                    let (place, what) = (format!("{path}:{number}"), format!("`{word}` outside of tests"));
                    found.push(Broken { place, what, reason });
                }
            }
        }
    }
    found
}

/// Files of which every line is a test's.
fn is_test(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.next() == Some("tests")
        || parts.any(|part| part == "tests" || part == "tests.rs" || part == "benches")
}

/// Numbered lines up to the file's test module, without comments.
fn shipped_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..)
        .zip(text.lines())
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        broken(&Tree::of(&[(path, text)])).into_iter().map(|one| one.place).collect()
    }

    #[test]
    fn each_forbidden_word_is_found_with_its_line() {
        for (word, _) in FORBIDDEN {
            assert_eq!(
                found("crates/wire/src/lib.rs", &format!("//! x\nfn f() {{ x{word} }}")),
                ["crates/wire/src/lib.rs:2"]
            );
        }
    }

    #[test]
    fn a_compiled_checkout_is_found_in_tests_too() {
        for word in FIXED_AT_COMPILE_TIME {
            let tree = Tree::of(&[("tests/a/tests/b.rs", &format!("fn f() {{ {word}x\") }}"))]);
            assert_eq!(naming_a_checkout(&tree).len(), 1, "{word}");
        }
        let asked = "fn f() { std::env::var_os(\"CARGO_BIN_EXE_x\") }";
        assert!(naming_a_checkout(&Tree::of(&[("tests/a/tests/b.rs", asked)])).is_empty());
    }

    #[test]
    fn tests_and_comments_may_say_it() {
        let word = FORBIDDEN[2].0;
        assert!(
            found("crates/wire/src/lib.rs", &format!("/// x{word}\n#[cfg(test)]\nfn f() {{ x{word} }}"))
                .is_empty()
        );
        assert!(found("crates/wire/tests/a.rs", &format!("x{word}")).is_empty());
        assert!(found("tests/support/src/lib.rs", &format!("x{word}")).is_empty());
    }
}

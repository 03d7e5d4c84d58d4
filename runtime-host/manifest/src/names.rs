//! The identifiers that Spin knows, and what a misspelt word may have meant.

/// Why `id` is not made of words joined by `-`, each all lower or all upper case and beginning with a letter.
pub(crate) fn kebab_fault(id: &str) -> Option<&'static str> {
    words_fault(id, '-', true).then_some("words of letters and digits joined by \"-\", e.g. \"room-list\"")
}

/// Why `id` is not made of lower-case words joined by `_`, each beginning with a letter.
pub(crate) fn lower_snake_fault(id: &str) -> Option<&'static str> {
    words_fault(id, '_', false).then_some("lower-case words joined by \"_\", e.g. \"api_url\"")
}

/// Why `label` is no name for a store or a database.
pub(crate) fn label_fault(label: &str) -> Option<&'static str> {
    (words_fault(label, '-', true) && words_fault(label, '_', true))
        .then_some("words of letters and digits joined by \"-\" or by \"_\", e.g. \"default\"")
}

fn words_fault(id: &str, joint: char, upper_allowed: bool) -> bool {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let word_fits = |word: &str| {
        let begins = word.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
        begins && (word.bytes().all(lower) || (upper_allowed && word.bytes().all(upper)))
    };
    !id.split(joint).all(word_fits)
}

/// The candidate that `word` was most likely meant to be, if one is close.
pub(crate) fn closest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let edits_max = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= edits_max)
        .min()
        .map(|(_, candidate)| candidate)
}

/// ` did you mean "x"?` for the end of a sentence, or nothing.
pub(crate) fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
    closest(word, candidates).map(|close| format!("; did you mean {close:?}?")).unwrap_or_default()
}

/// The candidates as `"a", "b"`, or `none`.
pub(crate) fn listed<'c>(candidates: impl IntoIterator<Item = &'c str>) -> String {
    let quoted: Vec<String> = candidates.into_iter().map(|candidate| format!("{candidate:?}")).collect();
    if quoted.is_empty() { "none".to_owned() } else { quoted.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn component_ids_are_kebab_case() {
        for good in ["a", "room-list", "A-b2", "x1"] {
            assert_eq!(kebab_fault(good), None, "{good}");
        }
        for bad in ["", "a_b", "-a", "a--b", "1a", "aB", "a.b", "é"] {
            assert!(kebab_fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn variable_names_are_lower_snake_case() {
        for good in ["a", "api_url", "a1_b2"] {
            assert_eq!(lower_snake_fault(good), None, "{good}");
        }
        for bad in ["", "A", "a__b", "_a", "a_", "a_1", "a-b"] {
            assert!(lower_snake_fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn labels_are_kebab_or_snake_but_not_both() {
        assert_eq!(label_fault("my-store"), None);
        assert_eq!(label_fault("my_store"), None);
        assert!(label_fault("my-big_store").is_some());
    }

    #[test]
    fn a_word_far_from_every_candidate_gets_no_suggestion() {
        assert_eq!(closest("sorce", ["source", "files"]), Some("source"));
        assert_eq!(closest("recieve", ["receive"]), Some("receive"));
        assert_eq!(closest("colour", ["source", "files"]), None);
    }
}

//! Text at the door: composed to NFC, trimmed, measured in code points.
//!
//! Hangul typed on some systems arrives decomposed (three code points for one syllable); without composing it first
//! a 20-character name would be refused and a search would miss it.

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// Why a text was refused. Lengths are code points after composing and trimming.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TextFault {
    /// Nothing but white space.
    #[error("the text is blank")]
    Blank,
    /// Longer than allowed.
    #[error("the text has {code_points} code points, {code_points_max} are allowed")]
    TooLong { code_points: usize, code_points_max: usize },
    /// A control character that neither a browser nor a database shows: it is never typed by a person.
    #[error("the text holds the control character U+{code_point:04X}")]
    Control { code_point: u32 },
}

/// Composes, trims and measures `input`; line ends become `\n`.
///
/// The answer may be empty: whether blank is allowed is the caller's rule.
pub fn normalized(input: &str, code_points_max: usize) -> Result<String, TextFault> {
    let one_line_end = input.replace("\r\n", "\n").replace('\r', "\n");
    let composed: String = one_line_end.nfc().collect();
    let trimmed = composed.trim();
    if let Some(control) = trimmed.chars().find(|c| c.is_control() && *c != '\n' && *c != '\t') {
        return Err(TextFault::Control { code_point: control.into() });
    }
    let code_points = trimmed.chars().count();
    if code_points > code_points_max {
        return Err(TextFault::TooLong { code_points, code_points_max });
    }
    Ok(trimmed.to_owned())
}

/// As [`normalized`], and refuses a blank text.
pub fn normalized_filled(input: &str, code_points_max: usize) -> Result<String, TextFault> {
    match normalized(input, code_points_max)? {
        text if text.is_empty() => Err(TextFault::Blank),
        text => Ok(text),
    }
}

/// As [`normalized_filled`], for names that stand in one line of a list: no line end, no tab.
pub fn normalized_line(input: &str, code_points_max: usize) -> Result<String, TextFault> {
    let line = normalized_filled(input, code_points_max)?;
    match line.chars().find(|c| c.is_control()) {
        Some(control) => Err(TextFault::Control { code_point: control.into() }),
        None => Ok(line),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decomposed_hangul_counts_as_the_syllables_it_shows() {
        let decomposed = "\u{1112}\u{116E}\u{1102}\u{1167}\u{11AB}";
        assert_eq!(normalized_filled(decomposed, 2).unwrap(), "후년");
    }

    #[test]
    fn a_text_of_white_space_of_any_kind_is_blank() {
        assert_eq!(normalized_filled(" \u{3000}\r\n\u{a0}", 10), Err(TextFault::Blank));
    }

    #[test]
    fn a_nul_is_refused_because_the_database_cannot_hold_it() {
        assert_eq!(normalized("a\0b", 10), Err(TextFault::Control { code_point: 0 }));
    }

    #[test]
    fn a_name_keeps_to_one_line() {
        assert_eq!(normalized_line("a\nb", 10), Err(TextFault::Control { code_point: 10 }));
    }

    proptest! {
        #[test]
        fn what_was_accepted_once_is_accepted_again_unchanged(input in "\\PC{0,60}") {
            if let Ok(first) = normalized(&input, 50) {
                prop_assert!(first.chars().count() <= 50);
                prop_assert_eq!(normalized(&first, 50), Ok(first));
            }
        }

        #[test]
        fn composed_and_decomposed_forms_are_the_same_text(input in "[가-힣a-zé]{0,30}") {
            let decomposed: String = input.nfd().collect();
            prop_assert_eq!(normalized(&decomposed, 30), normalized(&input, 30));
        }
    }
}

//! Text at the door: composed to NFC, trimmed, measured in code points.
//!
//! Hangul typed on some systems arrives decomposed (three code points for one syllable); without composing it first
//! a 20-character name would be refused and a search would miss it.
//!
//! A text that shows nothing is blank, and a name looks like what it is: characters that nobody sees would let two
//! names look the same, and those that turn the direction of writing would let one look like another.

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// Why a text was refused. Lengths are code points after composing and trimming.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TextFault {
    /// Nothing that is seen.
    #[error("the text is blank")]
    Blank,
    /// Longer than allowed.
    #[error("the text has {code_points} code points, {code_points_max} are allowed")]
    TooLong { code_points: usize, code_points_max: usize },
    /// A control character that neither a browser nor a database shows, or in a name one that is not seen: it is never
    /// typed by a person.
    #[error("the text holds the control character U+{code_point:04X}")]
    Control { code_point: u32 },
}

/// First and last of the code points that show nothing (Unicode's `Default_Ignorable_Code_Point`, among them the
/// fillers of Hangul), in order: <https://www.unicode.org/Public/16.0.0/ucd/DerivedCoreProperties.txt>.
const UNSEEN: [(char, char); 17] = [
    ('\u{AD}', '\u{AD}'),
    ('\u{34F}', '\u{34F}'),
    ('\u{61C}', '\u{61C}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{200B}', '\u{200F}'),
    ('\u{202A}', '\u{202E}'),
    ('\u{2060}', '\u{206F}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFF8}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
];

/// The blank of Braille: a symbol to Unicode, nothing to the eye.
const BRAILLE_BLANK: char = '\u{2800}';

fn is_unseen(c: char) -> bool {
    UNSEEN.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// Composes, trims and measures `input`; line ends become `\n`, and a text that shows nothing becomes empty.
///
/// The answer may be empty: whether blank is allowed is the caller's rule.
pub fn normalized(input: &str, code_points_max: usize) -> Result<String, TextFault> {
    let one_line_end = input.replace("\r\n", "\n").replace('\r', "\n");
    let composed: String = one_line_end.nfc().collect();
    let trimmed = composed.trim();
    if let Some(control) = trimmed.chars().find(|c| c.is_control() && *c != '\n' && *c != '\t') {
        return Err(TextFault::Control { code_point: control.into() });
    }
    if trimmed.chars().all(|c| c.is_whitespace() || c == BRAILLE_BLANK || is_unseen(c)) {
        return Ok(String::new());
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

/// As [`normalized_filled`], for names that stand in one line of a list: no line end, no tab, and nothing unseen but
/// what shapes the characters around it.
pub fn normalized_line(input: &str, code_points_max: usize) -> Result<String, TextFault> {
    let line = normalized_filled(input, code_points_max)?;
    let mut before = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c.is_control() || (is_unseen(c) && !shapes(before, c, rest.clone().next())) {
            return Err(TextFault::Control { code_point: c.into() });
        }
        before = Some(c);
    }
    Ok(line)
}

/// Whether an unseen character changes how its neighbours look, as in emoji, Persian or Indic scripts. After a Latin
/// letter, a digit (but a keycap's) or Hangul it would change nothing, so that two names would look the same.
fn shapes(before: Option<char>, unseen: char, after: Option<char>) -> bool {
    let shaped = |c: char| !c.is_ascii() && !c.is_whitespace() && !is_hangul(c);
    match unseen {
        '\u{FE0F}' if after == Some('\u{20E3}') => {
            before.is_some_and(|c| c.is_ascii_digit() || "#*".contains(c))
        }
        '\u{200C}' | '\u{200D}' => {
            before.is_some_and(|c| shaped(c) && (!is_unseen(c) || is_variation_selector(c)))
                && after.is_some_and(|c| !is_unseen(c))
        }
        c if is_variation_selector(c) => before.is_some_and(|c| shaped(c) && !is_unseen(c)),
        _ => false,
    }
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{180B}'..='\u{180D}' | '\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Letters and syllables of Hangul.
fn is_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}' | '\u{3131}'..='\u{318E}' | '\u{A960}'..='\u{A97C}' | '\u{AC00}'..='\u{D7FB}')
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

    #[test]
    fn a_text_that_shows_nothing_is_blank() {
        for nothing in
            ["\u{200b}", "\u{3164}", "\u{2800}", "\u{115f}\u{1160}", "\u{ffa0}", "\u{feff} \u{2060}"]
        {
            assert_eq!(normalized_filled(nothing, 10), Err(TextFault::Blank), "{nothing:?}");
            assert_eq!(normalized_line(nothing, 10), Err(TextFault::Blank), "{nothing:?}");
            assert_eq!(normalized(nothing, 10).as_deref(), Ok(""), "{nothing:?}");
        }
        assert_eq!(
            normalized_filled("a\u{200b}", 10).as_deref(),
            Ok("a\u{200b}"),
            "an answer keeps its characters"
        );
    }

    #[test]
    fn a_name_that_would_look_like_another_is_refused() {
        for unseen in ('\u{202a}'..='\u{202e}')
            .chain('\u{2066}'..='\u{2069}')
            .chain("\u{200b}\u{ad}\u{3164}\u{200f}".chars())
        {
            let refused = Err(TextFault::Control { code_point: unseen.into() });
            assert_eq!(normalized_line(&format!("D{unseen}up"), 10), refused, "{unseen:?}");
            assert_eq!(normalized_line(&format!("가{unseen}나"), 10), refused, "{unseen:?}");
        }
        for shaper in ['\u{200c}', '\u{200d}', '\u{fe0f}', '\u{e0100}'] {
            let refused = Err(TextFault::Control { code_point: shaper.into() });
            for idle in ["D?up", "가?나", "?Dup", "?❤", "1?2", "❤??"] {
                let name = idle.replace('?', &shaper.to_string());
                assert_eq!(normalized_line(&name, 10), refused, "{name:?}");
            }
        }
        assert!(normalized_line("❤\u{200d}", 10).is_err(), "a joiner joins two");
    }

    #[test]
    fn a_name_may_hold_what_its_script_or_its_emoji_are_made_with() {
        for name in [
            "회고 ❤\u{fe0f}",
            "❤\u{fe0f}\u{200d}🔥",
            "👩\u{200d}💻 팀",
            "1\u{fe0f}\u{20e3}",
            "می\u{200c}خواهم",
            "葛\u{e0100}",
        ] {
            assert_eq!(normalized_line(name, 10).as_deref(), Ok(name));
        }
    }

    #[test]
    fn the_unseen_stand_in_order() {
        assert!(UNSEEN.iter().all(|(first, last)| first <= last));
        assert!(UNSEEN.windows(2).all(|pair| pair[0].1 < pair[1].0));
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

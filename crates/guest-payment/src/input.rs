//! What requests bring besides their bodies' own types: texts, ids, traces; and how lists are cut.

use guest::Call;
use rules_payment::{
    MoneyFault, money::MINOR_UNITS_MAX, order::REFERENCE_BYTES_MAX, refund::REASON_CODE_POINTS_MAX,
};
use serde::{Deserialize, Serialize};
use wire::{Code, Cursor, Problem};

/// Characters of a W3C `traceparent`.
const TRACEPARENT_CHARS: usize = 55;

/// A reason: 1 to 128 characters, no control characters, not only spaces.
///
/// # Errors
/// `COMMON400` for anything else.
pub fn reason(text: &str) -> Result<&str, Problem> {
    bounded(text, REASON_CODE_POINTS_MAX)
}

/// A text of 1 to `chars_max` characters without control characters, not only spaces.
///
/// # Errors
/// `COMMON400`; the caller names the field.
pub fn bounded(text: &str, chars_max: usize) -> Result<&str, Problem> {
    let sane = (1..=chars_max).contains(&text.chars().count())
        && !text.chars().any(char::is_control)
        && !text.trim().is_empty();
    if sane { Ok(text) } else { Err(Code::Common400.into()) }
}

/// Somebody else's name of a thing (user, product, reference): 1 to 64 visible ASCII characters.
///
/// # Errors
/// `COMMON400`; the caller names the field.
pub fn reference(text: &str) -> Result<&str, Problem> {
    let sane = (1..=REFERENCE_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if sane { Ok(text) } else { Err(Code::Common400.into()) }
}

/// An id of ours: 1 to 2^53 − 1.
///
/// # Errors
/// `COMMON400`; the caller names the field.
pub fn id(id: i64) -> Result<i64, Problem> {
    if (1..=MINOR_UNITS_MAX).contains(&id) { Ok(id) } else { Err(Code::Common400.into()) }
}

/// An id of ours in a query; absent when it is not asked for.
///
/// # Errors
/// `COMMON400` at its name.
pub fn query_id(call: &Call, name: &str) -> Result<Option<i64>, Problem> {
    let Some(text) = call.query(name) else { return Ok(None) };
    let sane = text.parse().ok().and_then(|number| id(number).ok());
    sane.map(Some).ok_or_else(|| Problem::from(Code::Common400).at(name))
}

/// Minor units of something that may be left out.
///
/// # Errors
/// When it is not at least one, or too large.
pub fn optional_minor(minor: Option<i64>) -> Result<Option<i64>, MoneyFault> {
    match minor {
        Some(..1) => Err(MoneyFault::NotPositive),
        Some(minor) if minor > MINOR_UNITS_MAX => Err(MoneyFault::TooLarge),
        Some(_) | None => Ok(minor),
    }
}

/// The trace a request belongs to, if it says so in the form of W3C Trace Context.
#[must_use]
pub fn traceparent(call: &Call) -> Option<String> {
    let text = call.header("traceparent")?;
    let hex = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let parts: Vec<&str> = text.split('-').collect();
    let lengths = [2, 32, 16, 2];
    let sane = text.len() == TRACEPARENT_CHARS
        && parts.len() == lengths.len()
        && parts.iter().zip(lengths).all(|(part, length)| part.len() == length && hex(part));
    sane.then(|| text.to_owned())
}

/// An entry of a list with the value the list is sorted by.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sorted<T> {
    /// The entry.
    #[serde(flatten)]
    pub entry: T,
    /// Microseconds since 1970.
    pub cursor_sort: i64,
}

impl<T> Sorted<T> {
    /// Where the list goes on after this entry.
    pub fn cursor(&self, id: i64) -> Cursor {
        Cursor { sort: self.cursor_sort, id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded_in_characters_and_hold_something() {
        assert_eq!(reason("고객 변심"), Ok("고객 변심"));
        assert!(reason(&"가".repeat(128)).is_ok());
        for refused in ["", "   ", "a\nb", "a\u{0}b", &"가".repeat(129)] {
            assert!(reason(refused).is_err(), "{refused:?}");
        }
        for refused in ["", "a b", "한", &"x".repeat(65)] {
            assert!(reference(refused).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn an_amount_that_is_sent_is_at_least_one_minor_unit() {
        assert_eq!(optional_minor(None), Ok(None));
        assert_eq!(optional_minor(Some(1)), Ok(Some(1)));
        assert_eq!(optional_minor(Some(0)), Err(MoneyFault::NotPositive));
        assert_eq!(optional_minor(Some(i64::MIN)), Err(MoneyFault::NotPositive));
        assert_eq!(optional_minor(Some(MINOR_UNITS_MAX + 1)), Err(MoneyFault::TooLarge));
    }
}

//! Decimal numbers between text and PostgreSQL's binary `numeric` (`src/backend/utils/adt/numeric.c`), exact at any
//! length: groups of four decimal digits, the power of 10,000 of the first group, a sign, and the digits to show after
//! the point.

use bytes::{Buf, BufMut, BytesMut};
use std::cmp::Ordering;
use std::fmt::Write;

/// Decimal digits per group.
const GROUP_DIGITS: usize = 4;
/// What PostgreSQL takes before the point.
const INTEGER_DIGITS_MAX: usize = 131_072;
/// What PostgreSQL takes after the point.
const FRACTION_DIGITS_MAX: usize = 16_383;

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NOT_A_NUMBER: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const MINUS_INFINITY: u16 = 0xF000;

/// A decimal number as PostgreSQL stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numeric {
    sign: u16,
    /// Power of 10,000 of the first group.
    weight: i16,
    /// Digits to show after the point.
    scale: u16,
    /// Base 10,000, most significant first; neither first nor last is zero.
    groups: Vec<u16>,
}

impl Numeric {
    /// Reads `-12.340`, `.5`, `1_000`. `None` for anything else, or for more digits than PostgreSQL takes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = match text.as_bytes().first()? {
            b'-' => (NEGATIVE, &text[1..]),
            b'+' => (POSITIVE, &text[1..]),
            _ => (POSITIVE, text),
        };
        let (integer, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (integer, fraction) = (plain_digits(integer)?, plain_digits(fraction)?);
        if integer.is_empty() && fraction.is_empty() {
            return None;
        }
        let leading_zeros = integer.iter().take_while(|&&digit| digit == 0).count();
        let integer = &integer[leading_zeros..];
        if integer.len() > INTEGER_DIGITS_MAX || fraction.len() > FRACTION_DIGITS_MAX {
            return None;
        }
        let first_len = integer.len() % GROUP_DIGITS;
        let (first, rest) = integer.split_at(first_len);
        let mut groups = Vec::with_capacity(integer.len() / GROUP_DIGITS + fraction.len() / GROUP_DIGITS + 2);
        if !first.is_empty() {
            groups.push(group(first, 0));
        }
        groups.extend(rest.chunks(GROUP_DIGITS).map(|chunk| group(chunk, 0)));
        let weight = i16::try_from(i64::try_from(groups.len()).ok()? - 1).ok()?;
        groups.extend(fraction.chunks(GROUP_DIGITS).map(|chunk| group(chunk, GROUP_DIGITS - chunk.len())));
        Some(Self::normalized(sign, weight, u16::try_from(fraction.len()).ok()?, groups))
    }

    fn normalized(sign: u16, weight: i16, scale: u16, mut groups: Vec<u16>) -> Self {
        let leading = groups.iter().take_while(|&&group| group == 0).count();
        groups.drain(..leading);
        while groups.last() == Some(&0) {
            groups.pop();
        }
        if groups.is_empty() {
            return Self { sign: POSITIVE, weight: 0, scale, groups };
        }
        let skipped = i16::try_from(leading).unwrap_or(i16::MAX);
        Self { sign, weight: weight - skipped, scale, groups }
    }

    /// Appends the binary form.
    pub(crate) fn write(&self, out: &mut BytesMut) {
        out.reserve(8 + 2 * self.groups.len());
        // At most (131,072 + 16,383) / 4 + 2 groups: `parse` keeps to it.
        out.put_u16(u16::try_from(self.groups.len()).unwrap_or(u16::MAX));
        out.put_i16(self.weight);
        out.put_u16(self.sign);
        out.put_u16(self.scale);
        self.groups.iter().for_each(|&group| out.put_u16(group));
    }

    /// The order of two numbers that [`Self::parse`] made.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        match (self.sign == NEGATIVE, other.sign == NEGATIVE) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
        }
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        match (self.groups.is_empty(), other.groups.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.weight.cmp(&other.weight).then_with(|| self.groups.cmp(&other.groups)),
        }
    }
}

/// The text of a binary `numeric`, with as many digits after the point as its scale says; `NaN`, `Infinity` and
/// `-Infinity` where it is one. `None` when the bytes are no `numeric`.
pub(crate) fn text_of(mut raw: &[u8]) -> Option<String> {
    if raw.len() < 8 {
        return None;
    }
    let group_count = usize::from(raw.get_u16());
    let weight = i32::from(raw.get_i16());
    let sign = raw.get_u16();
    let scale = usize::from(raw.get_u16());
    if raw.len() != group_count * 2 {
        return None;
    }
    let group = |index: i32| -> Option<u16> {
        match usize::try_from(index) {
            Ok(index) if index < group_count => {
                Some(u16::from_be_bytes([raw[2 * index], raw[2 * index + 1]])).filter(|group| *group < 10_000)
            }
            _ => Some(0),
        }
    };
    match sign {
        POSITIVE | NEGATIVE => {}
        NOT_A_NUMBER => return Some("NaN".to_owned()),
        INFINITY => return Some("Infinity".to_owned()),
        MINUS_INFINITY => return Some("-Infinity".to_owned()),
        _ => return None,
    }
    let mut text = String::with_capacity(group_count * GROUP_DIGITS + scale + 3);
    if sign == NEGATIVE {
        text.push('-');
    }
    if weight < 0 {
        text.push('0');
    }
    for index in 0..=weight {
        let digits = group(index)?;
        // Writing to a String cannot fail.
        let _ = if index == 0 { write!(text, "{digits}") } else { write!(text, "{digits:04}") };
    }
    if scale > 0 {
        text.push('.');
        let wanted = text.len() + scale;
        let mut index = weight + 1;
        while text.len() < wanted {
            let _ = write!(text, "{:04}", group(index)?);
            index += 1;
        }
        text.truncate(wanted);
    }
    Some(text)
}

/// The digits' values, underscores left out; `None` when there is anything else.
fn plain_digits(text: &str) -> Option<Vec<u8>> {
    text.bytes().filter(|&byte| byte != b'_').map(|byte| byte.is_ascii_digit().then(|| byte - b'0')).collect()
}

fn group(digits: &[u8], zeros_after: usize) -> u16 {
    let value = digits.iter().fold(0, |value, &digit| value * 10 + u16::from(digit));
    (0..zeros_after).fold(value, |value, _| value * 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn through_binary(text: &str) -> Option<String> {
        let mut out = BytesMut::new();
        Numeric::parse(text)?.write(&mut out);
        text_of(&out)
    }

    #[test]
    fn digits_after_the_point_are_kept_as_written() {
        for (text, shown) in [
            ("0", "0"),
            ("0.00", "0.00"),
            ("-0.0", "0.0"),
            ("1.50", "1.50"),
            ("-12345.6789012", "-12345.6789012"),
            ("00010000", "10000"),
            (".5", "0.5"),
            ("+7.", "7"),
            ("1_000.000_1", "1000.0001"),
            ("0.000000000001", "0.000000000001"),
        ] {
            assert_eq!(through_binary(text).as_deref(), Some(shown), "{text}");
        }
    }

    #[test]
    fn what_is_no_decimal_number_is_refused() {
        for text in ["", "-", ".", "1e5", "1.2.3", "NaN", "0x10", " 1", "--1", "1-"] {
            assert_eq!(Numeric::parse(text), None, "{text}");
        }
        assert_eq!(Numeric::parse(&"9".repeat(INTEGER_DIGITS_MAX + 1)), None);
        assert!(Numeric::parse(&"9".repeat(INTEGER_DIGITS_MAX)).is_some());
    }

    #[test]
    fn cut_bytes_are_no_number() {
        assert_eq!(text_of(&[0, 1, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(text_of(&[0, 0, 0]), None);
        assert_eq!(text_of(&[0, 0, 0, 0, 0xC0, 0, 0, 0]).as_deref(), Some("NaN"));
    }

    proptest! {
        #[test]
        fn every_number_survives_the_binary_form(negative: bool, integer in 0u128.., fraction in "[0-9]{0,20}") {
            let sign = if negative && (integer > 0 || fraction.bytes().any(|digit| digit != b'0')) { "-" } else { "" };
            let point = if fraction.is_empty() { "" } else { "." };
            let text = format!("{sign}{integer}{point}{fraction}");
            prop_assert_eq!(through_binary(&text), Some(text));
        }

        #[test]
        fn order_is_that_of_the_values(left in -1_000_000_000_i64..1_000_000_000, right in -1_000_000_000_i64..1_000_000_000) {
            let numeric = |value: i64| Numeric::parse(&format!("{}{}.{:05}", if value < 0 { "-" } else { "" }, value.abs() / 100_000, value.abs() % 100_000)).unwrap();
            prop_assert_eq!(numeric(left).order(&numeric(right)), left.cmp(&right));
        }
    }
}

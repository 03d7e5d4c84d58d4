//! Amounts on Toss's wire: JSON numbers of the currency's major unit; here they are whole minor units.

use serde_json::Number;

const WITHOUT_DECIMALS: [&str; 8] = ["KRW", "JPY", "VND", "CLP", "ISK", "PYG", "UGX", "XAF"];
const WITH_THREE: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
/// What a double carries exactly with decimals.
const DIGITS_MAX: usize = 15;

fn decimals(currency: &str) -> usize {
    if WITHOUT_DECIMALS.contains(&currency) {
        0
    } else if WITH_THREE.contains(&currency) {
        3
    } else {
        2
    }
}

/// Minor units of a number in a body; none when it is finer than the currency, not positive, or too long.
pub(crate) fn minor(number: &Number, currency: &str) -> Option<i64> {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let places = decimals(currency);
    let plain = whole.bytes().all(|b| b.is_ascii_digit()) && fraction.bytes().all(|b| b.is_ascii_digit());
    if !plain || fraction.len() > places || whole.len() + places > DIGITS_MAX + 1 {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok().filter(|minor| *minor > 0)
}

/// The number that says so many minor units.
pub(crate) fn number(minor: i64, currency: &str) -> Number {
    let places = decimals(currency);
    if places == 0 {
        return minor.into();
    }
    let digits = format!("{minor:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let decimal = format!("{whole}.{fraction}").parse().ok().and_then(Number::from_f64);
    decimal.unwrap_or_else(|| minor.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_major_units_is_read_and_written_exactly() {
        for (text, currency, minor_units) in [
            ("1000", "KRW", 1000),
            ("10.5", "USD", 1050),
            ("0.01", "EUR", 1),
            ("1.234", "KWD", 1234),
            ("7", "USD", 700),
        ] {
            let read: Number = serde_json::from_str(text).unwrap();
            assert_eq!(minor(&read, currency), Some(minor_units), "{text} {currency}");
            assert_eq!(
                minor(&number(minor_units, currency), currency),
                Some(minor_units),
                "{text} {currency}"
            );
        }
    }

    #[test]
    fn what_is_finer_than_the_currency_is_refused() {
        for (text, currency) in
            [("0.5", "KRW"), ("1.005", "USD"), ("0", "KRW"), ("-1", "KRW"), ("1e30", "USD")]
        {
            let read: Number = serde_json::from_str(text).unwrap();
            assert_eq!(minor(&read, currency), None, "{text} {currency}");
        }
    }
}

//! An amount: whole minor units with their currency. No floats, no rounding; what does not fit is an error.

use std::fmt;

use thiserror::Error;

use crate::Currency;

/// Largest amount, in minor units, in both directions: what a JSON number carries exactly.
pub const MINOR_UNITS_MAX: i64 = (1 << 53) - 1;

/// Whole minor units of a currency, at most [`MINOR_UNITS_MAX`] away from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why an amount cannot be taken or computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MoneyFault {
    /// Not a decimal number as it is written without sign, spaces and exponent.
    #[error("not a decimal number")]
    NotANumber,
    /// Finer than the currency has decimals. It is refused, not rounded.
    #[error("finer than the currency's minor unit")]
    TooFine,
    /// Zero or less, where something has to be paid.
    #[error("the amount must be at least one minor unit")]
    NotPositive,
    /// Further from zero than [`MINOR_UNITS_MAX`].
    #[error("the amount is too large")]
    TooLarge,
    /// Two amounts of different currencies.
    #[error("the amounts have different currencies")]
    OtherCurrency,
}

impl Money {
    /// An amount of either sign.
    ///
    /// # Errors
    /// [`MoneyFault::TooLarge`].
    pub fn new(minor: i64, currency: Currency) -> Result<Self, MoneyFault> {
        let fits = (-MINOR_UNITS_MAX..=MINOR_UNITS_MAX).contains(&minor);
        if fits { Ok(Self { minor, currency }) } else { Err(MoneyFault::TooLarge) }
    }

    /// An amount to pay or to give back: at least one minor unit.
    ///
    /// # Errors
    /// [`MoneyFault::NotPositive`] or [`MoneyFault::TooLarge`].
    pub fn positive(minor: i64, currency: Currency) -> Result<Self, MoneyFault> {
        if minor < 1 { Err(MoneyFault::NotPositive) } else { Self::new(minor, currency) }
    }

    /// Nothing.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyFault::OtherCurrency`] or [`MoneyFault::TooLarge`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyFault> {
        if self.currency != other.currency {
            return Err(MoneyFault::OtherCurrency);
        }
        let sum = self.minor.checked_add(other.minor).ok_or(MoneyFault::TooLarge)?;
        Self::new(sum, self.currency)
    }

    /// The difference.
    ///
    /// # Errors
    /// As [`Money::plus`].
    pub fn minus(self, other: Self) -> Result<Self, MoneyFault> {
        self.plus(Self { minor: -other.minor, ..other })
    }

    /// So many of them.
    ///
    /// # Errors
    /// [`MoneyFault::TooLarge`].
    pub fn times(self, count: u32) -> Result<Self, MoneyFault> {
        let product = self.minor.checked_mul(i64::from(count)).ok_or(MoneyFault::TooLarge)?;
        Self::new(product, self.currency)
    }

    /// Reads a decimal text in major units, e.g. `10.50` for 1,050 cents. Fewer decimals than the currency has are
    /// taken; more are refused, zeros as well.
    ///
    /// # Errors
    /// [`MoneyFault::NotANumber`], [`MoneyFault::TooFine`] or [`MoneyFault::TooLarge`].
    pub fn from_decimal(text: &str, currency: Currency) -> Result<Self, MoneyFault> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, decimals) = digits.split_once('.').map_or((digits, None), |(w, d)| (w, Some(d)));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || decimals.is_some_and(|part| !is_number(part)) {
            return Err(MoneyFault::NotANumber);
        }
        let (decimals, exponent) = (decimals.unwrap_or(""), usize::from(currency.exponent()));
        if decimals.len() > exponent {
            return Err(MoneyFault::TooFine);
        }
        let padding = "000".bytes().take(exponent - decimals.len());
        let mut minor = 0_i64;
        for digit in whole.bytes().chain(decimals.bytes()).chain(padding) {
            let next = minor.checked_mul(10).and_then(|m| m.checked_add(i64::from(digit - b'0')));
            minor = next.ok_or(MoneyFault::TooLarge)?;
        }
        Self::new(if negative { -minor } else { minor }, currency)
    }

    /// The decimal text in major units, with all decimals of the currency, e.g. `10.50`; the inverse of
    /// [`Money::from_decimal`].
    #[must_use]
    pub fn decimal(self) -> String {
        let exponent = usize::from(self.currency.exponent());
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = exponent + 1);
        let (whole, decimals) = digits.split_at(digits.len() - exponent);
        if exponent == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
    }
}

impl fmt::Display for Money {
    /// E.g. `10.50 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency.code())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_currency() -> impl Strategy<Value = Currency> {
        prop::sample::select(Currency::all().collect::<Vec<_>>())
    }

    #[test]
    fn a_finer_amount_than_the_currency_has_is_refused() {
        let read = |text, code| Money::from_decimal(text, Currency::parse(code).unwrap());
        for (text, code) in [("0.5", "KRW"), ("1.0", "JPY"), ("10.505", "USD"), ("1.2345", "KWD")] {
            assert_eq!(read(text, code), Err(MoneyFault::TooFine), "{text} {code}");
        }
        for (text, code, minor) in
            [("500", "KRW", 500), ("10.5", "USD", 1_050), ("-0.07", "EUR", -7), ("1.234", "KWD", 1_234)]
        {
            assert_eq!(read(text, code).map(Money::minor), Ok(minor), "{text} {code}");
        }
    }

    #[test]
    fn only_plain_decimal_numbers_are_read() {
        for text in ["", ".", "1.", ".5", "+1", "1e3", "1,000", " 1", "1 ", "--1", "١", "0x1", "NaN"] {
            assert_eq!(Money::from_decimal(text, Currency::USD), Err(MoneyFault::NotANumber), "{text:?}");
        }
    }

    #[test]
    fn what_a_json_number_cannot_carry_is_refused() {
        assert!(Money::positive(MINOR_UNITS_MAX, Currency::KRW).is_ok());
        assert_eq!(Money::positive(MINOR_UNITS_MAX + 1, Currency::KRW), Err(MoneyFault::TooLarge));
        assert_eq!(Money::new(i64::MIN, Currency::KRW), Err(MoneyFault::TooLarge));
        assert_eq!(Money::positive(0, Currency::KRW), Err(MoneyFault::NotPositive));
        let longest = "9".repeat(40);
        assert_eq!(Money::from_decimal(&longest, Currency::KRW), Err(MoneyFault::TooLarge));
    }

    proptest! {
        #[test]
        fn decimal_text_comes_back_as_the_same_amount(
            minor in -MINOR_UNITS_MAX..=MINOR_UNITS_MAX,
            currency in any_currency(),
        ) {
            let money = Money::new(minor, currency).unwrap();
            prop_assert_eq!(Money::from_decimal(&money.decimal(), currency), Ok(money));
        }

        #[test]
        fn sums_are_exact_or_refused(
            a in -MINOR_UNITS_MAX..=MINOR_UNITS_MAX,
            b in -MINOR_UNITS_MAX..=MINOR_UNITS_MAX,
            count in any::<u32>(),
        ) {
            let money = |minor| Money::new(minor, Currency::KRW).unwrap();
            let exact = i128::from(a) + i128::from(b);
            let fits = exact.abs() <= i128::from(MINOR_UNITS_MAX);
            let sum = money(a).plus(money(b));
            prop_assert_eq!(sum.is_ok(), fits);
            if let Ok(sum) = sum {
                prop_assert_eq!(i128::from(sum.minor()), exact);
                prop_assert_eq!(sum.minus(money(b)), Ok(money(a)));
            }
            let product = i128::from(a) * i128::from(count);
            prop_assert_eq!(money(a).times(count).is_ok(), product.abs() <= i128::from(MINOR_UNITS_MAX));
        }

        #[test]
        fn amounts_of_two_currencies_never_mix(a in any_currency(), b in any_currency()) {
            let sum = Money::zero(a).plus(Money::zero(b));
            prop_assert_eq!(sum.is_ok(), a == b);
        }
    }
}

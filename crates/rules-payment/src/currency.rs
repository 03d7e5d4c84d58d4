//! Currencies of ISO 4217 and how many decimals each has.

use thiserror::Error;

/// A currency that money is taken in. Two of them are equal when their codes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    code: &'static str,
    exponent: u8,
}

/// Three letters that are no currency we take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not the code of a currency (ISO 4217, capital letters)")]
pub struct UnknownCurrency;

/// Codes without decimals.
const EXPONENT_0: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
/// Codes with three decimals.
const EXPONENT_3: &str = "BHD IQD JOD KWD LYD OMR TND";
/// Codes with two decimals. Fund codes and those with four decimals (CLF, UYW) are no means of payment.
const EXPONENT_2: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF \
     CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR \
     ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR \
     MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP \
     STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG";

impl Currency {
    /// South Korean won.
    pub const KRW: Self = Self { code: "KRW", exponent: 0 };
    /// Japanese yen.
    pub const JPY: Self = Self { code: "JPY", exponent: 0 };
    /// United States dollar.
    pub const USD: Self = Self { code: "USD", exponent: 2 };
    /// Euro.
    pub const EUR: Self = Self { code: "EUR", exponent: 2 };

    /// Reads a code in capital letters.
    pub fn parse(text: &str) -> Result<Self, UnknownCurrency> {
        let tables = [(EXPONENT_0, 0), (EXPONENT_2, 2), (EXPONENT_3, 3)];
        let found = tables.into_iter().find_map(|(codes, exponent)| {
            Some(Self { code: codes.split_ascii_whitespace().find(|code| *code == text)?, exponent })
        });
        found.ok_or(UnknownCurrency)
    }

    /// The code, e.g. `KRW`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// Decimals of the major unit: 0, 2 or 3.
    #[must_use]
    pub const fn exponent(self) -> u8 {
        self.exponent
    }

    /// Every currency, by exponent.
    pub fn all() -> impl Iterator<Item = Self> {
        let tables = [(EXPONENT_0, 0), (EXPONENT_2, 2), (EXPONENT_3, 3)];
        tables.into_iter().flat_map(|(codes, exponent)| {
            codes.split_ascii_whitespace().map(move |code| Self { code, exponent })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_three_capital_letters_and_there_once() {
        let mut seen = HashSet::new();
        for currency in Currency::all() {
            assert!(currency.code().len() == 3 && currency.code().bytes().all(|b| b.is_ascii_uppercase()));
            assert!(seen.insert(currency.code()), "{} twice", currency.code());
            assert_eq!(Currency::parse(currency.code()), Ok(currency));
        }
    }

    #[test]
    fn won_and_yen_have_no_decimals_dollar_and_euro_two_dinar_three() {
        for (code, exponent) in [("KRW", 0), ("JPY", 0), ("USD", 2), ("EUR", 2), ("KWD", 3)] {
            assert_eq!(Currency::parse(code).map(Currency::exponent), Ok(exponent), "{code}");
        }
        assert_eq!(Currency::parse("KRW"), Ok(Currency::KRW));
        for text in ["krw", "KR", "KRWX", "XXX", "", "KRW USD", "CLF"] {
            assert_eq!(Currency::parse(text), Err(UnknownCurrency), "{text:?}");
        }
    }
}

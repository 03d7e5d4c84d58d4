//! Days and instants as requests write them, of the years 1 to 9999: what every layer below can hold.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};

const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

/// A day, `2026-01-31`; none for any other text.
#[must_use]
pub fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|day: &NaiveDate| YEARS.contains(&day.year()))
}

/// An instant of RFC 3339, or the beginning of a day in UTC; none for any other text.
#[must_use]
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    let written = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    let instant = day(text).map(|day| day.and_time(NaiveTime::MIN).and_utc()).or_else(written)?;
    // Away from the edges by a day, so that an offset or a margin leads to no other year.
    let (first, last) = (NaiveDate::from_ymd_opt(1, 1, 2)?, NaiveDate::from_ymd_opt(9999, 12, 30)?);
    (first..=last).contains(&instant.date_naive()).then_some(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_beginning_in_utc_and_an_instant_keeps_its_offset() {
        assert_eq!(instant("2026-01-31").unwrap().to_rfc3339(), "2026-01-31T00:00:00+00:00");
        assert_eq!(instant("2026-01-31T09:00:00+09:00"), instant("2026-01-31"));
        assert_eq!(day("2024-02-29"), NaiveDate::from_ymd_opt(2024, 2, 29));
    }

    #[test]
    fn years_that_a_layer_below_cannot_hold_are_refused() {
        for text in
            ["-262143-01-01", "-4713-01-01", "0000-01-01", "+10000-01-01", "+262142-12-31", "0001-01-01", "x"]
        {
            assert_eq!(instant(text), None, "{text}");
        }
        for text in ["-0001-01-01", "0000-12-31", "+99999-01-01", "2026-02-30", ""] {
            assert_eq!(day(text), None, "{text}");
        }
        assert_eq!(instant("0000-06-01T00:00:00Z"), None);
    }
}

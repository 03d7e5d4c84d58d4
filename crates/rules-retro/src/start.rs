//! When a retrospect starts: a date and a time of day as typed, read in the room's zone, turned into an instant.

use chrono::{DateTime, LocalResult, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use thiserror::Error;

/// The zone of a room that names none.
pub const DEFAULT_ZONE: Tz = Tz::Asia__Seoul;
/// How far ahead a retrospect can be planned, in days.
pub const START_AHEAD_DAYS_MAX: i64 = 366 * 2;

/// The time zone of a room, by its IANA name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomZone(Tz);

/// The name is no IANA time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("unknown time zone")]
pub struct UnknownZone;

/// Why a start was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StartFault {
    /// Not `YYYY-MM-DD`.
    #[error("the date is not a calendar day written YYYY-MM-DD")]
    Date,
    /// Not `HH:MM` or `HH:MM:SS`.
    #[error("the time is not written HH:MM")]
    Time,
    /// Clocks of the zone were set forward over this time of day.
    #[error("this time of day does not exist on that date in the room's zone")]
    Skipped,
    /// Now or earlier.
    #[error("the start is not in the future")]
    Past,
    /// More than [`START_AHEAD_DAYS_MAX`] days ahead.
    #[error("the start is too far ahead")]
    TooFar,
}

impl RoomZone {
    /// Reads an IANA name; none means [`DEFAULT_ZONE`].
    pub fn parse(name: Option<&str>) -> Result<Self, UnknownZone> {
        match name {
            None => Ok(Self(DEFAULT_ZONE)),
            Some(name) => name.parse().map(Self).map_err(|_| UnknownZone),
        }
    }

    /// The IANA name, as stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Reads a typed day and time of day in this zone and holds them to the future.
    ///
    /// A time of day that happens twice (clocks set back) is the first of the two.
    pub fn start(self, date: &str, time: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, StartFault> {
        let day = parse_date(date)?;
        let time_of_day = parse_time(time)?;
        let start = match self.0.from_local_datetime(&day.and_time(time_of_day)) {
            LocalResult::Single(start) | LocalResult::Ambiguous(start, _) => start.with_timezone(&Utc),
            LocalResult::None => return Err(StartFault::Skipped),
        };
        if start <= now {
            return Err(StartFault::Past);
        }
        if start - now > TimeDelta::days(START_AHEAD_DAYS_MAX) {
            return Err(StartFault::TooFar);
        }
        Ok(start)
    }

    /// Writes an instant as RFC 3339 with this zone's offset, in seconds.
    #[must_use]
    pub fn rfc3339(self, instant: DateTime<Utc>) -> String {
        instant.with_timezone(&self.0).to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

fn parse_date(input: &str) -> Result<NaiveDate, StartFault> {
    if input.len() != "YYYY-MM-DD".len() {
        return Err(StartFault::Date);
    }
    NaiveDate::parse_from_str(input, "%Y-%m-%d").map_err(|_| StartFault::Date)
}

fn parse_time(input: &str) -> Result<NaiveTime, StartFault> {
    let format = match input.len() {
        5 => "%H:%M",
        8 => "%H:%M:%S",
        _ => return Err(StartFault::Time),
    };
    match NaiveTime::parse_from_str(input, format) {
        // chrono reads :60 as a leap second; no meeting starts there.
        Ok(time) if !input.ends_with(":60") => Ok(time),
        Ok(_) | Err(_) => Err(StartFault::Time),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_start_is_read_in_the_rooms_zone() {
        let seoul = RoomZone::parse(None).unwrap();
        let start = seoul.start("2026-03-02", "09:30", at("2026-03-01T00:00:00Z")).unwrap();
        assert_eq!(start, at("2026-03-02T00:30:00Z"));
        assert_eq!(seoul.rfc3339(start), "2026-03-02T09:30:00+09:00");
    }

    #[test]
    fn the_present_instant_is_not_the_future() {
        let zone = RoomZone::parse(Some("UTC")).unwrap();
        let now = at("2026-03-01T10:00:00Z");
        assert_eq!(zone.start("2026-03-01", "10:00", now), Err(StartFault::Past));
        assert!(zone.start("2026-03-01", "10:00:01", now).is_ok());
        assert_eq!(zone.start("2029-03-01", "10:00", now), Err(StartFault::TooFar));
    }

    #[test]
    fn an_hour_that_clocks_skip_is_refused_and_one_that_repeats_is_the_first() {
        let berlin = RoomZone::parse(Some("Europe/Berlin")).unwrap();
        let now = at("2026-01-01T00:00:00Z");
        assert_eq!(berlin.start("2026-03-29", "02:30", now), Err(StartFault::Skipped));
        assert_eq!(berlin.start("2026-10-25", "02:30", now), Ok(at("2026-10-25T00:30:00Z")));
    }

    #[test]
    fn dates_and_times_are_read_strictly() {
        let zone = RoomZone::parse(Some("UTC")).unwrap();
        let now = at("2026-01-01T00:00:00Z");
        for date in ["2026-02-30", "2026-2-3", "20260203", "", "2026-02-03T"] {
            assert_eq!(zone.start(date, "10:00", now), Err(StartFault::Date), "{date}");
        }
        for time in ["24:00", "9:30", "10:00:60", "10", "", "10:00 AM"] {
            assert_eq!(zone.start("2026-02-03", time, now), Err(StartFault::Time), "{time}");
        }
    }

    #[test]
    fn an_unknown_zone_is_refused() {
        assert_eq!(RoomZone::parse(Some("Asia/Pyeongyang")), Err(UnknownZone));
        assert_eq!(RoomZone::parse(Some("")), Err(UnknownZone));
    }

    proptest! {
        #[test]
        fn an_accepted_start_is_always_ahead_and_within_the_bound(
            days in 0_i64..1_200, minute in 0_i64..1_440, zone in prop::sample::select(&chrono_tz::TZ_VARIANTS[..]),
        ) {
            let now = at("2026-06-15T12:00:00Z");
            let typed = (now + TimeDelta::days(days) + TimeDelta::minutes(minute)).naive_utc();
            let zone = RoomZone(zone);
            let started = zone.start(&typed.format("%Y-%m-%d").to_string(), &typed.format("%H:%M").to_string(), now);
            if let Ok(start) = started {
                prop_assert!(start > now && start - now <= TimeDelta::days(START_AHEAD_DAYS_MAX));
                let written: DateTime<chrono::FixedOffset> = zone.rfc3339(start).parse().unwrap();
                prop_assert_eq!(written.with_timezone(&Utc), start);
            }
        }

        #[test]
        fn no_typed_text_makes_reading_a_start_fail_badly(date in "\\PC{0,12}", time in "\\PC{0,10}") {
            let _ = RoomZone(DEFAULT_ZONE).start(&date, &time, at("2026-06-15T12:00:00Z"));
        }
    }
}

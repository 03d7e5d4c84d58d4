//! What can be given back: computed once, here, and held by a constraint of the database under concurrency.

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

use crate::state::{Event, State};

/// Days after the capture in which a refund can be asked for.
pub const REFUND_DAYS: i64 = 7;
/// Refunds of a payment that are under way or went through, at most.
pub const REFUNDS_MAX: u32 = 10;
/// Longest reason, in code points.
pub const REASON_CODE_POINTS_MAX: usize = 128;

/// What a statement saw of a payment while it held the row; minor units of the payment's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundStanding {
    /// Where the payment is.
    pub state: State,
    /// Captured.
    pub captured: i64,
    /// Refunded already.
    pub refunded: i64,
    /// In refunds that are under way.
    pub reserved: i64,
    /// Taken back by the card holder's bank.
    pub charged_back: i64,
    /// Refunds under way or through.
    pub refunds: u32,
    /// When it was captured; absent before.
    pub captured_at: Option<DateTime<Utc>>,
}

/// Why a refund is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RefundRefusal {
    /// The payment's state allows no refund.
    #[error("the payment is in a state without refunds")]
    Conflict,
    /// More than [`REFUND_DAYS`] since the capture.
    #[error("the time for refunds is over")]
    TooLate,
    /// The payment has [`REFUNDS_MAX`] refunds.
    #[error("the payment has {REFUNDS_MAX} refunds")]
    TooMany,
    /// Less than one minor unit.
    #[error("a refund is at least one minor unit")]
    NotPositive,
    /// More than is left.
    #[error("only {remaining} minor units are left")]
    ExceedsRemaining {
        /// What is left, in minor units.
        remaining: i64,
    },
}

impl RefundRefusal {
    /// The word a statement answers with.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Conflict => "CONFLICT",
            Self::TooLate => "WINDOW_OVER",
            Self::TooMany => "TOO_MANY",
            Self::NotPositive => "NOT_POSITIVE",
            Self::ExceedsRemaining { .. } => "EXCEEDS_REMAINING",
        }
    }
}

impl RefundStanding {
    /// What is left: captured − refunded − reserved − charged back, never below nothing.
    #[must_use]
    pub fn remaining(self) -> i64 {
        let gone = [self.refunded, self.reserved, self.charged_back].map(i128::from);
        let left = i128::from(self.captured) - gone.into_iter().sum::<i128>();
        i64::try_from(left.max(0)).unwrap_or(i64::MAX)
    }

    /// May so much be refunded? Without an amount: all that is left. The minor units to refund.
    ///
    /// # Errors
    /// State first, then time and number, then the amount.
    pub fn request(self, amount: Option<i64>, now: DateTime<Utc>) -> Result<i64, RefundRefusal> {
        self.state.after(Event::RequestRefund).map_err(|_| RefundRefusal::Conflict)?;
        let captured_at = self.captured_at.ok_or(RefundRefusal::Conflict)?;
        if now - captured_at > TimeDelta::days(REFUND_DAYS) {
            return Err(RefundRefusal::TooLate);
        }
        if self.refunds >= REFUNDS_MAX {
            return Err(RefundRefusal::TooMany);
        }
        let remaining = self.remaining();
        let asked = amount.unwrap_or(remaining);
        match (asked, remaining) {
            (_, 0) => Err(RefundRefusal::ExceedsRemaining { remaining }),
            (..1, _) => Err(RefundRefusal::NotPositive),
            (asked, left) if asked > left => Err(RefundRefusal::ExceedsRemaining { remaining }),
            (asked, _) => Ok(asked),
        }
    }

    /// What a refund's end means for the payment; `self` as it is once the refund is counted.
    #[must_use]
    pub fn ended(self, through: bool) -> Event {
        match (through, self.refunded) {
            (true, refunded) if refunded >= self.captured => Event::RefundRest,
            (true, _) => Event::RefundPart,
            (false, 0) => Event::FailFirstRefund,
            (false, _) => Event::FailLaterRefund,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::money::MINOR_UNITS_MAX;

    fn captured(minor: i64) -> RefundStanding {
        RefundStanding {
            state: State::Captured,
            captured: minor,
            refunded: 0,
            reserved: 0,
            charged_back: 0,
            refunds: 0,
            captured_at: Some(DateTime::UNIX_EPOCH),
        }
    }

    #[test]
    fn a_refund_before_the_capture_is_refused() {
        for state in State::ALL {
            let standing = RefundStanding { state, ..captured(100) };
            let allowed = matches!(state, State::Captured | State::PartiallyRefunded);
            assert_eq!(standing.request(Some(1), DateTime::UNIX_EPOCH).is_ok(), allowed, "{state:?}");
        }
    }

    #[test]
    fn the_seventh_day_is_in_time_and_a_second_later_is_not() {
        let last = DateTime::UNIX_EPOCH + TimeDelta::days(7);
        assert_eq!(captured(5).request(None, last), Ok(5));
        assert_eq!(captured(5).request(None, last + TimeDelta::seconds(1)), Err(RefundRefusal::TooLate));
    }

    #[test]
    fn ten_refunds_are_the_most() {
        let standing = |refunds| RefundStanding { refunds, ..captured(100) };
        assert!(standing(9).request(Some(1), DateTime::UNIX_EPOCH).is_ok());
        assert_eq!(standing(10).request(Some(1), DateTime::UNIX_EPOCH), Err(RefundRefusal::TooMany));
    }

    proptest! {
        #[test]
        fn refunds_and_charge_backs_never_exceed_what_was_captured(
            minor in 1..=MINOR_UNITS_MAX,
            wishes in prop::collection::vec((prop::option::of(-5..=MINOR_UNITS_MAX), any::<bool>()), 0..30),
            charged_back in 0..=MINOR_UNITS_MAX,
        ) {
            let mut standing = RefundStanding { charged_back: charged_back.min(minor), ..captured(minor) };
            for (wish, through) in wishes {
                let Ok(asked) = standing.request(wish, DateTime::UNIX_EPOCH) else { continue };
                prop_assert!(asked >= 1 && asked <= standing.remaining());
                standing.state = standing.state.after(Event::RequestRefund).unwrap();
                standing.reserved += asked;
                standing.refunds += 1;
                prop_assert!(standing.request(Some(1), DateTime::UNIX_EPOCH).is_err(), "one at a time");
                standing.reserved -= asked;
                if through { standing.refunded += asked } else { standing.refunds -= 1 }
                standing.state = standing.state.after(standing.ended(through)).unwrap();
                prop_assert!(standing.refunded + standing.charged_back <= standing.captured);
            }
        }
    }
}

//! Credits of a user: entries are only ever added, and what is available is never below nothing.

use thiserror::Error;

use crate::money::MINOR_UNITS_MAX;

/// What an entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CreditEntry {
    /// Puts credits onto the account.
    Charge,
    /// Sets some aside for a use to come.
    Reserve,
    /// Uses what was set aside.
    Confirm,
    /// Lets go of what was set aside.
    Cancel,
    /// Gives back what was used.
    Refund,
    /// Takes away what was not used in time.
    Expire,
}

/// What an account holds. `available = balance − reserved`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CreditBalance {
    /// All credits, those set aside included.
    pub balance: i64,
    /// Set aside.
    pub reserved: i64,
}

/// Why an entry is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CreditRefusal {
    /// Less than one credit.
    #[error("an entry is at least one credit")]
    NotPositive,
    /// More than is available.
    #[error("only {available} credits are available")]
    Insufficient {
        /// What is available.
        available: i64,
    },
    /// More than is set aside.
    #[error("only {reserved} credits are reserved")]
    NotReserved {
        /// What is set aside.
        reserved: i64,
    },
    /// The account would hold more than a JSON number carries.
    #[error("the account would hold too much")]
    TooLarge,
}

impl CreditEntry {
    /// Every entry.
    pub const ALL: [Self; 6] =
        [Self::Charge, Self::Reserve, Self::Confirm, Self::Cancel, Self::Refund, Self::Expire];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Charge => "CHARGE",
            Self::Reserve => "RESERVE",
            Self::Confirm => "CONFIRM",
            Self::Cancel => "CANCEL",
            Self::Refund => "REFUND",
            Self::Expire => "EXPIRE",
        }
    }

    /// The outbox event that goes out with it.
    #[must_use]
    pub const fn announced_as(self) -> &'static str {
        match self {
            Self::Charge => "credit.charged",
            Self::Reserve => "credit.reserved",
            Self::Confirm => "credit.confirmed",
            Self::Cancel => "credit.cancelled",
            Self::Refund => "credit.refunded",
            Self::Expire => "credit.expired",
        }
    }
}

impl CreditRefusal {
    /// The word a statement answers with.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotPositive => "NOT_POSITIVE",
            Self::Insufficient { .. } => "INSUFFICIENT",
            Self::NotReserved { .. } => "CONFLICT",
            Self::TooLarge => "TOO_LARGE",
        }
    }
}

impl CreditBalance {
    /// What can be set aside or expire.
    #[must_use]
    pub fn available(self) -> i64 {
        self.balance - self.reserved
    }

    /// The account after an entry.
    ///
    /// # Errors
    /// When the entry takes more than there is, or is for nothing.
    pub fn after(self, entry: CreditEntry, credits: i64) -> Result<Self, CreditRefusal> {
        if credits < 1 {
            return Err(CreditRefusal::NotPositive);
        }
        let enough = |there: i64, refusal| if credits <= there { Ok(()) } else { Err(refusal) };
        let insufficient = CreditRefusal::Insufficient { available: self.available() };
        let not_reserved = CreditRefusal::NotReserved { reserved: self.reserved };
        let mut next = self;
        match entry {
            CreditEntry::Charge | CreditEntry::Refund => {
                let sum = self.balance.checked_add(credits).filter(|sum| *sum <= MINOR_UNITS_MAX);
                next.balance = sum.ok_or(CreditRefusal::TooLarge)?;
            }
            CreditEntry::Reserve => {
                enough(self.available(), insufficient)?;
                next.reserved += credits;
            }
            CreditEntry::Confirm => {
                enough(self.reserved, not_reserved)?;
                next.reserved -= credits;
                next.balance -= credits;
            }
            CreditEntry::Cancel => {
                enough(self.reserved, not_reserved)?;
                next.reserved -= credits;
            }
            CreditEntry::Expire => {
                enough(self.available(), insufficient)?;
                next.balance -= credits;
            }
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_set_aside_cannot_be_set_aside_again_nor_expire() {
        let account = CreditBalance { balance: 10, reserved: 7 };
        let refused = Err(CreditRefusal::Insufficient { available: 3 });
        assert_eq!(account.after(CreditEntry::Reserve, 4), refused);
        assert_eq!(account.after(CreditEntry::Expire, 4), refused);
        assert_eq!(account.after(CreditEntry::Confirm, 8), Err(CreditRefusal::NotReserved { reserved: 7 }));
    }

    proptest! {
        #[test]
        fn no_order_of_entries_takes_an_account_below_nothing(
            entries in prop::collection::vec((prop::sample::select(CreditEntry::ALL.to_vec()), -3_i64..2_000), 0..80),
        ) {
            let mut account = CreditBalance::default();
            for (entry, credits) in entries {
                let Ok(after) = account.after(entry, credits) else { continue };
                prop_assert!(after.reserved >= 0 && after.available() >= 0 && after.balance >= 0);
                prop_assert!(after != account);
                account = after;
            }
        }

        #[test]
        fn an_account_never_holds_more_than_a_json_number_carries(balance in 0..=MINOR_UNITS_MAX, credits in 1_i64..) {
            let after = CreditBalance { balance, reserved: 0 }.after(CreditEntry::Charge, credits);
            prop_assert_eq!(after.is_ok(), i128::from(balance) + i128::from(credits) <= i128::from(MINOR_UNITS_MAX));
        }
    }
}

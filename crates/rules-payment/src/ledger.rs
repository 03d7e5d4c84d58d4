//! What a move posts: double entry, signed minor units, always zero in sum.
//!
//! A debit is positive, a credit negative. Authorizing moves no money, so it is remembered on two memo accounts that
//! the capture (or the end of the authorization) clears again.

use thiserror::Error;

use crate::{Currency, Money, MoneyFault};

/// Hundredths of a percent in the whole: a fee of 10,000 would take everything.
pub const BASIS_POINTS: u16 = 10_000;

/// An account of a tenant's ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// Money on our bank account.
    Cash,
    /// Captured money that the provider still holds.
    ProviderReceivable,
    /// What we owe the merchant.
    MerchantPayable,
    /// What we earned.
    Fees,
    /// Refunds, to be set against what we owe the merchant.
    Refunds,
    /// Memo: authorized and not yet captured.
    AuthorizedHold,
    /// Memo: the other side of it.
    AuthorizedContra,
}

impl Account {
    /// Every account.
    pub const ALL: [Self; 7] = [
        Self::Cash,
        Self::ProviderReceivable,
        Self::MerchantPayable,
        Self::Fees,
        Self::Refunds,
        Self::AuthorizedHold,
        Self::AuthorizedContra,
    ];

    /// The code in the database and on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cash => "CASH",
            Self::ProviderReceivable => "PROVIDER_RECEIVABLE",
            Self::MerchantPayable => "MERCHANT_PAYABLE",
            Self::Fees => "FEES",
            Self::Refunds => "REFUNDS",
            Self::AuthorizedHold => "AUTHORIZED_HOLD",
            Self::AuthorizedContra => "AUTHORIZED_CONTRA",
        }
    }
}

/// One line: an account and signed minor units, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Where it is booked.
    pub account: Account,
    /// Debit positive, credit negative.
    pub minor: i64,
}

/// A journal of one currency whose lines sum to zero; it cannot be made otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    currency: Currency,
    lines: Vec<Line>,
}

/// Why nothing can be posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PostingFault {
    /// An amount that cannot be posted.
    #[error(transparent)]
    Money(#[from] MoneyFault),
    /// The fee is larger than the amount, or negative.
    #[error("the fee is not between nothing and the amount")]
    Fee,
    /// The lines do not sum to zero, or are fewer than two.
    #[error("the lines are no journal")]
    Unbalanced,
}

impl Posting {
    /// Money was authorized: a memo.
    ///
    /// # Errors
    /// When the amount is not positive.
    pub fn authorize(amount: Money) -> Result<Self, PostingFault> {
        let a = positive(amount)?;
        Self::of(amount.currency(), &[(Account::AuthorizedHold, a), (Account::AuthorizedContra, -a)])
    }

    /// The authorization ended without a capture (void, expiry): the memo is cleared.
    ///
    /// # Errors
    /// When the amount is not positive.
    pub fn release(amount: Money) -> Result<Self, PostingFault> {
        let a = positive(amount)?;
        Self::of(amount.currency(), &[(Account::AuthorizedHold, -a), (Account::AuthorizedContra, a)])
    }

    /// Authorized money was captured: the memo is cleared, the provider owes us all of it, we owe the merchant the
    /// amount without the fee.
    ///
    /// # Errors
    /// When the amount is not positive, the fee is of another currency, negative or larger than the amount.
    pub fn capture(amount: Money, fee: Money) -> Result<Self, PostingFault> {
        let a = positive(amount)?;
        let payable = payable(amount, fee)?;
        Self::of(
            amount.currency(),
            &[
                (Account::AuthorizedHold, -a),
                (Account::AuthorizedContra, a),
                (Account::ProviderReceivable, a),
                (Account::MerchantPayable, -payable),
                (Account::Fees, -fee.minor()),
            ],
        )
    }

    /// Authorized and captured in one, as Toss does it: as [`Posting::capture`], with no memo to clear.
    ///
    /// # Errors
    /// As [`Posting::capture`].
    pub fn confirm(amount: Money, fee: Money) -> Result<Self, PostingFault> {
        let a = positive(amount)?;
        let payable = payable(amount, fee)?;
        Self::of(
            amount.currency(),
            &[
                (Account::ProviderReceivable, a),
                (Account::MerchantPayable, -payable),
                (Account::Fees, -fee.minor()),
            ],
        )
    }

    /// Captured money was given back. The fee stays earned.
    ///
    /// # Errors
    /// When the amount is not positive.
    pub fn refund(amount: Money) -> Result<Self, PostingFault> {
        let a = positive(amount)?;
        Self::of(amount.currency(), &[(Account::Refunds, a), (Account::ProviderReceivable, -a)])
    }

    /// The provider paid out what it held for us.
    ///
    /// # Errors
    /// When the amount is not positive.
    pub fn settlement(amount: Money) -> Result<Self, PostingFault> {
        let a = positive(amount)?;
        Self::of(amount.currency(), &[(Account::Cash, a), (Account::ProviderReceivable, -a)])
    }

    /// We paid the merchant what we owed, refunds deducted.
    ///
    /// # Errors
    /// When `payable` is not positive, or the refunds are of another currency, negative or larger.
    pub fn payout(payable: Money, refunds: Money) -> Result<Self, PostingFault> {
        let owed = positive(payable)?;
        let paid = payable.minus(refunds)?.minor();
        if refunds.minor() < 0 || paid < 0 {
            return Err(PostingFault::Unbalanced);
        }
        let lines =
            [(Account::MerchantPayable, owed), (Account::Refunds, -refunds.minor()), (Account::Cash, -paid)];
        Self::of(payable.currency(), &lines)
    }

    /// The lines without those of nothing, when they are a journal.
    fn of(currency: Currency, lines: &[(Account, i64)]) -> Result<Self, PostingFault> {
        let sum: i128 = lines.iter().map(|(_, minor)| i128::from(*minor)).sum();
        let lines: Vec<Line> = lines
            .iter()
            .filter(|(_, minor)| *minor != 0)
            .map(|(account, minor)| Line { account: *account, minor: *minor })
            .collect();
        if sum == 0 && lines.len() >= 2 {
            Ok(Self { currency, lines })
        } else {
            Err(PostingFault::Unbalanced)
        }
    }

    /// The currency of every line.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The lines, at least two.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The accounts' codes, in the order of [`Posting::minors`]: as a statement takes them.
    #[must_use]
    pub fn account_codes(&self) -> Vec<String> {
        self.lines.iter().map(|line| line.account.code().to_owned()).collect()
    }

    /// Signed minor units, in the order of [`Posting::account_codes`].
    #[must_use]
    pub fn minors(&self) -> Vec<i64> {
        self.lines.iter().map(|line| line.minor).collect()
    }
}

/// The fee on an amount: so many hundredths of a percent, the part of a minor unit left to the merchant.
///
/// # Errors
/// When the amount is negative or the rate is above the whole.
pub fn fee(amount: Money, basis_points: u16) -> Result<Money, PostingFault> {
    if amount.minor() < 0 || basis_points > BASIS_POINTS {
        return Err(PostingFault::Fee);
    }
    let exact = i128::from(amount.minor()) * i128::from(basis_points) / i128::from(BASIS_POINTS);
    let minor = i64::try_from(exact).map_err(|_| MoneyFault::TooLarge)?;
    Ok(Money::new(minor, amount.currency())?)
}

/// What is left of an amount for the merchant.
fn payable(amount: Money, fee: Money) -> Result<i64, PostingFault> {
    let payable = amount.minus(fee)?.minor();
    if fee.minor() < 0 || payable < 0 { Err(PostingFault::Fee) } else { Ok(payable) }
}

fn positive(amount: Money) -> Result<i64, MoneyFault> {
    if amount.minor() < 1 { Err(MoneyFault::NotPositive) } else { Ok(amount.minor()) }
}

#[cfg(test)]
mod tests;

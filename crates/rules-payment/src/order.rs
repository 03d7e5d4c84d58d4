//! Orders: what is bought, what it costs in sum, and how far it is.

use thiserror::Error;

use crate::{Currency, Money, MoneyFault};

/// Lines of an order at most.
pub const LINES_MAX: usize = 100;
/// Pieces of one line at most.
pub const QUANTITY_MAX: i64 = 100_000;
/// Longest id of a product or user, in bytes.
pub const REFERENCE_BYTES_MAX: usize = 64;
/// Longest name of a product, in code points.
pub const PRODUCT_NAME_CODE_POINTS_MAX: usize = 200;
/// Longest metadata, in bytes of JSON.
pub const METADATA_BYTES_MAX: usize = 4_096;

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderState {
    /// Waits for its payment.
    Pending,
    /// Paid.
    Paid,
    /// Delivered.
    Completed,
    /// Given up before it was paid.
    Cancelled,
    /// Nothing came of it.
    Failed,
}

/// What happens to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderEvent {
    /// Its payment was captured.
    Pay,
    /// It was delivered.
    Complete,
    /// Somebody gave it up.
    Cancel,
    /// It cannot be paid or delivered any more.
    Fail,
}

/// A move that the list does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an order in state {} cannot {event:?}", from.name())]
pub struct IllegalOrderMove {
    /// Where the order is.
    pub from: OrderState,
    /// What was to happen.
    pub event: OrderEvent,
}

impl OrderState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Paid, Self::Completed, Self::Cancelled, Self::Failed];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Paid => "PAID",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        }
    }

    /// The state after an event.
    ///
    /// # Errors
    /// For every pair that this list does not have.
    pub const fn after(self, event: OrderEvent) -> Result<Self, IllegalOrderMove> {
        match (self, event) {
            (Self::Pending, OrderEvent::Pay) => Ok(Self::Paid),
            (Self::Pending, OrderEvent::Cancel) => Ok(Self::Cancelled),
            (Self::Pending, OrderEvent::Fail) => Ok(Self::Failed),
            (Self::Paid, OrderEvent::Complete) => Ok(Self::Completed),
            (Self::Paid, OrderEvent::Fail) => Ok(Self::Failed),
            (from, event) => Err(IllegalOrderMove { from, event }),
        }
    }
}

impl OrderEvent {
    /// Every event.
    pub const ALL: [Self; 4] = [Self::Pay, Self::Complete, Self::Cancel, Self::Fail];
}

/// One line: so many pieces at so much each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineAmount {
    /// Pieces.
    pub quantity: i64,
    /// Minor units of one piece.
    pub unit_price: i64,
}

/// Why an order's lines are refused; `index` is the place in the list, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OrderFault {
    /// No line, or more than [`LINES_MAX`].
    #[error("{count} lines, 1 to {LINES_MAX} are allowed")]
    Count {
        /// Lines that were sent.
        count: usize,
    },
    /// Fewer pieces than one, or more than [`QUANTITY_MAX`].
    #[error("line {index}: 1 to {QUANTITY_MAX} pieces are allowed")]
    Quantity {
        /// The line.
        index: usize,
    },
    /// A price below nothing, or too large.
    #[error("line {index}: {fault}")]
    Price {
        /// The line.
        index: usize,
        /// What is wrong with it.
        fault: MoneyFault,
    },
    /// The sum is nothing, or too large.
    #[error("the sum: {0}")]
    Total(MoneyFault),
}

/// What an order costs in sum: at least one minor unit.
///
/// # Errors
/// The first line at fault, or the sum.
pub fn total(lines: &[LineAmount], currency: Currency) -> Result<Money, OrderFault> {
    if lines.is_empty() || lines.len() > LINES_MAX {
        return Err(OrderFault::Count { count: lines.len() });
    }
    let mut sum = Money::zero(currency);
    for (index, line) in lines.iter().enumerate() {
        if !(1..=QUANTITY_MAX).contains(&line.quantity) {
            return Err(OrderFault::Quantity { index });
        }
        let quantity = u32::try_from(line.quantity).map_err(|_| OrderFault::Quantity { index })?;
        if line.unit_price < 0 {
            return Err(OrderFault::Price { index, fault: MoneyFault::NotPositive });
        }
        let price =
            Money::new(line.unit_price, currency).map_err(|fault| OrderFault::Price { index, fault })?;
        let cost = price.times(quantity).map_err(|fault| OrderFault::Price { index, fault })?;
        sum = sum.plus(cost).map_err(OrderFault::Total)?;
    }
    Money::positive(sum.minor(), currency).map_err(OrderFault::Total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::money::MINOR_UNITS_MAX;

    fn line(quantity: i64, unit_price: i64) -> LineAmount {
        LineAmount { quantity, unit_price }
    }

    #[test]
    fn a_sum_that_is_too_large_is_refused() {
        let half = MINOR_UNITS_MAX / 2;
        let refused = total(&[line(1, half), line(1, half), line(2, 1)], Currency::KRW);
        assert_eq!(refused, Err(OrderFault::Total(MoneyFault::TooLarge)));
        let refused = total(&[line(3, half)], Currency::KRW);
        assert_eq!(refused, Err(OrderFault::Price { index: 0, fault: MoneyFault::TooLarge }));
    }

    #[test]
    fn an_order_of_nothing_or_for_nothing_is_refused() {
        assert_eq!(total(&[], Currency::KRW), Err(OrderFault::Count { count: 0 }));
        assert_eq!(total(&[line(5, 0)], Currency::KRW), Err(OrderFault::Total(MoneyFault::NotPositive)));
        assert_eq!(total(&[line(0, 5)], Currency::KRW), Err(OrderFault::Quantity { index: 0 }));
        assert_eq!(total(&[line(1, 5); 101], Currency::KRW), Err(OrderFault::Count { count: 101 }));
    }

    #[test]
    fn a_paid_order_is_never_cancelled_and_an_ended_one_stays_ended() {
        let (cancel, ends) =
            (OrderEvent::Cancel, [OrderState::Completed, OrderState::Cancelled, OrderState::Failed]);
        assert!(OrderState::Paid.after(cancel).is_err());
        for end in ends {
            assert!(OrderEvent::ALL.into_iter().all(|event| end.after(event).is_err()), "{end:?}");
        }
    }

    proptest! {
        #[test]
        fn the_sum_is_exact_or_refused(
            lines in prop::collection::vec((1..=QUANTITY_MAX, 0..=MINOR_UNITS_MAX), 1..=20),
        ) {
            let lines: Vec<_> = lines.into_iter().map(|(quantity, price)| line(quantity, price)).collect();
            let exact: i128 =
                lines.iter().map(|line| i128::from(line.quantity) * i128::from(line.unit_price)).sum();
            match total(&lines, Currency::KRW) {
                Ok(sum) => prop_assert_eq!(i128::from(sum.minor()), exact),
                Err(_) => prop_assert!(exact < 1 || exact > i128::from(MINOR_UNITS_MAX)),
            }
        }
    }
}

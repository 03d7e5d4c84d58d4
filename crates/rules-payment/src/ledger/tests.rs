use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::money::MINOR_UNITS_MAX;

fn krw(minor: i64) -> Money {
    Money::new(minor, Currency::KRW).unwrap()
}

fn balances<'p>(postings: impl IntoIterator<Item = &'p Posting>) -> BTreeMap<Account, i128> {
    let mut balances = BTreeMap::new();
    for line in postings.into_iter().flat_map(Posting::lines) {
        *balances.entry(line.account).or_default() += i128::from(line.minor);
    }
    balances
}

#[test]
fn a_capture_of_ten_thousand_with_three_percent_splits_into_payable_and_fee() {
    let (amount, fee) = (krw(10_000), fee(krw(10_000), 300).unwrap());
    let captured = Posting::capture(amount, fee).unwrap();
    let codes = captured.account_codes();
    assert_eq!(
        codes,
        ["AUTHORIZED_HOLD", "AUTHORIZED_CONTRA", "PROVIDER_RECEIVABLE", "MERCHANT_PAYABLE", "FEES"]
    );
    assert_eq!(captured.minors(), [-10_000, 10_000, 10_000, -9_700, -300]);
}

#[test]
fn a_capture_without_a_fee_has_no_line_of_nothing() {
    let captured = Posting::capture(krw(1), krw(0)).unwrap();
    assert!(captured.lines().iter().all(|line| line.minor != 0));
    assert_eq!(captured.lines().len(), 4);
}

#[test]
fn nothing_and_less_cannot_be_posted_nor_a_fee_above_the_amount() {
    for minor in [0, -1] {
        assert_eq!(Posting::authorize(krw(minor)), Err(MoneyFault::NotPositive.into()));
        assert_eq!(Posting::refund(krw(minor)), Err(MoneyFault::NotPositive.into()));
        assert_eq!(Posting::settlement(krw(minor)), Err(MoneyFault::NotPositive.into()));
    }
    assert_eq!(Posting::capture(krw(10), krw(11)), Err(PostingFault::Fee));
    assert_eq!(Posting::capture(krw(10), krw(-1)), Err(PostingFault::Fee));
    let dollars = Money::new(1, Currency::USD).unwrap();
    assert_eq!(Posting::capture(krw(10), dollars), Err(MoneyFault::OtherCurrency.into()));
    assert_eq!(fee(krw(10), BASIS_POINTS + 1), Err(PostingFault::Fee));
}

#[test]
fn a_confirm_posts_what_authorize_and_capture_post_together() {
    let (amount, fee) = (krw(10_000), krw(300));
    let steps = [Posting::authorize(amount).unwrap(), Posting::capture(amount, fee).unwrap()];
    let mut both = balances(&steps);
    both.retain(|_, balance| *balance != 0);
    assert_eq!(balances([&Posting::confirm(amount, fee).unwrap()]), both);
}

proptest! {
    #[test]
    fn every_posting_sums_to_zero(minor in 1..=MINOR_UNITS_MAX, basis_points in 0..=BASIS_POINTS) {
        let amount = krw(minor);
        let fee = fee(amount, basis_points).unwrap();
        let all = [
            Posting::authorize(amount),
            Posting::release(amount),
            Posting::capture(amount, fee),
            Posting::confirm(amount, fee),
            Posting::refund(amount),
            Posting::settlement(amount),
            Posting::payout(amount, fee),
        ];
        for posting in all {
            let posting = posting.unwrap();
            let sum: i128 = posting.minors().into_iter().map(i128::from).sum();
            prop_assert_eq!(sum, 0);
            prop_assert!(posting.lines().len() >= 2);
            prop_assert_eq!(posting.account_codes().len(), posting.minors().len());
        }
    }

    #[test]
    fn a_whole_life_leaves_the_fee_in_cash_and_every_other_account_empty(
        minor in 1..=MINOR_UNITS_MAX / 2,
        basis_points in 0..=BASIS_POINTS,
        share in 0_u8..=100,
    ) {
        let amount = krw(minor);
        let fee = fee(amount, basis_points).unwrap();
        let payable = amount.minus(fee).unwrap();
        prop_assume!(payable.minor() > 0);
        let refunded = i64::try_from(i128::from(payable.minor()) * i128::from(share) / 100).unwrap();
        let mut life = vec![Posting::authorize(amount).unwrap(), Posting::capture(amount, fee).unwrap()];
        if refunded > 0 {
            life.push(Posting::refund(krw(refunded)).unwrap());
        }
        life.push(Posting::settlement(krw(minor - refunded)).unwrap());
        life.push(Posting::payout(payable, krw(refunded)).unwrap());
        for (account, balance) in balances(&life) {
            let expected = match account {
                Account::Cash => i128::from(fee.minor()),
                Account::Fees => -i128::from(fee.minor()),
                Account::ProviderReceivable
                | Account::MerchantPayable
                | Account::Refunds
                | Account::AuthorizedHold
                | Account::AuthorizedContra => 0,
            };
            prop_assert_eq!(balance, expected, "{:?}", account);
        }
    }

    #[test]
    fn an_authorization_that_is_released_leaves_no_trace_in_the_balances(minor in 1..=MINOR_UNITS_MAX) {
        let life = [Posting::authorize(krw(minor)).unwrap(), Posting::release(krw(minor)).unwrap()];
        prop_assert!(balances(&life).values().all(|balance| *balance == 0));
    }

    #[test]
    fn a_fee_is_never_more_than_its_share(minor in 0..=MINOR_UNITS_MAX, basis_points in 0..=BASIS_POINTS) {
        let fee = i128::from(fee(krw(minor), basis_points).unwrap().minor());
        let exact = i128::from(minor) * i128::from(basis_points);
        prop_assert!(fee * 10_000 <= exact && exact < (fee + 1) * 10_000);
    }
}

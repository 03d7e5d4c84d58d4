//! Which of three books differ about a payment: the payment itself, the ledger, the provider's report.

use serde::Deserialize;

/// What payment and ledger say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ours {
    pub(crate) payment_id: i64,
    pub(crate) provider_reference: String,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
    pub(crate) ledger_captured: i64,
    pub(crate) ledger_refunded: i64,
    /// What differs between the two.
    pub(crate) difference: Option<String>,
}

/// What the provider's report says. Its clock is not ours: the report is read a little beyond both ends, and a sum counts
/// as equal when it is so with or without the edges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Theirs {
    pub(crate) reference: String,
    pub(crate) currency: String,
    pub(crate) taken: Edged,
    pub(crate) given_back: Edged,
    /// Whether it names more than one currency.
    pub(crate) is_mixed: bool,
}

/// A sum inside the time, and with what happened just before and after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edged {
    pub(crate) inside: i64,
    pub(crate) with_edges: i64,
}

impl Edged {
    pub(crate) fn add(&mut self, minor: i64, is_inside: bool) {
        self.with_edges = self.with_edges.saturating_add(minor);
        if is_inside {
            self.inside = self.inside.saturating_add(minor);
        }
    }

    fn is(self, minor: i64) -> bool {
        self.inside == minor || self.with_edges == minor
    }
}

pub(crate) const NOT_AT_PROVIDER: &str = "NOT_AT_PROVIDER";
pub(crate) const PROVIDER_ONLY: &str = "PROVIDER_ONLY";
pub(crate) const UNKNOWN_PAYMENT: &str = "UNKNOWN_PAYMENT";
pub(crate) const CURRENCY_DIFFERS: &str = "CURRENCY_DIFFERS";
pub(crate) const PROVIDER_CAPTURE_DIFFERS: &str = "PROVIDER_CAPTURE_DIFFERS";
pub(crate) const PROVIDER_REFUND_DIFFERS: &str = "PROVIDER_REFUND_DIFFERS";

/// What differs; nothing when all three say the same.
pub(crate) fn differences(ours: &Ours, theirs: &Theirs) -> Vec<String> {
    let mut found: Vec<String> = ours.difference.iter().cloned().collect();
    let mut differs = |name: &str| found.push(name.to_owned());
    let is_silent = theirs.taken.with_edges == 0 && theirs.given_back.with_edges == 0;
    if !is_silent && (theirs.is_mixed || theirs.currency != ours.currency) {
        differs(CURRENCY_DIFFERS);
    } else if ours.captured > 0 && theirs.taken.with_edges == 0 {
        differs(NOT_AT_PROVIDER);
    } else if ours.captured > 0 && !theirs.taken.is(ours.captured) {
        differs(PROVIDER_CAPTURE_DIFFERS);
    }
    if !theirs.given_back.is(ours.refunded) {
        differs(PROVIDER_REFUND_DIFFERS);
    }
    found
}

/// What differs about a payment that the provider says it took in this time and we do not; `whole` is what we have of it
/// at any time. A payment of just before or after is none.
pub(crate) fn differences_of_whole(whole: Option<&Ours>, theirs: &Theirs) -> Vec<String> {
    let Some(whole) = whole else { return vec![UNKNOWN_PAYMENT.to_owned()] };
    if theirs.is_mixed || theirs.currency != whole.currency {
        return vec![CURRENCY_DIFFERS.to_owned()];
    }
    if theirs.taken.inside > 0 && whole.captured == 0 {
        return vec![PROVIDER_ONLY.to_owned()];
    }
    let mut found = Vec::new();
    if theirs.taken.inside > 0 && !theirs.taken.is(whole.captured) {
        found.push(PROVIDER_CAPTURE_DIFFERS.to_owned());
    }
    // Refunds of other times are in the whole sum as well: more than all of them cannot be.
    if theirs.given_back.inside > whole.refunded {
        found.push(PROVIDER_REFUND_DIFFERS.to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(captured: i64, refunded: i64) -> Ours {
        Ours {
            payment_id: 42,
            provider_reference: "mo-7-42".to_owned(),
            currency: "KRW".to_owned(),
            status: "CAPTURED".to_owned(),
            captured,
            refunded,
            ledger_captured: captured,
            ledger_refunded: refunded,
            difference: None,
        }
    }

    fn theirs(taken: i64, given_back: i64) -> Theirs {
        let both = |minor| Edged { inside: minor, with_edges: minor };
        Theirs {
            reference: "mo-7-42".to_owned(),
            currency: "KRW".to_owned(),
            taken: both(taken),
            given_back: both(given_back),
            is_mixed: false,
        }
    }

    #[test]
    fn three_equal_books_do_not_differ() {
        assert!(differences(&ours(1000, 300), &theirs(1000, 300)).is_empty());
        assert!(differences(&ours(0, 300), &theirs(0, 300)).is_empty());
    }

    #[test]
    fn each_difference_has_its_name() {
        assert_eq!(differences(&ours(1000, 0), &Theirs::default()), [NOT_AT_PROVIDER]);
        assert_eq!(differences(&ours(1000, 0), &theirs(999, 0)), [PROVIDER_CAPTURE_DIFFERS]);
        assert_eq!(differences(&ours(1000, 0), &theirs(1000, 1)), [PROVIDER_REFUND_DIFFERS]);
        let dollars = Theirs { currency: "USD".to_owned(), ..theirs(1000, 0) };
        assert_eq!(differences(&ours(1000, 0), &dollars), [CURRENCY_DIFFERS]);
        let unposted = Ours { difference: Some("CAPTURE_NOT_IN_LEDGER".to_owned()), ..ours(1000, 0) };
        assert_eq!(differences(&unposted, &theirs(1000, 0)), ["CAPTURE_NOT_IN_LEDGER"]);
    }

    #[test]
    fn a_clock_that_is_a_little_off_makes_no_difference() {
        let late = Theirs { taken: Edged { inside: 0, with_edges: 1000 }, ..theirs(0, 0) };
        assert!(differences(&ours(1000, 0), &late).is_empty());
        assert!(differences_of_whole(Some(&ours(1000, 0)), &theirs(1000, 0)).is_empty());
    }

    #[test]
    fn money_that_only_the_provider_took_is_named() {
        assert_eq!(differences_of_whole(None, &theirs(1000, 0)), [UNKNOWN_PAYMENT]);
        assert_eq!(differences_of_whole(Some(&ours(0, 0)), &theirs(1000, 0)), [PROVIDER_ONLY]);
        assert_eq!(differences_of_whole(Some(&ours(900, 0)), &theirs(1000, 0)), [PROVIDER_CAPTURE_DIFFERS]);
        assert_eq!(differences_of_whole(Some(&ours(1000, 100)), &theirs(0, 200)), [PROVIDER_REFUND_DIFFERS]);
    }
}

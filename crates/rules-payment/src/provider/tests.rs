use proptest::prelude::*;

use super::*;
use crate::{Currency, State};

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let mismatch = Mismatch {
        asked_minor: 1,
        asked_currency: "KRW",
        asked_order_id: "mo-1-1024".into(),
        echoed_minor: 2,
        echoed_currency: "KRW".into(),
        echoed_order_id: "mo-1-1024".into(),
    };
    let classes = [ErrorClass::Retryable, ErrorClass::Declined, ErrorClass::Bug];
    let mut all = vec![
        Outcome::Approved(Approval { payment_key: "k".into(), approval_number: None }),
        Outcome::Declined(Decline { code: ProviderCode::read("REJECT_CARD_PAYMENT") }),
        Outcome::GivenBack(Approval { payment_key: "k".into(), approval_number: None }),
        Outcome::Review(mismatch),
    ];
    all.extend(classes.map(|class| Outcome::NotDone(NotDone { class, code: None })));
    let doubts =
        [Doubt::Timeout, Doubt::ConnectionLost, Doubt::ServerError, Doubt::Unreadable, Doubt::AlreadyThere];
    all.extend(doubts.map(Outcome::Unknown));
    prop::sample::select(all)
}

#[test]
fn an_order_id_fits_the_providers_bounds_and_leads_back_to_its_payment() {
    // The shortest that can be: payments have the numbers from 1,024 on (sequence * 1024 + node).
    for (tenant, payment) in [(1, 1_024), (7, 8_193), ((1 << 53) - 1, (1 << 53) - 1)] {
        let text = order_id(tenant, payment);
        assert!((6..=64).contains(&text.len()), "{text}");
        assert_eq!(of_order_id(&text), Some((tenant, payment)));
    }
    for text in [
        "mo-1",
        "mo-1-",
        "mo--1",
        "mo-01-1",
        "mo-1-01",
        "mo-+1-1",
        "mo-1--1",
        "mo-0-1",
        "mo-1-0",
        "1-1",
        "mo-1-1-1",
        "mo-1-99999999999999999999",
        "MO-1-1",
        "mo-1-1 ",
    ] {
        assert_eq!(of_order_id(text), None, "{text}");
    }
}

#[test]
fn an_echo_that_differs_in_anything_is_for_review_with_both_sides() {
    let asked = Asked { order_id: "mo-0042", money: Money::new(1_000, Currency::KRW).unwrap() };
    let echo = Echo { order_id: "mo-0042", minor: 1_000, currency: "KRW" };
    assert_eq!(check_echo(asked, echo), Ok(()));
    for other in [
        Echo { minor: 999, ..echo },
        Echo { minor: 100_000, ..echo },
        Echo { currency: "USD", ..echo },
        Echo { currency: "krw", ..echo },
        Echo { order_id: "mo-0043", ..echo },
    ] {
        let found = check_echo(asked, other).unwrap_err();
        assert_eq!((found.asked_minor, found.echoed_minor), (1_000, other.minor));
    }
}

#[test]
fn only_a_provider_that_does_not_work_is_unhealthy() {
    for sick in [Doubt::Timeout, Doubt::ConnectionLost, Doubt::ServerError, Doubt::Unreadable] {
        assert!(!Outcome::Unknown(sick).is_healthy(), "{sick:?}");
    }
    assert!(Outcome::Unknown(Doubt::AlreadyThere).is_healthy(), "it answered in its own words");
}

#[test]
fn foreign_text_is_no_code() {
    assert_eq!(ProviderCode::read("reject-card_1").as_str(), "REJECT-CARD_1");
    for text in ["", "a b", "코드", "x\ny", "<b>", &"A".repeat(65)] {
        assert_eq!(ProviderCode::read(text).as_str(), ProviderCode::UNREADABLE, "{text:?}");
    }
}

proptest! {
    #[test]
    fn only_an_approval_with_the_right_echo_authorizes(outcome in any_outcome()) {
        let event = outcome.of_authorization();
        let authorized = event.is_some_and(|event| State::Requested.after(event) == Ok(State::Authorized));
        prop_assert_eq!(authorized, matches!(outcome, Outcome::Approved(_)));
    }

    #[test]
    fn a_doubt_or_a_review_is_never_a_failure_and_never_charged_again(outcome in any_outcome()) {
        if matches!(outcome, Outcome::Unknown(_) | Outcome::Review(_)) {
            let event = outcome.of_authorization().unwrap();
            prop_assert_eq!(State::Requested.after(event), Ok(State::AuthUnknown));
            prop_assert!(!outcome.may_start_another_attempt());
        }
    }
}

use proptest::prelude::*;

use super::*;

/// The pairs of the design's table, read off it by hand.
const DESIGN: [(&str, &[&str]); 12] = [
    ("REQUESTED", &["AUTHORIZED", "AUTH_FAILED", "AUTH_UNKNOWN", "EXPIRED"]),
    ("AUTH_UNKNOWN", &["AUTHORIZED", "AUTH_FAILED", "VOIDED"]),
    ("AUTHORIZED", &["CAPTURE_REQUESTED", "VOIDED", "EXPIRED"]),
    ("CAPTURE_REQUESTED", &["CAPTURED", "CAPTURE_FAILED"]),
    ("CAPTURE_FAILED", &["CAPTURE_REQUESTED", "VOIDED"]),
    ("CAPTURED", &["REFUND_REQUESTED"]),
    ("REFUND_REQUESTED", &["PARTIALLY_REFUNDED", "REFUNDED", "CAPTURED"]),
    ("PARTIALLY_REFUNDED", &["REFUND_REQUESTED"]),
    ("AUTH_FAILED", &[]),
    ("EXPIRED", &[]),
    ("VOIDED", &[]),
    ("REFUNDED", &[]),
];

#[test]
fn exactly_the_listed_pairs_are_moves() {
    for (from, targets) in DESIGN {
        let from = State::parse(from).unwrap();
        for to in State::ALL {
            assert_eq!(may_move(from, to), targets.contains(&to.name()), "{from:?} to {to:?}");
        }
    }
}

#[test]
fn no_two_states_share_a_name() {
    for state in State::ALL {
        assert_eq!(State::parse(state.name()), Ok(state));
    }
    assert_eq!(State::parse("requested"), Err(UnknownState));
}

#[test]
fn unknown_is_left_only_by_what_the_provider_says() {
    let leaving: Vec<Event> =
        Event::ALL.into_iter().filter(|event| State::AuthUnknown.after(*event).is_ok()).collect();
    assert_eq!(leaving, [Event::Authorize, Event::Decline, Event::Void]);
}

proptest! {
    #[test]
    fn an_ended_payment_stays_ended_and_money_once_captured_is_never_voided(
        events in prop::collection::vec(prop::sample::select(Event::ALL.to_vec()), 0..60),
    ) {
        let (mut state, mut captured) = (State::FIRST, false);
        for event in events {
            let Ok(after) = state.after(event) else { continue };
            prop_assert!(may_move(state, after));
            prop_assert!(state.is_live(), "{state:?} is an end");
            captured |= after == State::Captured;
            prop_assert!(!captured || after.is_live(), "captured, then {after:?}");
            state = after;
        }
    }
}

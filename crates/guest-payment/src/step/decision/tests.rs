use chrono::DateTime;
use rules_payment::{
    Currency, Event,
    provider::{Decline, NotDone},
    state::may_move,
};

use super::*;

fn standing(state: State, auto_capture: bool) -> Standing {
    Standing {
        payment: 8_193,
        order: None,
        version: 1,
        attempt: 1,
        state,
        money: Money::new(10_000, Currency::KRW).unwrap(),
        auto_capture,
        reference: "mo-1-8193".into(),
        payment_key: Some("tgen_1".into()),
        approval_number: None,
        created_at: DateTime::UNIX_EPOCH,
        open_step: None,
    }
}

fn outcomes() -> Vec<Outcome> {
    let code = || ProviderCode::read("REJECT_CARD_COMPANY");
    let not_done = |class, code| Outcome::NotDone(NotDone { class, code });
    let mut all = vec![
        Outcome::Approved(Approval { payment_key: "tgen_1".into(), approval_number: None }),
        Outcome::Declined(Decline { code: code() }),
        Outcome::GivenBack(Approval { payment_key: "tgen_1".into(), approval_number: None }),
        not_done(ErrorClass::Retryable, None),
        not_done(ErrorClass::Declined, Some(code())),
        not_done(ErrorClass::Declined, None),
        not_done(ErrorClass::Bug, Some(code())),
        Outcome::Review(Mismatch {
            asked_minor: 10_000,
            asked_currency: "KRW",
            asked_order_id: "mo-1-8193".into(),
            echoed_minor: 10_001,
            echoed_currency: "KRW".into(),
            echoed_order_id: "mo-1-8193".into(),
        }),
    ];
    let doubts =
        [Doubt::Timeout, Doubt::ConnectionLost, Doubt::ServerError, Doubt::Unreadable, Doubt::AlreadyThere];
    all.extend(doubts.map(Outcome::Unknown));
    all
}

/// Every step from every state it can be begun in, with every outcome.
fn each(check: impl Fn(Kind, &Standing, &Outcome, &Decision)) {
    for (kind, states) in [
        (Kind::Authorize, [State::Requested, State::AuthUnknown]),
        (Kind::Confirm, [State::Requested, State::AuthUnknown]),
        (Kind::Void, [State::Authorized, State::CaptureFailed]),
    ] {
        for state in states {
            for auto_capture in [false, true] {
                let standing = standing(state, auto_capture);
                for outcome in outcomes() {
                    let decision = Decision::of(kind, &standing, outcome.clone(), 250).unwrap();
                    check(kind, &standing, &outcome, &decision);
                }
            }
        }
    }
}

#[test]
fn every_decision_moves_along_the_list_and_posts_journals_only_with_money() {
    each(|kind, standing, outcome, decision| {
        let mut at = standing.state;
        for to in &decision.path {
            assert!(may_move(at, *to), "{kind:?} {outcome:?}: {at:?} to {to:?}");
            at = *to;
        }
        let voided = kind == Kind::Void && matches!(outcome, Outcome::GivenBack(_));
        let approved = voided || matches!(outcome, Outcome::Approved(_));
        assert_eq!(!decision.postings.is_empty(), approved, "{kind:?} {outcome:?}");
        for (_, posting) in &decision.postings {
            assert_eq!(posting.minors().iter().sum::<i64>(), 0);
        }
        assert_eq!(matches!(decision.verdict, Verdict::Done), approved);
    });
}

#[test]
fn only_what_is_known_ends_a_step_and_unknown_is_never_a_failure() {
    each(|kind, standing, outcome, decision| match outcome {
        Outcome::Approved(_) | Outcome::Declined(_) => assert_eq!(decision.end, End::Known),
        Outcome::GivenBack(_) => {
            assert_eq!((decision.end, decision.reached(standing)), (End::Known, State::Voided));
        }
        Outcome::NotDone(not_done) => {
            let declined = not_done.class == ErrorClass::Declined;
            assert_eq!(decision.end, if declined { End::Known } else { End::Failed });
            assert!(declined || decision.path.is_empty(), "{kind:?}: nothing happened");
        }
        Outcome::Unknown(_) | Outcome::Review(_) => {
            assert_eq!(decision.end, End::Unknown);
            let reached = decision.reached(standing);
            let doubtful = if kind == Kind::Void { standing.state } else { State::AuthUnknown };
            assert_eq!(reached, doubtful);
            assert_eq!(decision.review.is_some(), matches!(outcome, Outcome::Review(_)));
        }
    });
}

#[test]
fn a_confirmation_makes_the_memo_clears_it_and_keeps_the_fee() {
    let approved = outcomes().remove(0);
    let decision = Decision::of(Kind::Confirm, &standing(State::Requested, true), approved, 250).unwrap();
    let mut sums = std::collections::HashMap::new();
    for (_, posting) in &decision.postings {
        for line in posting.lines() {
            *sums.entry(line.account.code()).or_insert(0) += line.minor;
        }
    }
    assert_eq!((sums["AUTHORIZED_HOLD"], sums["AUTHORIZED_CONTRA"]), (0, 0));
    assert_eq!((sums["PROVIDER_RECEIVABLE"], sums["MERCHANT_PAYABLE"], sums["FEES"]), (10_000, -9_750, -250));
    let kinds: Vec<&str> = decision.postings.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, ["AUTHORIZE", "CAPTURE"]);
}

#[test]
fn the_rule_of_an_outcome_and_this_decision_agree() {
    each(|kind, standing, outcome, decision| {
        if kind == Kind::Void || standing.state != State::Requested {
            return;
        }
        let first = decision.path.first().copied();
        let by_rule = match outcome {
            // A decline without an effect is still a decline.
            Outcome::NotDone(NotDone { class: ErrorClass::Declined, .. }) => Some(Event::Decline),
            other => other.of_authorization(),
        };
        assert_eq!(first, by_rule.map(|event| standing.state.after(event).unwrap()), "{outcome:?}");
    });
}

use proptest::prelude::*;

use super::*;

const PROVIDER: Settings = Settings::PROVIDER;
const OK_MS: u32 = 20;
const SLOW_MS: u32 = 2_001;

fn call(breaker: &mut Breaker, at_ms: i64, failed: bool, duration_ms: u32) {
    if let Ok(permit) = breaker.ask(&PROVIDER, at_ms) {
        breaker.record(&PROVIDER, permit, Outcome { at_ms, failed, duration_ms });
    }
}

fn opened(at_ms: i64) -> Breaker {
    let mut breaker = Breaker::new(at_ms);
    for _ in 0..PROVIDER.calls_min {
        call(&mut breaker, at_ms, true, OK_MS);
    }
    assert_eq!(breaker.state(), State::Open);
    breaker
}

#[test]
fn nine_failures_are_too_few_to_judge_and_the_tenth_opens() {
    let mut breaker = Breaker::new(0);
    for _ in 0..9 {
        call(&mut breaker, 1, true, OK_MS);
    }
    assert_eq!(breaker.state(), State::Closed);
    call(&mut breaker, 2, true, OK_MS);
    assert_eq!(breaker.state(), State::Open);
    let last = breaker.transitions().next_back().copied();
    let wanted = Transition { from: State::Closed, to: State::Open, cause: Cause::FailureRate, at_ms: 2 };
    assert_eq!(last, Some(wanted));
    assert_eq!(breaker.counts(&PROVIDER, 2).failed, 10, "what led there stays to be seen");
}

#[test]
fn half_of_the_calls_slow_opens_although_none_failed() {
    let mut breaker = Breaker::new(0);
    for at in 0..10 {
        call(&mut breaker, at, false, if at % 2 == 0 { SLOW_MS } else { OK_MS });
    }
    assert_eq!(breaker.transitions().next_back().map(|one| one.cause), Some(Cause::SlowCallRate));
    let mut breaker = Breaker::new(0);
    for at in 0..200 {
        call(&mut breaker, at, false, if at % 2 == 0 { 2_000 } else { OK_MS });
    }
    assert_eq!(breaker.state(), State::Closed, "two seconds are not yet slow");
}

#[test]
fn failures_that_are_older_than_the_window_count_no_more() {
    let mut breaker = Breaker::new(0);
    for _ in 0..9 {
        call(&mut breaker, 0, true, OK_MS);
    }
    call(&mut breaker, 60_000, true, OK_MS);
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.counts(&PROVIDER, 60_000).calls, 1);
}

#[test]
fn only_the_last_hundred_calls_count() {
    let mut breaker = Breaker::new(0);
    for at in 0..49 {
        call(&mut breaker, at, false, OK_MS);
    }
    for at in 49..97 {
        call(&mut breaker, at, true, OK_MS);
    }
    assert_eq!((breaker.state(), breaker.counts(&PROVIDER, 97).failed), (State::Closed, 48));
    for at in 97..300 {
        call(&mut breaker, at, false, OK_MS);
    }
    assert_eq!(breaker.counts(&PROVIDER, 300), Counts { calls: 100, ..Counts::default() });
}

#[test]
fn an_open_breaker_waits_a_minute_then_tries_five_and_closes_when_they_pass() {
    let mut breaker = opened(1_000);
    assert_eq!(breaker.ask(&PROVIDER, 60_999), Err(NotPermitted { retry_after_ms: 1 }));
    let permits: Vec<_> = (0..5).map(|_| breaker.ask(&PROVIDER, 61_000).unwrap()).collect();
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(permits.iter().all(|permit| permit.scope == Scope::Trial));
    assert_eq!(breaker.ask(&PROVIDER, 61_000), Err(NotPermitted { retry_after_ms: 30_000 }));
    for permit in permits {
        breaker.record(&PROVIDER, permit, Outcome { at_ms: 61_010, failed: false, duration_ms: 1 });
    }
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.counts(&PROVIDER, 61_010).calls, 0);
}

#[test]
fn three_of_five_trials_failed_open_it_again_and_two_do_not() {
    for (failed, wanted) in [(3, State::Open), (2, State::Closed)] {
        let mut breaker = opened(0);
        for trial in 0..5 {
            // Further apart than the window: every trial counts all the same.
            call(&mut breaker, 60_000 + trial * 61_000, trial < failed, OK_MS);
        }
        assert_eq!(breaker.state(), wanted, "{failed} failed");
    }
}

#[test]
fn a_trial_whose_owner_died_or_gave_it_back_goes_to_somebody_else() {
    let mut breaker = opened(0);
    let permits: Vec<_> = (0..5).map(|_| breaker.ask(&PROVIDER, 60_000).unwrap()).collect();
    assert!(breaker.ask(&PROVIDER, 89_999).is_err());
    assert!(breaker.ask(&PROVIDER, 90_000).is_ok(), "never reported");
    let mut breaker = opened(0);
    let permit = (0..5).map(|_| breaker.ask(&PROVIDER, 60_000).unwrap()).last().unwrap();
    breaker.give_back(permit);
    assert!(breaker.ask(&PROVIDER, 60_001).is_ok(), "given back");
    assert_eq!(permits.len(), 5);
}

#[test]
fn a_call_that_was_permitted_before_a_move_says_nothing_after_it() {
    let mut breaker = Breaker::new(0);
    let early = breaker.ask(&PROVIDER, 0).unwrap();
    for _ in 0..10 {
        call(&mut breaker, 0, true, OK_MS);
    }
    let _trial = breaker.ask(&PROVIDER, 60_000).unwrap();
    let before = breaker.clone();
    breaker.record(&PROVIDER, early, Outcome { at_ms: 60_001, failed: true, duration_ms: 60_001 });
    breaker.give_back(early);
    assert_eq!(breaker, before);
}

#[test]
fn an_operators_word_holds_until_the_next() {
    let mut breaker = Breaker::new(0);
    breaker.force_open(1);
    assert!(breaker.ask(&PROVIDER, 10_000_000).is_err());
    breaker.disable(2);
    for at in 3..50 {
        call(&mut breaker, at, true, SLOW_MS);
    }
    assert_eq!((breaker.state(), breaker.counts(&PROVIDER, 50).calls), (State::Disabled, 0));
    breaker.reset(60);
    assert_eq!(breaker.state(), State::Closed);
}

/// A random caller: how long after the one before, whether it fails, how long it takes, whether it is told.
fn callers() -> impl Strategy<Value = Vec<(i64, bool, u32, bool)>> {
    let one = (0_i64..8_000, prop::bool::weighted(0.4), 0_u32..4_000, prop::bool::weighted(0.9));
    prop::collection::vec(one, 0..400)
}

proptest! {
    #[test]
    fn outcomes_told_in_batches_through_a_snapshot_end_where_they_would_one_by_one(
        callers in callers(),
        batches in prop::collection::vec(1_usize..40, 1..40),
    ) {
        let (mut single, mut at_ms) = (Breaker::new(0), 0);
        let outcomes: Vec<Outcome> = callers
            .iter()
            .map(|(gap, failed, duration_ms, _)| {
                at_ms += gap;
                Outcome { at_ms, failed: *failed, duration_ms: *duration_ms }
            })
            .collect();
        let permit = single.ask(&PROVIDER, 0).unwrap();
        let mut shared = serde_json::to_string(&single).unwrap();
        for outcome in &outcomes {
            single.record(&PROVIDER, permit, *outcome);
        }
        let (mut rest, mut sizes) = (outcomes.as_slice(), batches.iter().cycle());
        while !rest.is_empty() {
            let size = (*sizes.next().unwrap()).min(rest.len());
            let mut copy: Breaker = serde_json::from_str(&shared).unwrap();
            for outcome in &rest[..size] {
                copy.record(&PROVIDER, permit, *outcome);
            }
            shared = serde_json::to_string(&copy).unwrap();
            rest = &rest[size..];
        }
        prop_assert_eq!(serde_json::from_str::<Breaker>(&shared).unwrap(), single);
    }

    #[test]
    fn no_sequence_of_calls_breaks_what_must_hold(callers in callers()) {
        let (mut breaker, mut at_ms) = (Breaker::new(0), 0);
        for (gap, failed, duration_ms, told) in callers {
            at_ms += gap;
            let (before, permit) = (breaker.state(), breaker.ask(&PROVIDER, at_ms));
            match (breaker.state(), permit) {
                (State::Closed, permit) => prop_assert!(permit.is_ok()),
                (State::Open, permit) => prop_assert!(permit.is_err()),
                (State::HalfOpen, permit) => {
                    prop_assert!(before == State::Open || before == State::HalfOpen);
                    prop_assert!(permit.is_ok() || breaker.trials_out.len() + breaker.trials_in as usize >= 5);
                }
                (State::Disabled | State::ForcedOpen, _) => prop_assert!(false, "nobody said so"),
            }
            if let (Ok(permit), true) = (permit, told) {
                breaker.record(&PROVIDER, permit, Outcome { at_ms, failed, duration_ms });
            }
            let counts = breaker.counts(&PROVIDER, at_ms);
            prop_assert!(counts.calls <= 100 && counts.failed <= counts.calls && counts.slow <= counts.calls);
            prop_assert!(breaker.transitions().count() <= TRANSITIONS_KEPT);
            prop_assert!(breaker.trials_in < PROVIDER.trials);
            let size = serde_json::to_string(&breaker).unwrap().len();
            prop_assert!(size < 8_192, "a snapshot of {} bytes", size);
        }
    }

    #[test]
    fn a_closed_breaker_opens_exactly_when_a_rate_is_reached(callers in callers()) {
        let (mut breaker, mut at_ms) = (Breaker::new(0), 0);
        let mut told: Vec<Outcome> = Vec::new();
        for (gap, failed, duration_ms, _) in callers {
            at_ms += gap;
            let Ok(permit) = breaker.ask(&PROVIDER, at_ms) else { break };
            let outcome = Outcome { at_ms, failed, duration_ms };
            told.push(outcome);
            breaker.record(&PROVIDER, permit, outcome);
            let counted: Vec<_> =
                told.iter().rev().take(100).filter(|one| one.at_ms > at_ms - 60_000).collect();
            let bad = |wanted: fn(&Outcome) -> bool| counted.iter().filter(|one| wanted(one)).count() * 2;
            let reached = bad(|one| one.failed) >= counted.len() || bad(|one| one.duration_ms > 2_000) >= counted.len();
            let should_open = counted.len() >= 10 && reached;
            prop_assert_eq!(breaker.state() == State::Open, should_open);
            if should_open { break }
        }
    }
}

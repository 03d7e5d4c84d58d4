use rules_breaker::State;

use super::*;

const PROVIDER: Settings = Settings::PROVIDER;

/// Redis, as far as one key goes.
struct Shared {
    version: i64,
    breaker: Option<Breaker>,
}

impl Shared {
    fn snapshot(&self) -> Snapshot {
        self.breaker.clone().map(|breaker| (self.version, breaker))
    }

    /// What `super::super::change` does with the real one.
    fn tell(&mut self, held: &mut Held, now_ms: i64) {
        loop {
            let (proposal, ()) = held.propose(now_ms, &|_, _, _| ());
            if proposal.base_version == self.version {
                self.version += 1;
                self.breaker = Some(proposal.breaker.clone());
                held.accepted(proposal, now_ms);
                return;
            }
            held.adopt(self.snapshot(), now_ms);
        }
    }
}

fn held() -> Held {
    Held::new("test", PROVIDER, 0)
}

fn fails(held: &mut Held, now_ms: i64) -> bool {
    let permit = held.ask(now_ms).unwrap();
    held.record(permit, Outcome { at_ms: now_ms, failed: true, duration_ms: 1 }, now_ms)
}

fn succeeds(held: &mut Held, now_ms: i64) -> bool {
    let permit = held.ask(now_ms).unwrap();
    held.record(permit, Outcome { at_ms: now_ms, failed: false, duration_ms: 1 }, now_ms)
}

#[test]
fn successes_wait_for_company_and_a_failure_does_not() {
    let mut held = held();
    for _ in 1..BATCH_CALLS_MAX {
        assert!(!succeeds(&mut held, 1));
    }
    assert!(succeeds(&mut held, 1), "a full batch");
    let mut held = super::tests::held();
    assert!(fails(&mut held, 1));
}

#[test]
fn a_success_that_waited_long_enough_is_told_with_the_next_request() {
    let mut held = held();
    held.adopt(None, 0);
    assert_eq!(held.due(COPY_MS), Due::Nothing);
    assert_eq!(held.due(COPY_MS + 1), Due::Look);
    succeeds(&mut held, 10);
    held.adopt(None, 10 + BATCH_MS - 1);
    assert_eq!(held.due(10 + BATCH_MS - 1), Due::Nothing);
    assert_eq!(held.due(10 + BATCH_MS), Due::Tell);
}

#[test]
fn failures_of_two_instances_open_one_breaker() {
    let mut shared = Shared { version: 0, breaker: None };
    let (mut one, mut other) = (held(), held());
    for now_ms in 0..5 {
        fails(&mut one, now_ms);
        fails(&mut other, now_ms);
        shared.tell(&mut one, now_ms);
        shared.tell(&mut other, now_ms);
    }
    one.adopt(shared.snapshot(), 5);
    assert_eq!((one.view().state(), other.view().state()), (State::Open, State::Open));
    assert_eq!(other.view().counts(&PROVIDER, 5).failed, 10, "each is counted once");
}

#[test]
fn what_happens_while_a_batch_is_told_goes_with_the_next_one() {
    let mut shared = Shared { version: 0, breaker: None };
    let mut held = held();
    succeeds(&mut held, 1);
    let (proposal, ()) = held.propose(1, &|_, _, _| ());
    succeeds(&mut held, 2);
    shared.version += 1;
    shared.breaker = Some(proposal.breaker.clone());
    held.accepted(proposal, 2);
    assert_eq!(held.view().counts(&PROVIDER, 2).calls, 2);
    shared.tell(&mut held, 3);
    assert_eq!(shared.breaker.unwrap().counts(&PROVIDER, 3).calls, 2);
}

#[test]
fn without_redis_an_instance_opens_and_tries_again_by_itself() {
    let mut held = held();
    for now_ms in 0..10 {
        fails(&mut held, now_ms);
        held.work_alone(now_ms);
    }
    assert_eq!(held.view().state(), State::Open);
    assert!(held.ask(100).is_err());
    assert!(held.asking_changes_it(60_009));
    assert!(held.apply_alone(60_009, &|breaker, settings, now_ms| breaker.ask(settings, now_ms)).is_ok());
    assert_eq!(held.view().state(), State::HalfOpen);
}

#[test]
fn an_operators_word_outlives_a_redis_that_lost_its_data() {
    let mut shared = Shared { version: 0, breaker: None };
    let mut held = held();
    shared.tell(&mut held, 1);
    let (proposal, ()) = held.propose(2, &|breaker, _, now_ms| breaker.force_open(now_ms));
    held.accepted(proposal, 2);
    shared = Shared { version: 0, breaker: None };
    held.adopt(shared.snapshot(), 3);
    assert_eq!(held.view().state(), State::ForcedOpen);
    held.count_refused(4);
    shared.tell(&mut held, 5);
    assert_eq!((shared.version, shared.breaker.unwrap().state()), (1, State::ForcedOpen));
}

#[test]
fn what_waits_to_be_told_is_bounded() {
    let mut held = held();
    for now_ms in 0..10_000 {
        succeeds(&mut held, now_ms);
    }
    assert_eq!(held.pending.len(), PENDING_MAX);
}

//! Circuit breakers that all instances share through Redis, and that work alone when Redis is gone.
//!
//! The machine is `rules-breaker`; here its snapshot lies under `breaker:{name}` and is changed by compare-and-set. An
//! instance answers from a copy of 50 ms at most; plain successes are told in batches, everything else at once; the few
//! trials of a half-open breaker are given out from the shared snapshot alone. Redis away: one log line, and the copy
//! goes on by itself; what an operator ordered last, as far as the instance saw it, holds until Redis is back. Nobody
//! here ever returns an error or waits for Redis longer than its bound.
//!
//! Next: `held.rs` (what an instance knows), `store.rs` (the snapshot in Redis), `report.rs` (status and metrics).

mod held;
mod report;
mod store;

use std::cell::RefCell;

use guest::clock;
use rules_breaker::{Breaker, Outcome, Scope, Settings};
use rules_payment::Outcome as ProviderOutcome;

use held::{Due, Held};
pub use report::{Order, metrics, order, status};

/// The breaker in front of the payment provider.
pub const PROVIDER: &str = "payment-provider";

/// Every breaker with its settings.
pub const ALL: [(&str, Settings); 1] = [(PROVIDER, Settings::PROVIDER)];

/// Milliseconds a copy of the shared snapshot is good for.
const COPY_MS: i64 = 50;
/// Plain successes that are told together at most.
const BATCH_CALLS_MAX: usize = 50;
/// Milliseconds a plain success waits to be told at most, once the next request comes.
const BATCH_MS: i64 = 200;
/// Times a change is tried again when another instance was faster.
const CHANGES_MAX: u32 = 5;
const MS_PER_S: u32 = 1_000;

const _: () = assert!(COPY_MS < BATCH_MS);

thread_local! {
    static HELD: RefCell<Vec<Held>> = const { RefCell::new(Vec::new()) };
}

/// Leave to make one call. Tell how it went with [`Permit::done`]; one that is dropped untold gives its place back.
#[must_use]
pub struct Permit {
    name: &'static str,
    inner: Option<rules_breaker::Permit>,
}

/// The breaker is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotPermitted {
    /// Seconds after which asking again makes sense.
    pub retry_after_s: u32,
}

/// May a call be made?
///
/// # Errors
/// When the breaker is open, or half-open with all its trials given away.
pub async fn ask(name: &'static str) -> Result<Permit, NotPermitted> {
    match with(name, |held, now_ms| held.due(now_ms)) {
        Due::Nothing => {}
        Due::Look => refresh(name).await,
        Due::Tell => tell(name).await,
    }
    let asked = if with(name, |held, now_ms| held.asking_changes_it(now_ms)) {
        ask_shared(name).await
    } else {
        with(name, |held, now_ms| held.ask(now_ms))
    };
    match asked {
        Ok(inner) => Ok(Permit { name, inner: Some(inner) }),
        Err(refused) => {
            with(name, |held, now_ms| held.count_refused(now_ms));
            Err(NotPermitted { retry_after_s: refused.retry_after_ms.div_ceil(MS_PER_S).max(1) })
        }
    }
}

impl Permit {
    /// Tells how the call went. Only a neighbour that failed or said nothing is unhealthy: a decline is not.
    pub async fn done(mut self, healthy: bool, duration_ms: u32) {
        let Some(permit) = self.inner.take() else { return };
        let name = self.name;
        let at_once = with(name, |held, now_ms| {
            let outcome = Outcome { at_ms: now_ms, failed: !healthy, duration_ms };
            held.record(permit, outcome, now_ms)
        });
        if at_once {
            tell(name).await;
        }
    }

    /// As [`Permit::done`], by what the provider's answer means.
    pub async fn ended(self, outcome: &ProviderOutcome, duration_ms: u32) {
        self.done(outcome.is_healthy(), duration_ms).await;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(permit) = self.inner.take()
            && permit.scope == Scope::Trial
        {
            // Told with the next batch; should there be none, the trial's own time limit gives its place back.
            with(self.name, |held, now_ms| held.give_back(permit, now_ms));
        }
    }
}

/// Runs with what this instance knows of a breaker, which is made when it is first named.
fn with<T>(name: &'static str, run: impl FnOnce(&mut Held, i64) -> T) -> T {
    let now_ms = clock::now().timestamp_millis();
    HELD.with_borrow_mut(|all| {
        let place = all.iter().position(|held| held.name == name).unwrap_or_else(|| {
            let known = ALL.iter().find(|(known, _)| *known == name);
            let settings = known.map_or(Settings::DEFAULT, |(_, settings)| *settings);
            all.push(Held::new(name, settings, now_ms));
            all.len() - 1
        });
        run(&mut all[place], now_ms)
    })
}

/// Reads the shared snapshot, if this instance's copy has grown old and nobody here is reading it already.
async fn refresh(name: &'static str) {
    if !with(name, |held, _| held.begin_reading()) {
        return;
    }
    let read = store::read(name).await;
    with(name, |held, now_ms| match read {
        Some(snapshot) => held.adopt(snapshot, now_ms),
        None => held.work_alone(now_ms),
    });
}

/// Tells the others what happened here.
async fn tell(name: &'static str) {
    if !with(name, |held, _| held.begin_telling()) {
        return;
    }
    change(name, |_, _, _| ()).await;
}

/// Asks where asking changes what is shared, so that no trial is given out twice. Whoever loses the race for the snapshot
/// too often is refused: somebody else is trying already.
async fn ask_shared(name: &'static str) -> Result<rules_breaker::Permit, rules_breaker::NotPermitted> {
    for _ in 0..CHANGES_MAX {
        let (proposal, asked) = with(name, |held, now_ms| {
            held.propose(now_ms, &|breaker, settings, now_ms| breaker.ask(settings, now_ms))
        });
        let permit = asked?;
        match store::compare_and_set(name, proposal.base_version, &proposal.breaker).await {
            store::Set::Done => {
                with(name, |held, now_ms| held.accepted(proposal, now_ms));
                return Ok(permit);
            }
            store::Set::Changed(snapshot) => with(name, |held, now_ms| held.adopt(snapshot, now_ms)),
            store::Set::Away => {
                return with(name, |held, now_ms| {
                    held.work_alone(now_ms);
                    held.ask(now_ms)
                });
            }
        }
    }
    Err(rules_breaker::NotPermitted { retry_after_ms: MS_PER_S })
}

/// Changes the shared snapshot, together with what happened here and was not told yet; the copy of this instance alone
/// when Redis is away.
async fn change<T>(name: &'static str, with_it: impl Fn(&mut Breaker, &Settings, i64) -> T) -> T {
    for _ in 0..CHANGES_MAX {
        let (change, result) = with(name, |held, now_ms| held.propose(now_ms, &with_it));
        match store::compare_and_set(name, change.base_version, &change.breaker).await {
            store::Set::Done => {
                with(name, |held, now_ms| held.accepted(change, now_ms));
                return result;
            }
            store::Set::Changed(snapshot) => with(name, |held, now_ms| held.adopt(snapshot, now_ms)),
            store::Set::Away => break,
        }
    }
    with(name, |held, now_ms| held.apply_alone(now_ms, &with_it))
}

//! The machine: who may call, what an outcome changes, what an operator may say.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::{Cause, Counts, Outcome, Settings, State, TRANSITIONS_KEPT, Transition, window::Window};

/// A breaker as it can be written down and shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    state: State,
    /// When it came into this state, milliseconds since 1970.
    since_ms: i64,
    /// Rises with every move: an outcome of a call that was permitted before the last move says nothing about now.
    generation: u64,
    window: Window,
    /// Trials given away and not reported, each by the time it was given.
    trials_out: VecDeque<i64>,
    /// Trials reported in this half-open phase.
    trials_in: u32,
    not_permitted: u64,
    transitions: VecDeque<Transition>,
}

/// Leave to make one call, whose outcome has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    /// The breaker's generation when it was given.
    generation: u64,
    /// What it is for.
    pub scope: Scope,
}

/// What a permit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A call like any other.
    Ordinary,
    /// One of the few calls of a half-open breaker: it has to be told, or given back.
    Trial,
}

/// No call for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotPermitted {
    /// Milliseconds after which asking again makes sense.
    pub retry_after_ms: u32,
}

impl Breaker {
    /// A closed breaker that knows of no call.
    #[must_use]
    pub fn new(now_ms: i64) -> Self {
        Self {
            state: State::Closed,
            since_ms: now_ms,
            generation: 0,
            window: Window::default(),
            trials_out: VecDeque::new(),
            trials_in: 0,
            not_permitted: 0,
            transitions: VecDeque::new(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// When it came there, milliseconds since 1970.
    #[must_use]
    pub fn since_ms(&self) -> i64 {
        self.since_ms
    }

    /// Calls that were refused since it last closed.
    #[must_use]
    pub fn not_permitted(&self) -> u64 {
        self.not_permitted
    }

    /// The last moves, oldest first, [`TRANSITIONS_KEPT`] at most.
    pub fn transitions(&self) -> impl DoubleEndedIterator<Item = &Transition> {
        self.transitions.iter()
    }

    /// What counts now.
    #[must_use]
    pub fn counts(&self, settings: &Settings, now_ms: i64) -> Counts {
        self.window.counts(now_ms, settings.window_ms)
    }

    /// Whether asking changes what instances share: a move to half-open, or a trial given away.
    #[must_use]
    pub fn asking_changes_it(&self, settings: &Settings, now_ms: i64) -> bool {
        match self.state {
            State::Closed | State::Disabled | State::ForcedOpen => false,
            State::Open => now_ms >= self.since_ms + i64::from(settings.open_ms),
            State::HalfOpen => {
                let given_ms = self.trials_out.iter();
                let alive =
                    given_ms.filter(|given_ms| now_ms < **given_ms + i64::from(settings.trial_ms)).count();
                alive + (self.trials_in as usize) < settings.trials as usize
            }
        }
    }

    /// May a call be made now?
    ///
    /// # Errors
    /// When the breaker is open, or half-open with all trials given away. The refusal is not counted yet; see
    /// [`Breaker::count_refused`].
    pub fn ask(&mut self, settings: &Settings, now_ms: i64) -> Result<Permit, NotPermitted> {
        if self.state == State::Open && self.asking_changes_it(settings, now_ms) {
            self.go(State::HalfOpen, Cause::WaitOver, now_ms);
        }
        match self.state {
            State::Closed | State::Disabled => {
                Ok(Permit { generation: self.generation, scope: Scope::Ordinary })
            }
            State::HalfOpen => self.give_trial(settings, now_ms),
            State::Open => {
                let left = self.since_ms + i64::from(settings.open_ms) - now_ms;
                Err(NotPermitted { retry_after_ms: u32::try_from(left).unwrap_or(settings.open_ms) })
            }
            State::ForcedOpen => Err(NotPermitted { retry_after_ms: settings.open_ms }),
        }
    }

    fn give_trial(&mut self, settings: &Settings, now_ms: i64) -> Result<Permit, NotPermitted> {
        // A trial whose owner died is given to somebody else.
        self.trials_out.retain(|given_ms| now_ms < given_ms + i64::from(settings.trial_ms));
        let given = u32::try_from(self.trials_out.len()).unwrap_or(u32::MAX).saturating_add(self.trials_in);
        if given < settings.trials {
            self.trials_out.push_back(now_ms);
            return Ok(Permit { generation: self.generation, scope: Scope::Trial });
        }
        let oldest_ms = self.trials_out.front().copied().unwrap_or(now_ms);
        let left = oldest_ms + i64::from(settings.trial_ms) - now_ms;
        Err(NotPermitted { retry_after_ms: u32::try_from(left).unwrap_or(settings.trial_ms) })
    }

    /// Counts calls that were refused.
    pub fn count_refused(&mut self, calls: u32) {
        self.not_permitted = self.not_permitted.saturating_add(u64::from(calls));
    }

    /// Takes a call's outcome in. That of a call permitted before the last move changes nothing.
    pub fn record(&mut self, settings: &Settings, permit: Permit, outcome: Outcome) {
        if permit.generation != self.generation {
            return;
        }
        let slow = outcome.duration_ms > settings.slow_ms;
        match self.state {
            State::Closed => {
                self.window.push(outcome, slow, settings.window_calls, settings.window_ms);
                let counts = self.window.latest_counts(settings.window_ms);
                if counts.calls >= settings.calls_min
                    && let Some(cause) = too_bad(settings, counts)
                {
                    self.go(State::Open, cause, outcome.at_ms);
                }
            }
            State::HalfOpen => {
                self.trials_out.pop_front();
                self.trials_in += 1;
                // All trials count, however far they are apart.
                self.window.push(outcome, slow, settings.trials, u32::MAX);
                if self.trials_in < settings.trials {
                    return;
                }
                match too_bad(settings, self.window.latest_counts(u32::MAX)) {
                    Some(_) => self.go(State::Open, Cause::TrialsFailed, outcome.at_ms),
                    None => self.go(State::Closed, Cause::TrialsPassed, outcome.at_ms),
                }
            }
            // Nobody is permitted in the one, nobody is judged in the other.
            State::Open | State::ForcedOpen | State::Disabled => {}
        }
    }

    /// Takes a permit back whose call was never made.
    pub fn give_back(&mut self, permit: Permit) {
        if permit.generation == self.generation && permit.scope == Scope::Trial {
            self.trials_out.pop_front();
        }
    }

    /// An operator opens it: no calls until an operator says otherwise.
    pub fn force_open(&mut self, now_ms: i64) {
        self.go(State::ForcedOpen, Cause::Operator, now_ms);
    }

    /// An operator switches it off: every call goes through.
    pub fn disable(&mut self, now_ms: i64) {
        self.go(State::Disabled, Cause::Operator, now_ms);
    }

    /// An operator closes it, with nothing counted.
    pub fn reset(&mut self, now_ms: i64) {
        self.go(State::Closed, Cause::Operator, now_ms);
    }

    fn go(&mut self, to: State, cause: Cause, at_ms: i64) {
        self.transitions.push_back(Transition { from: self.state, to, cause, at_ms });
        while self.transitions.len() > TRANSITIONS_KEPT {
            self.transitions.pop_front();
        }
        self.state = to;
        self.since_ms = at_ms;
        self.generation += 1;
        self.trials_out.clear();
        self.trials_in = 0;
        match to {
            State::Closed => {
                self.window.clear();
                self.not_permitted = 0;
            }
            State::HalfOpen | State::Disabled => self.window.clear(),
            // What led there stays to be seen.
            State::Open | State::ForcedOpen => {}
        }
    }
}

/// Why so many failed or slow calls are too many, if they are.
fn too_bad(settings: &Settings, counts: Counts) -> Option<Cause> {
    if counts.reaches(counts.failed, settings.failure_percent) {
        Some(Cause::FailureRate)
    } else if counts.reaches(counts.slow, settings.slow_percent) {
        Some(Cause::SlowCallRate)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;

//! What one instance knows of a breaker: the shared snapshot as it was last seen, and what happened here since.

use rules_breaker::{Breaker, NotPermitted, Outcome, Permit, Scope, Settings};

use super::{BATCH_CALLS_MAX, BATCH_MS, COPY_MS, store::Snapshot};

/// Things that wait to be told, at most; the oldest are forgotten while Redis is away.
const PENDING_MAX: usize = 200;

/// What has to be done before asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// The copy is young.
    Nothing,
    /// The copy is old.
    Look,
    /// Something has waited long enough to be told, which looks as well.
    Tell,
}

/// Something that happened here.
#[derive(Clone, Copy, Debug)]
enum Happened {
    Ended(Permit, Outcome),
    GivenBack(Permit),
}

pub(super) struct Held {
    pub(super) name: &'static str,
    settings: Settings,
    /// The shared snapshot.
    base: Breaker,
    base_version: i64,
    /// The same with what happened here.
    view: Breaker,
    seen_ms: Option<i64>,
    pending: Vec<Happened>,
    /// How much has left `pending` since the start.
    gone: usize,
    refused: u32,
    waiting_since_ms: i64,
    reading: bool,
    telling: bool,
}

/// A snapshot to put in place of another, and how much of what happened here is in it.
pub(super) struct Proposal {
    pub(super) base_version: i64,
    pub(super) breaker: Breaker,
    /// How much of what happened here, counted from the start, is in it.
    told: usize,
    refused: u32,
}

impl Held {
    pub(super) fn new(name: &'static str, settings: Settings, now_ms: i64) -> Self {
        let breaker = Breaker::new(now_ms);
        Self {
            name,
            settings,
            base: breaker.clone(),
            base_version: 0,
            view: breaker,
            seen_ms: None,
            pending: Vec::new(),
            gone: 0,
            refused: 0,
            waiting_since_ms: now_ms,
            reading: false,
            telling: false,
        }
    }

    pub(super) fn view(&self) -> &Breaker {
        &self.view
    }

    pub(super) fn due(&self, now_ms: i64) -> Due {
        if self.has_news() && now_ms - self.waiting_since_ms >= BATCH_MS {
            return Due::Tell;
        }
        if self.seen_ms.is_none_or(|seen_ms| now_ms - seen_ms > COPY_MS) { Due::Look } else { Due::Nothing }
    }

    /// Whether something happened here that the others do not know.
    pub(super) fn has_news(&self) -> bool {
        !self.pending.is_empty() || self.refused > 0
    }

    pub(super) fn asking_changes_it(&self, now_ms: i64) -> bool {
        self.view.asking_changes_it(&self.settings, now_ms)
    }

    pub(super) fn ask(&mut self, now_ms: i64) -> Result<Permit, NotPermitted> {
        self.view.ask(&self.settings, now_ms)
    }

    pub(super) fn count_refused(&mut self, now_ms: i64) {
        self.wait_from(now_ms);
        self.refused = self.refused.saturating_add(1);
        self.view.count_refused(1);
    }

    /// Takes an outcome in; true when it has to be told at once.
    pub(super) fn record(&mut self, permit: Permit, outcome: Outcome, now_ms: i64) -> bool {
        self.wait_from(now_ms);
        self.view.record(&self.settings, permit, outcome);
        self.push(Happened::Ended(permit, outcome));
        let plain = !outcome.failed
            && outcome.duration_ms <= self.settings.slow_ms
            && permit.scope == Scope::Ordinary;
        !plain || self.pending.len() >= BATCH_CALLS_MAX
    }

    pub(super) fn give_back(&mut self, permit: Permit, now_ms: i64) {
        self.wait_from(now_ms);
        self.view.give_back(permit);
        self.push(Happened::GivenBack(permit));
    }

    /// False when somebody of this instance is at it already; they then use the copy as it is.
    pub(super) fn begin_reading(&mut self) -> bool {
        !std::mem::replace(&mut self.reading, true)
    }

    /// As [`Held::begin_reading`]; what is told meanwhile goes with the next batch.
    pub(super) fn begin_telling(&mut self) -> bool {
        !std::mem::replace(&mut self.telling, true)
    }

    /// Takes a snapshot over. Where there is none (Redis lost its data) the one known here goes on, and is put there with
    /// the next thing that is told: an operator's word outlives a restart of Redis.
    pub(super) fn adopt(&mut self, snapshot: Snapshot, now_ms: i64) {
        self.reading = false;
        self.seen_ms = Some(now_ms);
        match snapshot {
            Some((version, breaker)) if version != self.base_version => {
                self.base = breaker;
                self.base_version = version;
            }
            Some(_) => {}
            None => self.base_version = 0,
        }
        self.see();
    }

    /// Redis is away: the copy is as good as it gets.
    pub(super) fn work_alone(&mut self, now_ms: i64) {
        self.reading = false;
        self.telling = false;
        self.seen_ms = Some(now_ms);
        // What happened meanwhile stays in the copy; when Redis is back, the others are told the last of it.
        self.waiting_since_ms = now_ms;
    }

    /// The shared snapshot with everything that happened here, and one change more.
    pub(super) fn propose<T>(
        &mut self,
        now_ms: i64,
        with_it: &impl Fn(&mut Breaker, &Settings, i64) -> T,
    ) -> (Proposal, T) {
        let mut breaker = self.merged();
        let result = with_it(&mut breaker, &self.settings, now_ms);
        let proposal = Proposal {
            base_version: self.base_version,
            breaker,
            told: self.gone + self.pending.len(),
            refused: self.refused,
        };
        (proposal, result)
    }

    /// The proposal is the shared snapshot now.
    pub(super) fn accepted(&mut self, proposal: Proposal, now_ms: i64) {
        self.base = proposal.breaker;
        self.base_version = proposal.base_version + 1;
        let told = proposal.told.saturating_sub(self.gone).min(self.pending.len());
        self.pending.drain(..told);
        self.gone += told;
        self.refused = self.refused.saturating_sub(proposal.refused);
        (self.reading, self.telling) = (false, false);
        self.seen_ms = Some(now_ms);
        self.waiting_since_ms = now_ms;
        self.see();
    }

    /// Makes a change to the copy alone.
    pub(super) fn apply_alone<T>(
        &mut self,
        now_ms: i64,
        with_it: &impl Fn(&mut Breaker, &Settings, i64) -> T,
    ) -> T {
        self.work_alone(now_ms);
        with_it(&mut self.view, &self.settings, now_ms)
    }

    fn wait_from(&mut self, now_ms: i64) {
        if self.pending.is_empty() && self.refused == 0 {
            self.waiting_since_ms = now_ms;
        }
    }

    fn push(&mut self, happened: Happened) {
        self.pending.push(happened);
        let surplus = self.pending.len().saturating_sub(PENDING_MAX);
        self.pending.drain(..surplus);
        self.gone += surplus;
    }

    fn see(&mut self) {
        self.view = self.merged();
    }

    fn merged(&self) -> Breaker {
        let mut breaker = self.base.clone();
        for happened in &self.pending {
            match happened {
                Happened::Ended(permit, outcome) => breaker.record(&self.settings, *permit, *outcome),
                Happened::GivenBack(permit) => breaker.give_back(*permit),
            }
        }
        breaker.count_refused(self.refused);
        breaker
    }
}

#[cfg(test)]
mod tests;

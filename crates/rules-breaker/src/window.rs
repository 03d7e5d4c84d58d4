//! The calls that count: the last so many of the last so many milliseconds.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// How a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// When it ended, milliseconds since 1970.
    pub at_ms: i64,
    /// Whether the neighbour failed. A decline is no failure.
    pub failed: bool,
    /// Milliseconds it took.
    pub duration_ms: u32,
}

/// What a window holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Calls.
    pub calls: u32,
    /// Failed ones among them.
    pub failed: u32,
    /// Slow ones among them, failed or not.
    pub slow: u32,
    /// Those that were both.
    pub slow_and_failed: u32,
}

impl Counts {
    /// Whether `part` is at least so many in a hundred of the calls; never of none.
    pub(crate) fn reaches(self, part: u32, percent: u32) -> bool {
        self.calls > 0 && u64::from(part) * 100 >= u64::from(self.calls) * u64::from(percent)
    }
}

/// One call: its time with two marks in the low bits, so that a snapshot stays small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Mark(i64);

impl Mark {
    fn new(at_ms: i64, failed: bool, slow: bool) -> Self {
        Self(at_ms << 2 | i64::from(failed) << 1 | i64::from(slow))
    }

    fn at_ms(self) -> i64 {
        self.0 >> 2
    }

    fn failed(self) -> bool {
        self.0 & 2 != 0
    }

    fn slow(self) -> bool {
        self.0 & 1 != 0
    }
}

/// The last calls, oldest first as they were told; and the latest time any of them had.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Window {
    marks: VecDeque<Mark>,
    latest_ms: i64,
}

impl Window {
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Adds a call and lets go of those that count no more. Time is the latest that was told, so that the result does
    /// not depend on when a batch arrives.
    pub(crate) fn push(&mut self, outcome: Outcome, slow: bool, calls_max: u32, window_ms: u32) {
        self.latest_ms = self.latest_ms.max(outcome.at_ms);
        self.marks.push_back(Mark::new(outcome.at_ms, outcome.failed, slow));
        while self.marks.len() > calls_max as usize {
            self.marks.pop_front();
        }
        let oldest = self.latest_ms - i64::from(window_ms);
        self.marks.retain(|mark| mark.at_ms() > oldest);
    }

    /// What counts at a time.
    pub(crate) fn counts(&self, now_ms: i64, window_ms: u32) -> Counts {
        let oldest = now_ms - i64::from(window_ms);
        let mut counts = Counts::default();
        for mark in self.marks.iter().filter(|mark| mark.at_ms() > oldest) {
            counts.calls += 1;
            counts.failed += u32::from(mark.failed());
            counts.slow += u32::from(mark.slow());
            counts.slow_and_failed += u32::from(mark.slow() && mark.failed());
        }
        counts
    }

    /// What counts as of the last call.
    pub(crate) fn latest_counts(&self, window_ms: u32) -> Counts {
        self.counts(self.latest_ms, window_ms)
    }
}

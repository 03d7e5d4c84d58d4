//! A token bucket that counts what it turned away.

use std::time::{Duration, Instant};

/// Lets through `per_second` things in the long run, and as many at once after a quiet second.
#[derive(Debug)]
pub(crate) struct Rate {
    per_second: u32,
    tokens: f64,
    filled_at: Instant,
    turned_away: u64,
    told_at: Instant,
}

/// What happens to one thing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It passes. `turned_away` were not let through since this was last told, when it is time to tell.
    Pass { turned_away: u64 },
    /// It does not.
    TurnAway,
}

/// How often it is told how many were turned away.
const TELL_EVERY: Duration = Duration::from_secs(1);

impl Rate {
    pub(crate) fn new(per_second: u32, now: Instant) -> Self {
        Self { per_second, tokens: f64::from(per_second), filled_at: now, turned_away: 0, told_at: now }
    }

    pub(crate) fn take(&mut self, now: Instant) -> Verdict {
        let full = f64::from(self.per_second);
        let since = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + since * full).min(full);
        self.filled_at = now;
        if self.tokens < 1.0 {
            self.turned_away += 1;
            return Verdict::TurnAway;
        }
        self.tokens -= 1.0;
        let tell = self.turned_away > 0 && now.saturating_duration_since(self.told_at) >= TELL_EVERY;
        if !tell {
            return Verdict::Pass { turned_away: 0 };
        }
        self.told_at = now;
        Verdict::Pass { turned_away: std::mem::take(&mut self.turned_away) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_turned_away_and_counted_and_quiet_lines_pass() {
        let start = Instant::now();
        let mut rate = Rate::new(10, start);
        let passed = (0..1_000).filter(|_| rate.take(start) != Verdict::TurnAway).count();
        assert_eq!(passed, 10);
        let later = start + Duration::from_millis(1_500);
        assert_eq!(rate.take(later), Verdict::Pass { turned_away: 990 });
        assert_eq!(rate.take(later), Verdict::Pass { turned_away: 0 });
    }
}

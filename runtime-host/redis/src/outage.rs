//! One server's outage: logged once when it begins and once when it ends, counted throughout.
//!
//! While it lasts, one caller at a time may try to connect, and only after a pause; everyone else fails at once.

use crate::{CallError, Metrics, Settings};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is known about whether a server can be reached.
#[derive(Debug, Default)]
pub(crate) struct Outage(Mutex<Option<Away>>);

#[derive(Debug)]
struct Away {
    since: Instant,
    retry_at: Instant,
    pause: Duration,
    refused_calls: u64,
    reason: CallError,
}

impl Outage {
    /// During an outage, and before the next attempt is due: why the last one failed.
    pub(crate) fn gate(&self, now: Instant) -> Result<(), CallError> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(away) if now < away.retry_at => {
                away.refused_calls += 1;
                Err(away.reason.clone())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// During an outage: why the last attempt failed, whether or not the next one is due.
    pub(crate) fn reason(&self) -> Option<CallError> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.as_mut().map(|away| {
            away.refused_calls += 1;
            away.reason.clone()
        })
    }

    /// An attempt to connect failed.
    pub(crate) fn failed(
        &self,
        server: &str,
        reason: &CallError,
        now: Instant,
        settings: &Settings,
        metrics: &Metrics,
    ) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last_pause = Duration::from_millis(settings.retry_last_ms);
        match state.as_mut() {
            Some(away) => {
                away.pause = (away.pause * 2).min(last_pause);
                away.retry_at = now + away.pause;
                away.refused_calls += 1;
                away.reason = reason.clone();
            }
            None => {
                let pause = Duration::from_millis(settings.retry_first_ms).min(last_pause);
                *state = Some(Away {
                    since: now,
                    retry_at: now + pause,
                    pause,
                    refused_calls: 1,
                    reason: reason.clone(),
                });
                metrics.outages.inc();
                tracing::warn!(server, %reason, "Redis is away: calls fail at once until it answers again");
            }
        }
    }

    /// An attempt to connect succeeded.
    pub(crate) fn over(&self, server: &str, now: Instant) {
        let ended = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(away) = ended {
            let away_ms = u64::try_from(now.duration_since(away.since).as_millis()).unwrap_or(u64::MAX);
            tracing::info!(server, away_ms, refused_calls = away.refused_calls, "Redis answers again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_spaced_out_and_calls_in_between_fail_at_once() {
        let (outage, settings, metrics) = (Outage::default(), Settings::default(), Metrics::default());
        let reason = CallError::Unavailable("refused".to_owned());
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        assert!(outage.gate(start).is_ok() && outage.reason().is_none());

        outage.failed("redis://h:1", &reason, start, &settings, &metrics);
        assert!(outage.gate(at(49)).is_err() && outage.gate(at(50)).is_ok());
        outage.failed("redis://h:1", &reason, at(50), &settings, &metrics);
        assert!(outage.gate(at(149)).is_err() && outage.gate(at(150)).is_ok());
        for _ in 0..10 {
            outage.failed("redis://h:1", &reason, at(150), &settings, &metrics);
        }
        assert!(outage.gate(at(1_149)).is_err() && outage.gate(at(1_150)).is_ok(), "the pause stays bounded");
        assert!(outage.reason().is_some());
        assert_eq!(metrics.outages.get(), 1, "one outage, however many failures");

        outage.over("redis://h:1", at(1_200));
        assert!(outage.gate(at(1_200)).is_ok() && outage.reason().is_none());
    }
}

//! What people and Prometheus are told about a breaker, and what an operator may order.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use guest::clock;
use rules_breaker::{Breaker, Settings, State};
use wire::{BreakerStatus, BreakerTransition};

use super::{ALL, change, refresh, store, tell, with};

/// What an operator may order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// No calls until further notice.
    ForceOpen,
    /// Every call, unjudged.
    Disable,
    /// Closed, with nothing counted.
    Reset,
}

/// The breaker of this name as the instances share it; none when there is no such breaker.
pub async fn status(name: &str) -> Option<BreakerStatus> {
    let (name, settings) = ALL.into_iter().find(|(known, _)| *known == name)?;
    tell_or_look(name).await;
    Some(with(name, |held, now_ms| written(name, &settings, held.view(), now_ms)))
}

/// Carries an order out and answers with the breaker as it is then; none when there is no such breaker. An order that
/// Redis did not take holds in this instance alone, which the answer's scope says.
pub async fn order(name: &str, order: Order) -> Option<BreakerStatus> {
    let (name, settings) = ALL.into_iter().find(|(known, _)| *known == name)?;
    change(name, |breaker, _, now_ms| match order {
        Order::ForceOpen => breaker.force_open(now_ms),
        Order::Disable => breaker.disable(now_ms),
        Order::Reset => breaker.reset(now_ms),
    })
    .await;
    Some(with(name, |held, now_ms| written(name, &settings, held.view(), now_ms)))
}

/// All breakers in Prometheus' text format, in the names that Resilience4j's users know.
pub async fn metrics() -> String {
    let mut lines: [Vec<String>; FAMILIES.len()] = Default::default();
    for (name, settings) in ALL {
        tell_or_look(name).await;
        with(name, |held, now_ms| sample(&mut lines, name, &settings, held.view(), now_ms));
    }
    let mut text = String::with_capacity(2_048);
    for ((metric, kind, help), lines) in FAMILIES.iter().zip(lines) {
        // Writing to a string cannot fail.
        let _written = write!(text, "# HELP {metric} {help}\n# TYPE {metric} {kind}\n");
        for line in lines {
            let _written = writeln!(text, "{metric}{line}");
        }
    }
    text
}

/// Name, kind and help of each metric, in the order in which [`sample`] fills them.
const FAMILIES: [(&str, &str, &str); 6] = [
    ("resilience4j_circuitbreaker_state", "gauge", "The states of the circuit breaker"),
    ("resilience4j_circuitbreaker_buffered_calls", "gauge", "Calls in the sliding window"),
    ("resilience4j_circuitbreaker_slow_calls", "gauge", "Slow calls in the sliding window"),
    (
        "resilience4j_circuitbreaker_failure_rate",
        "gauge",
        "Percent of failed calls, -1 while there are too few",
    ),
    (
        "resilience4j_circuitbreaker_slow_call_rate",
        "gauge",
        "Percent of slow calls, -1 while there are too few",
    ),
    (
        "resilience4j_circuitbreaker_not_permitted_calls_total",
        "counter",
        "Calls refused since the circuit breaker last closed",
    ),
];

/// One breaker's labels and values.
fn sample(
    lines: &mut [Vec<String>; FAMILIES.len()],
    name: &str,
    settings: &Settings,
    breaker: &Breaker,
    now_ms: i64,
) {
    let [states, buffered, slow, failure_rate, slow_rate, refused] = lines;
    for state in State::ALL {
        let (label, value) = (state.name().to_ascii_lowercase(), u8::from(breaker.state() == state));
        states.push(format!("{{name=\"{name}\",state=\"{label}\"}} {value}"));
    }
    let counts = breaker.counts(settings, now_ms);
    let of_kind = |kind: &str, value: u32| format!("{{kind=\"{kind}\",name=\"{name}\"}} {value}");
    buffered.push(of_kind("failed", counts.failed));
    buffered.push(of_kind("successful", counts.calls - counts.failed));
    slow.push(of_kind("failed", counts.slow_and_failed));
    slow.push(of_kind("successful", counts.slow - counts.slow_and_failed));
    failure_rate.push(format!("{{name=\"{name}\"}} {}", percent(settings, counts.failed, counts.calls)));
    slow_rate.push(format!("{{name=\"{name}\"}} {}", percent(settings, counts.slow, counts.calls)));
    refused.push(format!("{{kind=\"not_permitted\",name=\"{name}\"}} {}", breaker.not_permitted()));
}

async fn tell_or_look(name: &'static str) {
    if with(name, |held, _| held.has_news()) { tell(name).await } else { refresh(name).await }
}

fn written(name: &str, settings: &Settings, breaker: &Breaker, now_ms: i64) -> BreakerStatus {
    let counts = breaker.counts(settings, now_ms);
    let transitions = breaker.transitions().rev().map(|one| BreakerTransition {
        from: one.from.name().to_owned(),
        to: one.to.name().to_owned(),
        cause: one.cause.name().to_owned(),
        at: instant(one.at_ms),
    });
    BreakerStatus {
        name: name.to_owned(),
        state: breaker.state().name().to_owned(),
        number_of_successful_calls: counts.calls - counts.failed,
        number_of_failed_calls: counts.failed,
        number_of_slow_calls: counts.slow,
        number_of_not_permitted_calls: breaker.not_permitted(),
        buffered_calls: counts.calls,
        failure_rate: percent(settings, counts.failed, counts.calls),
        slow_call_rate: percent(settings, counts.slow, counts.calls),
        scope: if store::is_away() { "LOCAL" } else { "SHARED" }.to_owned(),
        transitions: transitions.collect(),
    }
}

/// Percent with one decimal, or −1 while there are too few calls for a rate.
fn percent(settings: &Settings, part: u32, calls: u32) -> f32 {
    if calls < settings.calls_min {
        return -1.0;
    }
    let tenths = u16::try_from(u64::from(part) * 1_000 / u64::from(calls)).unwrap_or(u16::MAX);
    f32::from(tenths) / 10.0
}

fn instant(at_ms: i64) -> String {
    let at = DateTime::<Utc>::from_timestamp_millis(at_ms).unwrap_or_else(clock::now);
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

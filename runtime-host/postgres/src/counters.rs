//! What the capability counts, and what it tells of its pools when metrics are read. Counting is an atomic addition;
//! nothing is locked on a call's way.

use crate::Postgres;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::sync::atomic::{AtomicU64, Ordering};

/// One counter.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self) {
        self.add_many(1);
    }

    pub(crate) fn add_many(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counters of the whole host.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) statements: Count,
    pub(crate) statement_errors: Count,
    pub(crate) statement_micros: Count,
    pub(crate) prepares: Count,
    pub(crate) stale_statements: Count,
    pub(crate) connects: Count,
    pub(crate) connect_errors: Count,
    pub(crate) resets: Count,
    pub(crate) discarded: Count,
    pub(crate) busy: Count,
    pub(crate) streams: Count,
    pub(crate) stalled_streams: Count,
}

impl Counters {
    fn all(&self) -> [(&'static str, &'static str, &Count); 12] {
        [
            ("statements", "Statements given to a database", &self.statements),
            ("statement_errors", "Statements that failed", &self.statement_errors),
            ("statement_micros", "Time spent on statements, in microseconds", &self.statement_micros),
            ("prepares", "Statements prepared", &self.prepares),
            (
                "stale_statements",
                "Prepared statements that no longer fitted the schema",
                &self.stale_statements,
            ),
            ("connects", "Connections opened", &self.connects),
            ("connect_errors", "Connections that could not be opened", &self.connect_errors),
            ("resets", "Sessions reset after use", &self.resets),
            ("discarded", "Connections closed because they could not be used again", &self.discarded),
            ("busy", "Calls refused because every dedicated connection was in use", &self.busy),
            ("streams", "Results too large to be handed over in one go", &self.streams),
            ("stalled_streams", "Streamed results given up because nobody read them", &self.stalled_streams),
        ]
    }
}

/// How full one pool is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fill {
    /// Shared connections with at least one call in flight.
    pub shared_used: usize,
    /// Shared connections without one.
    pub shared_idle: usize,
    /// Calls in flight on shared connections.
    pub calls: usize,
    /// Dedicated connections handed out.
    pub dedicated_used: usize,
    /// Dedicated connections open and free.
    pub dedicated_idle: usize,
    /// Calls that wait for a dedicated connection.
    pub waiting: usize,
}

impl Collector for Postgres {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for (name, help, count) in self.counters().all() {
            let name = format!("postgres_{name}");
            let metric = ConstCounter::new(count.get());
            metric.encode(encoder.encode_descriptor(&name, help, None, MetricType::Counter)?)?;
        }
        type Gauge = (&'static str, &'static str, fn(&Fill) -> usize);
        const GAUGES: [Gauge; 6] = [
            ("postgres_shared_used", "Shared connections in use", |fill| fill.shared_used),
            ("postgres_shared_idle", "Shared connections not in use", |fill| fill.shared_idle),
            ("postgres_calls", "Calls in flight on shared connections", |fill| fill.calls),
            ("postgres_dedicated_used", "Dedicated connections in use", |fill| fill.dedicated_used),
            ("postgres_dedicated_idle", "Dedicated connections not in use", |fill| fill.dedicated_idle),
            ("postgres_waiting", "Calls waiting for a dedicated connection", |fill| fill.waiting),
        ];
        let fills = self.fill();
        for (name, help, read) in GAUGES {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (database, fill) in &fills {
                let labels = [("database", database.as_str())];
                let value = i64::try_from(read(fill)).unwrap_or(i64::MAX);
                ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

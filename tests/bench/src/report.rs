//! The table, and the same as JSON.

use crate::starts::{COMPONENTS, Starts};
use anyhow::Result;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use tests_load::Round;

/// The rounds of one program in one case.
#[derive(Default)]
pub(crate) struct Series {
    per_second: Vec<f64>,
    p99_us: Vec<u64>,
    errors: u64,
}

impl Series {
    pub(crate) fn add(&mut self, round: Round) {
        self.per_second.push(round.per_second);
        self.p99_us.push(round.p99_us);
        self.errors += round.errors;
        self.per_second.sort_by(f64::total_cmp);
        self.p99_us.sort_unstable();
    }

    /// Lowest, median and highest, requests per second; `None` without rounds.
    fn rates(&self) -> Option<[f64; 3]> {
        Some([
            *self.per_second.first()?,
            self.per_second[self.per_second.len() / 2],
            *self.per_second.last()?,
        ])
    }
}

/// One case on all programs.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) native: Series,
    pub(crate) host: Series,
    pub(crate) bare: Series,
    pub(crate) spin: Series,
}

/// What a run found.
pub(crate) struct Report {
    lines: Vec<String>,
    json: serde_json::Map<String, Value>,
    cases: Vec<Value>,
}

const MIB: u64 = 1 << 20;

impl Report {
    pub(crate) fn new(rounds: usize, round_ms: u64, connections: usize) -> Self {
        let head = format!(
            "{connections} connections, {rounds} alternating rounds of {round_ms} ms; requests/s: median (lowest–highest)\n\n\
             {:<30} {:>26} {:>26} {:>8} {:>7} {:>9} {:>7}",
            "case", "native", "host", "ratio", "aim", "p99 ms", "errors"
        );
        Report { lines: vec![head], json: serde_json::Map::new(), cases: Vec::new() }
    }

    pub(crate) fn add(&mut self, name: &str, aim: Option<f64>, figures: Figures) {
        let (Some(native), Some(host)) = (figures.native.rates(), figures.host.rates()) else { return };
        let ratio = host[1] / native[1];
        let shown = |[low, median, high]: [f64; 3]| format!("{median:.0} ({low:.0}–{high:.0})");
        let p99_us = figures.host.p99_us.get(figures.host.p99_us.len() / 2).copied().unwrap_or_default();
        let errors = figures.native.errors + figures.host.errors;
        let aim_shown = aim.map_or_else(|| "-".to_owned(), |aim| format!("{aim:.2}"));
        self.lines.push(format!(
            "{name:<30} {:>26} {:>26} {ratio:>8.2} {aim_shown:>7} {:>9} {errors:>7}",
            shown(native),
            shown(host),
            format!("{}.{:03}", p99_us / 1000, p99_us % 1000),
        ));
        let (bare, spin) = (figures.bare.rates(), figures.spin.rates());
        for (other, series) in [("bare wasmtime", &figures.bare), ("Spin", &figures.spin)] {
            let Some(rates) = series.rates() else { continue };
            let (of_native, of_other) = (rates[1] / native[1], host[1] / rates[1]);
            self.lines.push(format!(
                "  {other}: {}, {of_native:.2} of native, {} errors; the host reaches {of_other:.2} of it",
                shown(rates),
                series.errors
            ));
        }
        self.cases.push(json!({
            "case": name, "native": native, "host": host, "bare": bare, "spin": spin, "ratio": ratio, "aim": aim,
            "hostP99Us": p99_us, "errors": errors, "bareErrors": figures.bare.errors, "spinErrors": figures.spin.errors,
        }));
    }

    pub(crate) fn idle_bytes(&mut self, bytes: u64) {
        self.json.insert("residentIdleBytes".into(), bytes.into());
    }

    pub(crate) fn loaded_bytes(&mut self, bytes: u64) {
        let idle = self.json.get("residentIdleBytes").and_then(Value::as_u64).unwrap_or_default();
        self.lines.push(format!(
            "\nresident memory: {} MiB idle, {} MiB after the load",
            idle / MIB,
            bytes / MIB
        ));
        self.json.insert("residentLoadedBytes".into(), bytes.into());
    }

    pub(crate) fn starts(&mut self, starts: Starts) {
        let warm: Vec<u128> = starts.warm.iter().map(std::time::Duration::as_millis).collect();
        let median = warm.get(warm.len() / 2).copied().unwrap_or_default();
        let cold = starts.cold.as_millis();
        self.lines.push(format!(
            "start with {COMPONENTS} components to the first 200: {cold} ms cold, {median} ms warm ({warm:?})"
        ));
        self.json.insert("startColdMs".into(), json!(cold));
        self.json.insert("startWarmMs".into(), json!(warm));
    }

    pub(crate) fn spread(&mut self, figures: Vec<(usize, f64, u64)>) {
        let mut line = "empty answers/s by components in use:".to_owned();
        for (in_use, per_second, errors) in &figures {
            // Writing to a string cannot fail.
            let _ = write!(line, " {in_use}: {per_second:.0} ({errors} errors)");
        }
        self.lines.push(line);
        self.json.insert("byComponentsInUse".into(), json!(figures));
    }

    pub(crate) fn print_and_keep(mut self, folder: &Path) -> Result<()> {
        self.json.insert("cases".into(), self.cases.into());
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("result.json"), serde_json::to_vec_pretty(&self.json)?)?;
        writeln!(std::io::stdout(), "{}", self.lines.join("\n"))?;
        Ok(())
    }
}

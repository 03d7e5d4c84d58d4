//! The cases, and the order in which they run.

use crate::report::{Figures, Report, Series};
use crate::servers::{self, Data};
use crate::starts;
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::time::Duration;
use tests_load::{Get, Program};

/// What a run is asked to do.
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) round_ms: u64,
    pub(crate) connections: usize,
    pub(crate) only: Option<String>,
    pub(crate) host: PathBuf,
    pub(crate) spin: Option<PathBuf>,
}

/// A case: its path on each program, and the share of native that is aimed at.
struct Case {
    name: &'static str,
    native: &'static str,
    host: &'static str,
    bare: bool,
    aim: Option<f64>,
}

const CASES: &[Case] = &[
    Case { name: "empty answer", native: "/bench/empty", host: "/bench/empty", bare: true, aim: Some(0.35) },
    Case { name: "Redis INCR", native: "/bench/redis", host: "/bench/redis", bare: false, aim: Some(0.5) },
    Case { name: "read one row", native: "/bench/row", host: "/bench/row", bare: false, aim: Some(0.6) },
    Case { name: "write", native: "/bench/write", host: "/bench/write", bare: false, aim: Some(0.7) },
    Case {
        name: "write behind one middleware",
        native: "/bench/write",
        host: "/bench-one-middleware/write",
        bare: false,
        aim: None,
    },
    Case {
        name: "write behind two middlewares",
        native: "/bench/write",
        host: "/bench-two-middlewares/write",
        bare: false,
        aim: None,
    },
];

/// Runs everything and prints the table.
pub(crate) async fn run(plan: &Plan) -> Result<()> {
    let host = plan.host.canonicalize().with_context(|| format!("{} is not built", plan.host.display()))?;
    let data = Data::start().await?;
    let state = tempfile::tempdir()?;
    let manifest = tests_checkout::top().join("tests/bench/spin.toml");
    let ours = servers::host(&host, &manifest, state.path(), &data, "/bench/empty").await?;
    let native = servers::own(
        "native",
        &[("--database-url", data.database.database_url.clone()), ("--redis-url", data.stack.redis_url())],
        "/bench/empty",
    )
    .await?;
    let spin = match &plan.spin {
        Some(spin) => Some(servers::spin(spin, &manifest, state.path(), &data, "/bench/empty").await?),
        None => None,
    };
    let component = tests_checkout::top().join("target/wasm32-wasip2/release/tests_components_bench.wasm");
    let bare =
        servers::own("bare", &[("--component", component.display().to_string())], "/bench/empty").await?;
    let mut report = Report::new(plan.rounds, plan.round_ms, plan.connections);
    report.idle_bytes(ours.resident_bytes()?);
    let wanted = |case: &&Case| plan.only.as_deref().is_none_or(|only| case.name.contains(only));
    for case in CASES.iter().filter(wanted) {
        let figures = measure(plan, case, &native, &ours, &bare, spin.as_ref()).await?;
        report.add(case.name, case.aim, figures);
    }
    report.loaded_bytes(ours.resident_bytes()?);
    drop((native, ours, bare, spin));
    if plan.only.is_none() {
        report.starts(starts::measure(&host, &data).await?);
        report.spread(starts::many_components(plan, &host, &data).await?);
    }
    data.stack.stop().await?;
    report.print_and_keep(&tests_checkout::top().join("target/bench"))
}

/// Alternating rounds, after one that warms both up and does not count.
async fn measure(
    plan: &Plan,
    case: &Case,
    native: &Program,
    ours: &Program,
    bare: &Program,
    spin: Option<&Program>,
) -> Result<Figures> {
    let time = Duration::from_millis(plan.round_ms);
    let mut figures = Figures::default();
    for number in 0..=plan.rounds {
        let one = async |server: &Program, path: &str, series: &mut Series| -> Result<()> {
            let round =
                tests_load::round(server.address, &[Get(path.to_owned())], plan.connections, time).await?;
            if number > 0 {
                series.add(round);
            }
            Ok(())
        };
        one(native, case.native, &mut figures.native).await?;
        one(ours, case.host, &mut figures.host).await?;
        if case.bare {
            one(bare, case.native, &mut figures.bare).await?;
        }
        if let Some(spin) = spin {
            one(spin, case.host, &mut figures.spin).await?;
        }
    }
    Ok(figures)
}

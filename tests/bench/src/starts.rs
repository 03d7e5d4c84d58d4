//! How fast the host starts, and what many components cost.

use crate::cases::Plan;
use crate::servers::{self, Data};
use anyhow::Result;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;
use tests_load::Get;

/// Components of the start's manifest.
pub(crate) const COMPONENTS: usize = 20;
const WARM_STARTS: usize = 5;
const IN_USE: [usize; 3] = [1, 4, 16];

/// From `moalog serve` to the first 200.
pub(crate) struct Starts {
    pub(crate) cold: Duration,
    /// Ascending.
    pub(crate) warm: Vec<Duration>,
}

/// A manifest with `count` different components: the same code, each with bytes of its own, so that each is compiled.
fn manifest(folder: &Path, count: usize) -> Result<std::path::PathBuf> {
    let wasm = std::fs::read(
        tests_checkout::top().join("target/wasm32-wasip2/release/tests_components_bench.wasm"),
    )?;
    let mut text = String::from(
        "spin_manifest_version = 2\n[application]\nname = \"bench\"\n[variables]\n\
         database_url = { default = \"-\" }\ndatabase_origin = { default = \"postgres://127.0.0.1:1\" }\n\
         redis_url = { default = \"-\" }\nredis_origin = { default = \"redis://127.0.0.1:1\" }\n",
    );
    for number in 1..=count {
        let mut own = wasm.clone();
        // A custom section (id 0) of one name: ignored by everyone, but other bytes.
        let name = format!("n{number}");
        let length = u8::try_from(name.len())?;
        own.extend([0, length + 1, length]);
        own.extend(name.as_bytes());
        std::fs::write(folder.join(format!("c{number}.wasm")), own)?;
        write!(
            text,
            "[[trigger.http]]\nroute = \"/c{number}/...\"\ncomponent = \"c{number}\"\n\
             [component.c{number}]\nsource = \"c{number}.wasm\"\n"
        )?;
    }
    let path = folder.join("spin.toml");
    std::fs::write(&path, text)?;
    Ok(path)
}

/// One cold start (empty cache) and some warm ones, with [`COMPONENTS`] components.
pub(crate) async fn measure(host: &Path, data: &Data) -> Result<Starts> {
    let folder = tempfile::tempdir()?;
    let manifest = manifest(folder.path(), COMPONENTS)?;
    let state = folder.path().join("state");
    let cold = servers::host(host, &manifest, &state, data, "/c1/empty").await?.start;
    let mut warm = Vec::new();
    for _ in 0..WARM_STARTS {
        warm.push(servers::host(host, &manifest, &state, data, "/c1/empty").await?.start);
    }
    warm.sort_unstable();
    Ok(Starts { cold, warm })
}

/// Requests per second of empty answers while 1, 4 and 16 components share the load.
pub(crate) async fn many_components(plan: &Plan, host: &Path, data: &Data) -> Result<Vec<(usize, f64, u64)>> {
    let folder = tempfile::tempdir()?;
    let manifest = manifest(folder.path(), COMPONENTS)?;
    let server = servers::host(host, &manifest, &folder.path().join("state"), data, "/c1/empty").await?;
    let time = Duration::from_millis(plan.round_ms);
    let mut figures = Vec::new();
    for in_use in IN_USE {
        let paths: Vec<Get> = (1..=in_use).map(|number| Get(format!("/c{number}/empty"))).collect();
        tests_load::round(server.address, &paths, plan.connections, time / 2).await?;
        let round = tests_load::round(server.address, &paths, plan.connections, time).await?;
        figures.push((in_use, round.per_second, round.errors));
    }
    Ok(figures)
}

//! `make bench`: what the native host costs, as ratios against native programs in the same run.
//!
//! Each case runs in alternating rounds on the native axum program (`native.rs`: the same SQL, a pool, cached
//! statements), on Moalog's host, and, where no capability is asked, on a bare wasmtime host (`bare.rs`: the same
//! component, nothing around it); with `--spin`, on Spin, too. All are processes of their own on loopback; the load comes from this one. One table
//! is printed, and kept as JSON under `target/bench/`.

mod bare;
mod cases;
mod native;
mod report;
mod servers;
mod starts;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Measures the native host.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    /// Rounds of each case; the table shows the median and the spread.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Length of a round, in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    round_ms: u64,
    /// Kept-alive connections.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Only the cases whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// The host to measure.
    #[arg(long, default_value = "target/dist/moalog")]
    host: std::path::PathBuf,
    /// A `spin` program to measure beside it, on the same manifest.
    #[arg(long)]
    spin: Option<std::path::PathBuf>,
}

#[derive(Subcommand)]
enum Role {
    /// Serves the same routes without WebAssembly; started by the benchmark itself.
    #[command(hide = true)]
    Native(native::Args),
    /// Serves the component on wasmtime and nothing else; started by the benchmark itself.
    #[command(hide = true)]
    Bare(bare::Args),
}

/// The host's allocator, so that it makes no difference.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match cli.role {
        Some(Role::Native(args)) => runtime.block_on(native::serve(args)),
        Some(Role::Bare(args)) => runtime.block_on(bare::serve(args)),
        None => {
            let plan = cases::Plan {
                rounds: cli.rounds,
                round_ms: cli.round_ms,
                connections: cli.connections,
                only: cli.only,
                host: cli.host,
                spin: cli.spin,
            };
            runtime.block_on(cases::run(&plan))
        }
    }
}

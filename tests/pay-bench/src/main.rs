//! `make bench`: what the payment platform does on this machine, and what it would do as a native program.
//!
//! The whole app runs as `moalog up` runs it, on private servers that keep their data as always; its provider is the
//! sandbox under the profile `loadtest`. The native program (`native.rs`) runs the same SQL and asks the same provider.
//! Afterwards the books are compared (`books.rs`): a figure counts only when nothing was charged twice and the ledger is
//! in balance. Load, app, provider, database and Redis share the machine.

mod books;
mod growth;
mod native;
mod outbox;
mod requests;
mod run;
mod settlement;
mod stack;
mod statements;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Everything here makes many small allocations, as the host does, which has the same allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the payment platform.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    /// Rounds of each program, taken in turns; the table shows the median.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Length of a round, in milliseconds.
    #[arg(long, default_value_t = 5_000)]
    round_ms: u64,
    /// Length of the sustained run, in milliseconds.
    #[arg(long, default_value_t = 60_000)]
    sustained_ms: u64,
    /// Kept-alive connections.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// The host to measure.
    #[arg(long, default_value = "target/dist/moalog")]
    host: std::path::PathBuf,
}

#[derive(Subcommand)]
enum Role {
    /// Authorizes payments without WebAssembly; started by the benchmark itself.
    #[command(hide = true)]
    Native(native::Args),
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match cli.role {
        Some(Role::Native(args)) => runtime.block_on(native::serve(args)),
        None => {
            let Cli { rounds, round_ms, sustained_ms, connections, host, .. } = cli;
            let plan = run::Plan { rounds, round_ms, sustained_ms, connections, host };
            runtime.block_on(run::all(&plan))
        }
    }
}

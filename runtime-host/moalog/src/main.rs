//! The `moalog` program: a command line over the library.

mod cli;
mod command;
mod signals;
mod terminal;

use anyhow::Result;
use clap::Parser;
use cli::{Cli, Command};
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

/// A request makes some hundred small allocations, most of them inside wasmtime.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long work on blocking threads may still take at the end, in milliseconds: after a start that was given up, a
/// file being read or a name being looked up; otherwise there is none.
const END_MS_MAX: u64 = 500;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Nothing is left to do when even standard error is closed.
            let _ = writeln!(std::io::stderr(), "moalog: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Routes(args) => return command::routes::run(&args),
        Command::Doctor(args) => return command::doctor::run(&args),
        Command::Up(_) | Command::Serve(_) | Command::Migrate(_) => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        match command {
            Command::Up(args) => Box::pin(command::up::run(*args)).await,
            Command::Serve(args) => Box::pin(command::serve::run(*args)).await,
            Command::Migrate(args) => command::migrate::run(args).await,
            Command::Routes(_) | Command::Doctor(_) => Ok(()),
        }
    });
    runtime.shutdown_timeout(Duration::from_millis(END_MS_MAX));
    ended
}

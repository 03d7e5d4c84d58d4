//! `moalog-dev-stack`: the private servers alone, for use with `psql`, `redis-cli` or another host such as `spin up`.
//!
//! Prints their addresses as shell lines, then runs until Ctrl-C or SIGTERM.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use host_dev_stack::{Data, DevStack, Settings, StackError};
use tokio::signal::unix::{SignalKind, signal};

/// Starts private PostgreSQL and Redis servers and prints their addresses.
#[derive(Parser)]
#[command(
    name = "moalog-dev-stack",
    after_help = "Example:\n  moalog-dev-stack --folder /tmp/stack > addresses &"
)]
struct Arguments {
    /// Folder that holds the servers' data and passwords.
    #[arg(long, default_value = ".moalog")]
    folder: PathBuf,
    /// Throw the data of earlier runs away first.
    #[arg(long)]
    fresh: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("moalog-dev-stack: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let data = if arguments.fresh { Data::Cleared } else { Data::Kept };
    let settings = Settings { folder: arguments.folder, data, ..Settings::default() };
    let stack = tokio::select! {
        stack = DevStack::start(settings, |step| eprintln!("{step}")) => stack?,
        _ = tokio::signal::ctrl_c() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    let mut out = std::io::stdout();
    writeln!(out, "MOALOG_DATABASE_URL='{}'", stack.database_url())?;
    writeln!(out, "MOALOG_MIGRATION_URL='{}'", stack.owner_url())?;
    writeln!(out, "MOALOG_SANDBOX_DATABASE_URL='{}'", stack.sandbox_database_url())?;
    writeln!(out, "MOALOG_REDIS_URL='{}'", stack.redis_url())?;
    out.flush()?;
    let lost = tokio::select! {
        lost = stack.server_lost() => Some(lost),
        _ = tokio::signal::ctrl_c() => None,
        _ = terminate.recv() => None,
    };
    stack.stop().await?;
    match lost {
        Some(lost) => Err(Failure::Lost(lost)),
        None => Ok(()),
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Stack(#[from] StackError),
    #[error("standard output or signals: {0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Lost(String),
}

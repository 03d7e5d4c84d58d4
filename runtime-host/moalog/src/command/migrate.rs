//! `moalog migrate`

use crate::cli::Migrate;
use crate::terminal::say;
use anyhow::Result;
use host_migrations::{Database, Migrations, Report};

/// Applies what is new and says what that was.
pub(crate) async fn run(args: Migrate) -> Result<()> {
    let migrations = match &args.folder {
        Some(folder) => Migrations::read(folder)?,
        None => Migrations::embedded()?,
    };
    let database = Database { owner_url: &args.migration_url, authority: args.authority.as_deref() };
    let report = host_migrations::migrate(database, &migrations).await?;
    for file in &report.applied {
        say(format_args!("applied {file}"));
    }
    say(told(&report));
    Ok(())
}

/// The report in half a sentence.
pub(crate) fn told(report: &Report) -> String {
    match report.applied.len() {
        0 => format!("up to date ({} migrations)", report.already_there),
        1 => format!("1 migration applied, {} were there", report.already_there),
        new => format!("{new} migrations applied, {} were there", report.already_there),
    }
}

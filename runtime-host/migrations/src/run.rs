//! One run: connect, wait for the lock, apply what is missing.

use std::path::Path;
use std::time::{Duration, Instant};

use refinery::Runner;
use tokio_postgres::{Client, Config};

use crate::{MigrateError, Migrations, tls};

/// How long a host waits for another one that is migrating.
pub const LOCK_WAIT_MS_MAX: u64 = 120_000;
const LOCK_POLL_MS: u64 = 100;
const CONNECT_MS_MAX: u64 = 5_000;

/// Key of the session-level advisory lock: "moalog" in ASCII.
const LOCK_KEY: i64 = 0x6d6f_616c_6f67;

/// Where applied migrations are noted. Named with its schema, as a migration may set another search path.
const HISTORY_TABLE: &str = "public.refinery_schema_history";

/// A statement that waits longer than this for a table in use gives up rather than stop everyone behind it; the
/// file is then applied by the next run.
const SESSION_SETTINGS: &str = "SET lock_timeout = '10s'; SET statement_timeout = 0; \
                                SET client_min_messages = warning; SET application_name = 'moalog-migrate'";

/// The database to migrate.
#[derive(Clone, Copy)]
pub struct Database<'a> {
    /// Address of the role that owns it, as a URL or `key=value` pairs.
    pub owner_url: &'a str,
    /// Certificate (PEM) of the authority that signed the server's; default: the public authorities.
    pub authority: Option<&'a Path>,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// File names, in order of application.
    pub applied: Vec<String>,
    /// Migrations that the database had already.
    pub already_there: usize,
}

/// Applies all migrations that the database does not have, each file in a transaction of its own.
///
/// # Errors
/// See [`MigrateError`]; a file is applied whole or not at all.
pub async fn migrate(database: Database<'_>, migrations: &Migrations) -> Result<Report, MigrateError> {
    let mut client = connect(database).await?;
    client.batch_execute(SESSION_SETTINGS).await.map_err(|error| MigrateError::Connect(plain(&error)))?;
    lock(&client).await?;
    // The lock goes with the connection, on every way out of here.
    restate(&client, migrations).await.map_err(|error| MigrateError::Connect(plain(&error)))?;
    let wanted: Vec<_> = migrations.files().iter().map(|file| file.migration.clone()).collect();
    let mut runner = Runner::new(&wanted).set_abort_divergent(true).set_abort_missing(true);
    runner.set_migration_table_name(HISTORY_TABLE);
    let report =
        runner.run_async(&mut client).await.map_err(|error| MigrateError::of(&error, migrations.files()))?;
    let applied: Vec<String> = report
        .applied_migrations()
        .iter()
        .filter_map(|done| migrations.files().iter().find(|file| file.migration.version() == done.version()))
        .map(|file| file.name.clone())
        .collect();
    let already_there = migrations.len() - applied.len();
    Ok(Report { applied, already_there })
}

/// Notes of each file that stands for an earlier text that it was applied, where that text was.
async fn restate(client: &Client, migrations: &Migrations) -> Result<(), tokio_postgres::Error> {
    let there = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&HISTORY_TABLE]).await?;
    if !there.get::<_, bool>(0) {
        return Ok(());
    }
    let statement = format!("UPDATE {HISTORY_TABLE} SET checksum = $1 WHERE version = $2 AND checksum = $3");
    for file in migrations.files() {
        if let Some(former) = file.restates {
            let (now, former) = (file.migration.checksum().to_string(), former.to_string());
            client.execute(&statement, &[&now, &file.migration.version(), &former]).await?;
        }
    }
    Ok(())
}

async fn connect(database: Database<'_>) -> Result<Client, MigrateError> {
    let mut config: Config = tls::with_known_ssl_mode(database.owner_url)
        .parse()
        .map_err(|error: tokio_postgres::Error| MigrateError::Address(error.to_string()))?;
    config.connect_timeout(Duration::from_millis(CONNECT_MS_MAX));
    let connector = tls::connector(database.authority)?;
    let (client, connection) =
        config.connect(connector).await.map_err(|error| MigrateError::Connect(plain(&error)))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the migrating connection ended");
        }
    });
    Ok(client)
}

/// Waits for the lock by asking again and again: a waiting lock call would keep a transaction open for its time.
async fn lock(client: &Client) -> Result<(), MigrateError> {
    let since = Instant::now();
    loop {
        let row = client
            .query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK_KEY])
            .await
            .map_err(|error| MigrateError::Connect(plain(&error)))?;
        if row.get(0) {
            return Ok(());
        }
        if since.elapsed() > Duration::from_millis(LOCK_WAIT_MS_MAX) {
            return Err(MigrateError::Locked { waited_ms: LOCK_WAIT_MS_MAX });
        }
        tokio::time::sleep(Duration::from_millis(LOCK_POLL_MS)).await;
    }
}

/// The server's own sentence, or the driver's with its cause.
fn plain(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(server), _) => format!("{} [{}]", server.message(), server.code().code()),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

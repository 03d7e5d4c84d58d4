//! The servers and the programs of the benchmark.

use anyhow::{Result, bail};
use host_dev_stack::{Database, DevStack};
use std::path::Path;
use std::process::{Command, Stdio};
use tests_load::{Program, free_address};

/// The database and Redis that all programs use.
pub(crate) struct Data {
    pub(crate) stack: DevStack,
    pub(crate) database: Database,
}

impl Data {
    /// Throwaway servers with the benchmark's schema.
    pub(crate) async fn start() -> Result<Self> {
        let stack = DevStack::throwaway().await?;
        let database = stack.create_database(None).await?;
        let (owner, connection) = tokio_postgres::connect(&database.owner_url, tokio_postgres::NoTls).await?;
        let driver = tokio::spawn(connection);
        owner.batch_execute(include_str!("../../components/bench/schema.sql")).await?;
        let grants = "GRANT USAGE ON SCHEMA bench TO moalog_app; \
                      GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA bench TO moalog_app; ANALYZE bench.item";
        owner.batch_execute(grants).await?;
        drop(owner);
        driver.await??;
        Ok(Data { stack, database })
    }
}

/// Moalog's host with `manifest`, its compiled components under `state`.
pub(crate) async fn host(
    program: &Path,
    manifest: &Path,
    state: &Path,
    data: &Data,
    probe: &str,
) -> Result<Program> {
    if !program.is_file() {
        bail!("{} is not built: make bench builds it", program.display());
    }
    let (address, admin) = (free_address()?, free_address()?);
    let mut command = Command::new(program);
    command.arg("serve").arg("--from").arg(manifest).arg("--state").arg(state);
    command.arg("--listen").arg(address.to_string()).arg("--admin-listen").arg(admin.to_string());
    for (name, value) in variables(data) {
        command.arg("--variable").arg(format!("{name}={value}"));
    }
    // The request log is part of the host's work; where it goes is not measured.
    command.env("MOALOG_LOG_FORMAT", "json").stderr(Stdio::null()).stdout(Stdio::null());
    Program::start(command, address, probe).await
}

/// Spin with the same manifest and the same variables.
pub(crate) async fn spin(
    program: &Path,
    manifest: &Path,
    state: &Path,
    data: &Data,
    probe: &str,
) -> Result<Program> {
    let address = free_address()?;
    let mut command = Command::new(program);
    command.arg("up").arg("--from").arg(manifest).arg("--listen").arg(address.to_string());
    command.arg("--state-dir").arg(state.join("spin")).arg("--quiet");
    for (name, value) in variables(data) {
        command.env(format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase()), value);
    }
    command.stderr(Stdio::null()).stdout(Stdio::null());
    Program::start(command, address, probe).await
}

/// Values of the manifest's variables.
fn variables(data: &Data) -> [(&'static str, String); 4] {
    let (database, redis) = (&data.database.database_url, data.stack.redis_url());
    [
        ("database_url", database.clone()),
        ("database_origin", origin(database)),
        ("redis_origin", origin(&redis)),
        ("redis_url", redis),
    ]
}

/// One of this program's own servers: `native` or `bare`.
pub(crate) async fn own(role: &str, arguments: &[(&str, String)], probe: &str) -> Result<Program> {
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(role).arg("--listen").arg(address.to_string());
    for (name, value) in arguments {
        command.arg(name).arg(value);
    }
    Program::start(command, address, probe).await
}

fn origin(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}")
}

//! The programs under load, each a process of its own that goes with this one.

use anyhow::{Context, Result, bail};
use host_dev_stack::{Database, DevStack};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tests_load::Get;
use tokio::net::TcpStream;

const START_MS_MAX: u64 = 300_000;

/// A running program; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From its start to its first answer.
    pub(crate) start: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Resident memory now, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
    }
}

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

/// An address of loopback that is free now.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Moalog's host with `manifest`, its compiled components under `state`.
pub(crate) async fn host(
    program: &Path,
    manifest: &Path,
    state: &Path,
    data: &Data,
    probe: &str,
) -> Result<Server> {
    if !program.is_file() {
        bail!("{} is not built: make bench builds it", program.display());
    }
    let (address, admin) = (free_address()?, free_address()?);
    let mut command = Command::new(program);
    command.arg("serve").arg("--from").arg(manifest).arg("--state").arg(state);
    command.arg("--listen").arg(address.to_string()).arg("--admin-listen").arg(admin.to_string());
    for (name, value) in [
        ("database_url", data.database.database_url.clone()),
        ("database_origin", origin(&data.database.database_url)),
        ("redis_url", data.stack.redis_url()),
        ("redis_origin", origin(&data.stack.redis_url())),
    ] {
        command.arg("--variable").arg(format!("{name}={value}"));
    }
    // The request log is part of the host's work; where it goes is not measured.
    command.env("MOALOG_LOG_FORMAT", "json").stderr(Stdio::null()).stdout(Stdio::null());
    started(command, address, probe).await
}

/// One of this program's own servers: `native` or `bare`.
pub(crate) async fn own(role: &str, arguments: &[(&str, String)], probe: &str) -> Result<Server> {
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(role).arg("--listen").arg(address.to_string());
    for (name, value) in arguments {
        command.arg(name).arg(value);
    }
    started(command, address, probe).await
}

async fn started(mut command: Command, address: SocketAddr, probe: &str) -> Result<Server> {
    let began = Instant::now();
    let child = command.stdin(Stdio::null()).spawn().context("starting a server")?;
    let mut server = Server { child, address, start: Duration::ZERO };
    while !answers(address, probe).await {
        if let Some(status) = server.child.try_wait()? {
            bail!("a server ended at its start: {status}");
        }
        if began.elapsed() > Duration::from_millis(START_MS_MAX) {
            bail!("a server did not answer within {START_MS_MAX} ms");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.start = began.elapsed();
    Ok(server)
}

async fn answers(address: SocketAddr, path: &str) -> bool {
    if TcpStream::connect(address).await.is_err() {
        return false;
    }
    let round = tests_load::round(address, &[Get(path.to_owned())], 1, Duration::from_millis(1)).await;
    round.is_ok_and(|round| round.errors == 0)
}

fn origin(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}")
}

/// The folder of the checkout.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap_or_else(|_| PathBuf::from("."))
}

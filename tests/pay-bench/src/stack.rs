//! The servers and the programs of the benchmark.

use crate::native;
use anyhow::{Context, Result};
use host_dev_stack::{DevStack, Settings};
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;
use tests_load::{Program, free_address};

/// Private servers, and the folder of their data.
pub(crate) struct Servers {
    pub(crate) stack: DevStack,
    pub(crate) folder: TempDir,
}

impl Servers {
    /// Starts them as `moalog up` does.
    pub(crate) async fn start() -> Result<Self> {
        Servers::of(tempfile::tempdir()?).await
    }

    /// The same data behind servers that have ended in order and begun again.
    pub(crate) async fn restarted(self) -> Result<Self> {
        self.stack.stop().await?;
        Servers::of(self.folder).await
    }

    async fn of(folder: TempDir) -> Result<Self> {
        let settings = Settings { folder: folder.path().join("servers"), ..Settings::default() };
        let stack = DevStack::start(settings, |_| {}).await?;
        Ok(Servers { stack, folder })
    }
}

/// The whole app with its sandbox.
pub(crate) struct App {
    pub(crate) server: Program,
    pub(crate) sandbox: SocketAddr,
}

/// `moalog up` on the given servers, its provider set to the profile `loadtest`.
pub(crate) async fn app(host: &Path, servers: &Servers) -> Result<App> {
    let host = host.canonicalize().with_context(|| format!("{} is not built", host.display()))?;
    let (address, admin, sandbox) = (free_address()?, free_address()?, free_address()?);
    let stack = &servers.stack;
    let mut command = Command::new(host);
    command
        .arg("up")
        .current_dir(tests_checkout::top())
        .arg("--state")
        .arg(servers.folder.path().join("state"));
    for (flag, value) in [
        ("--listen", address.to_string()),
        ("--admin-listen", admin.to_string()),
        ("--sandbox-listen", sandbox.to_string()),
        ("--database-url", stack.database_url()),
        ("--migration-url", stack.owner_url()),
        ("--sandbox-database-url", stack.sandbox_database_url()),
        ("--redis-url", stack.redis_url()),
    ] {
        command.arg(flag).arg(value);
    }
    // The request log is part of the host's work; where it goes is not measured.
    command.env("MOALOG_LOG_FORMAT", "json").stderr(Stdio::null()).stdout(Stdio::null());
    let server = Program::start(command, address, "/").await?;
    let profile = json!({ "name": "loadtest" });
    let set = reqwest::Client::new().put(format!("http://{sandbox}/v1/sandbox/profile")).json(&profile);
    set.send().await?.error_for_status().context("setting the sandbox's profile")?;
    Ok(App { server, sandbox })
}

/// The native program on the same servers and the same sandbox.
pub(crate) async fn native_program(servers: &Servers, app: &App) -> Result<Program> {
    let secrets = std::fs::read_to_string(servers.folder.path().join("state/secrets.json"))?;
    let secrets: serde_json::Value = serde_json::from_str(&secrets)?;
    let secret = secrets["toss_secret_key"].as_str().context("the app made a key for the provider")?;
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("native").arg("--listen").arg(address.to_string());
    command.arg("--database-url").arg(servers.stack.database_url());
    command.arg("--provider-url").arg(format!("http://{}", app.sandbox));
    command.env(native::PROVIDER_KEY, format!("test_sk_{secret}"));
    Program::start(command, address, native::PROBE).await
}

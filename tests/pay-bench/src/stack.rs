//! The programs under load, each a process of its own that goes with this one.

use crate::native;
use anyhow::{Context, Result, bail};
use host_dev_stack::{DevStack, Settings};
use serde_json::json;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const START_MS_MAX: u64 = 300_000;

/// A running program; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Private servers, and the folder of their data.
pub(crate) struct Servers {
    pub(crate) stack: DevStack,
    pub(crate) folder: TempDir,
}

impl Servers {
    /// Starts them as `moalog up` does.
    pub(crate) async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let settings = Settings { folder: folder.path().join("servers"), ..Settings::default() };
        let stack = DevStack::start(settings, |_| {}).await?;
        Ok(Servers { stack, folder })
    }
}

/// The whole app with its sandbox.
pub(crate) struct App {
    pub(crate) server: Server,
    pub(crate) sandbox: SocketAddr,
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// The folder of the checkout, where the manifests are.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// `moalog up` on the given servers, its provider set to the profile `loadtest`.
pub(crate) async fn app(host: &Path, servers: &Servers) -> Result<App> {
    let host = host.canonicalize().with_context(|| format!("{} is not built", host.display()))?;
    let (address, admin, sandbox) = (free_address()?, free_address()?, free_address()?);
    let stack = &servers.stack;
    let mut command = Command::new(host);
    command.arg("up").current_dir(repository()).arg("--state").arg(servers.folder.path().join("state"));
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
    let server = started(command, address).await?;
    let profile = json!({ "name": "loadtest" });
    let set = reqwest::Client::new().put(format!("http://{sandbox}/v1/sandbox/profile")).json(&profile);
    set.send().await?.error_for_status().context("setting the sandbox's profile")?;
    Ok(App { server, sandbox })
}

/// The native program on the same servers and the same sandbox.
pub(crate) async fn native_program(servers: &Servers, app: &App) -> Result<Server> {
    let secrets = std::fs::read_to_string(servers.folder.path().join("state/secrets.json"))?;
    let secrets: serde_json::Value = serde_json::from_str(&secrets)?;
    let secret = secrets["toss_secret_key"].as_str().context("the app made a key for the provider")?;
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("native").arg("--listen").arg(address.to_string());
    command.arg("--database-url").arg(servers.stack.database_url());
    command.arg("--provider-url").arg(format!("http://{}", app.sandbox));
    command.env(native::PROVIDER_KEY, format!("test_sk_{secret}"));
    started(command, address).await
}

async fn started(mut command: Command, address: SocketAddr) -> Result<Server> {
    let began = Instant::now();
    let child = command.stdin(Stdio::null()).spawn().context("starting a server")?;
    let mut server = Server { child, address };
    loop {
        // Any answer will do: the port opens when all is loaded.
        if reqwest::get(format!("http://{address}/")).await.is_ok() {
            return Ok(server);
        }
        if let Some(status) = server.child.try_wait()? {
            bail!("a server ended at its start: {status}");
        }
        if began.elapsed() > Duration::from_millis(START_MS_MAX) {
            bail!("a server did not answer within {START_MS_MAX} ms");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

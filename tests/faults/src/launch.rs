//! Starting a `moalog` process.

use crate::host::{Host, POLL};
use anyhow::{Context, Result, bail};
use std::fs::{File, Permissions};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const START_MS_MAX: u64 = 120_000;

/// An address of loopback for a program that starts within a minute.
pub fn free_address() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, host_dev_stack::reserve_port().expect("loopback has a free port")).into()
}

/// What a host is started with.
pub struct Launch {
    command: &'static str,
    manifest: PathBuf,
    flags: Vec<String>,
    environment: Vec<(String, String)>,
    address: SocketAddr,
}

impl Launch {
    /// `moalog serve` with the test components.
    pub fn components() -> Self {
        Self::serve(tests_checkout::top().join("tests/components/spin.toml"))
    }

    /// `moalog serve --from MANIFEST`
    pub fn serve(manifest: impl Into<PathBuf>) -> Self {
        let manifest = manifest.into();
        Launch {
            command: "serve",
            manifest,
            flags: Vec::new(),
            environment: Vec::new(),
            address: free_address(),
        }
    }

    /// `moalog up`: the app, the sandbox beside it, and whatever server has no address among `flags`.
    pub fn up() -> Self {
        Self::up_from(tests_checkout::top().join("spin.toml"))
    }

    /// `moalog up --from MANIFEST`
    pub fn up_from(manifest: impl Into<PathBuf>) -> Self {
        Launch { command: "up", ..Self::serve(manifest) }.flag("--sandbox-listen", free_address())
    }

    /// `--name value`
    #[must_use]
    pub fn flag(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.flags.extend([name.to_owned(), value.to_string()]);
        self
    }

    /// `--name`
    #[must_use]
    pub fn switch(mut self, name: &str) -> Self {
        self.flags.push(name.to_owned());
        self
    }

    /// The value of an application variable.
    #[must_use]
    pub fn variable(self, name: &str, value: impl std::fmt::Display) -> Self {
        self.flag("--variable", format_args!("{name}={value}"))
    }

    /// An environment variable.
    #[must_use]
    pub fn environment(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Another address than a free one.
    #[must_use]
    pub fn on(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Starts the program, waits for nothing.
    ///
    /// # Errors
    /// When it is not built.
    pub fn spawn(self) -> Result<Host> {
        let state = tempfile::tempdir()?;
        // Servers that the host starts run under another account when the tests run as root.
        std::fs::set_permissions(state.path(), Permissions::from_mode(0o755))?;
        share_compiled(state.path())?;
        let (log, told) = (state.path().join("log"), state.path().join("told"));
        let (address, admin) = (self.address, free_address());
        let program = tests_checkout::top().join("target/release/moalog");
        let mut command = Command::new(&program);
        command
            .current_dir(tests_checkout::top())
            .arg(self.command)
            .arg("--from")
            .arg(&self.manifest)
            .arg("--state")
            .arg(state.path())
            .args(["--listen", &address.to_string(), "--admin-listen", &admin.to_string()])
            .args(&self.flags)
            .envs(self.environment)
            .stdin(Stdio::null())
            .stdout(File::create(&told)?)
            .stderr(File::create(&log)?);
        let child =
            command.spawn().with_context(|| format!("{}: `make build` makes it", program.display()))?;
        Ok(Host { child, address, admin, log, told, _state: state })
    }

    /// Starts the program and waits until its port is open.
    ///
    /// # Errors
    /// When it ends instead.
    pub async fn start(self) -> Result<Host> {
        let mut host = self.spawn()?;
        let began = Instant::now();
        while tokio::net::TcpStream::connect(host.address).await.is_err() {
            if let Some(status) = host.child.try_wait()? {
                bail!("the host ended at its start: {status}\n{}", host.log());
            }
            if began.elapsed() > Duration::from_millis(START_MS_MAX) {
                bail!("the host did not open its port within {START_MS_MAX} ms\n{}", host.log());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(host)
    }
}

/// Components are compiled once for all hosts of all runs.
fn share_compiled(state: &Path) -> Result<()> {
    let compiled = tests_checkout::top().join("target/tests/compiled");
    std::fs::create_dir_all(&compiled)?;
    std::os::unix::fs::symlink(compiled, state.join("compiled"))?;
    Ok(())
}

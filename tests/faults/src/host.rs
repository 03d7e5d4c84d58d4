//! One `moalog` process.

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::Value;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

use crate::repository;

const START_MS_MAX: u64 = 120_000;
const POLL: Duration = Duration::from_millis(10);

/// An address of loopback that is free now.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address")
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
        Self::serve(repository().join("tests/components/spin.toml"))
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
        Self::up_from(repository().join("spin.toml"))
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
        share_compiled(state.path())?;
        let (log, told) = (state.path().join("log"), state.path().join("told"));
        let (address, admin) = (self.address, free_address());
        let program = repository().join("target/release/moalog");
        let mut command = Command::new(&program);
        command
            .current_dir(repository())
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
    let compiled = repository().join("target/tests/compiled");
    std::fs::create_dir_all(&compiled)?;
    std::os::unix::fs::symlink(compiled, state.join("compiled"))?;
    Ok(())
}

/// How a host ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// From the call that waited for it.
    pub after: Duration,
}

/// A running host; killed when dropped.
pub struct Host {
    child: Child,
    address: SocketAddr,
    admin: SocketAddr,
    log: PathBuf,
    told: PathBuf,
    _state: TempDir,
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Host {
    /// Where the app is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the probes are.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// `http://` and a path of the app.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Everything it logged so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Everything it told at the terminal so far.
    pub fn told(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.told).unwrap_or_default()).into_owned()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it is gone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the host can be sent a signal");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end within `bound`.
    pub async fn ended(&mut self, bound: Duration) -> Ended {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be asked for") {
                return Ended { code: status.code(), after: began.elapsed() };
            }
            assert!(began.elapsed() < bound, "the host does not end\n{}", self.log());
            tokio::time::sleep(POLL).await;
        }
    }

    /// Asks a path of the admin port: status and body.
    ///
    /// # Errors
    /// When the port does not answer.
    pub async fn probe(&self, path: &str) -> Result<(u16, String)> {
        let answer = reqwest::get(format!("http://{}{path}", self.admin)).await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// `/readyz`: status, and what it says of each dependency.
    ///
    /// # Errors
    /// When the port does not answer.
    pub async fn ready(&self) -> Result<(u16, Value)> {
        let (status, text) = self.probe("/readyz").await?;
        let body: Value = serde_json::from_str(&text)?;
        Ok((status, body["dependencies"].clone()))
    }

    /// Waits until `/readyz` answers `status`.
    ///
    /// # Panics
    /// When it does not within `bound`.
    pub async fn until_ready_is(&self, status: u16, bound: Duration) -> Value {
        let began = Instant::now();
        loop {
            let said = self.ready().await;
            if let Ok((is, dependencies)) = &said
                && *is == status
            {
                return dependencies.clone();
            }
            assert!(began.elapsed() < bound, "/readyz is not {status} but {said:?}\n{}", self.log());
            tokio::time::sleep(POLL).await;
        }
    }

    /// The sum of a metric over all its labels.
    ///
    /// # Panics
    /// When the admin port does not answer or a sample is no number.
    pub async fn metric(&self, name: &str) -> f64 {
        let (_, text) = self.probe("/metrics").await.expect("the admin port answers");
        let samples = text
            .lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])));
        samples
            .map(|line| {
                line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()).expect("a number")
            })
            .sum()
    }

    /// Waits until a metric has a value.
    ///
    /// # Panics
    /// When it has not within `bound`.
    pub async fn until_metric_is(&self, name: &str, wanted: f64, bound: Duration) {
        let began = Instant::now();
        loop {
            let is = self.metric(name).await;
            if (is - wanted).abs() < f64::EPSILON {
                return;
            }
            assert!(began.elapsed() < bound, "{name} is {is}, not {wanted}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// File descriptors that it has open.
    ///
    /// # Panics
    /// When it is gone.
    pub fn open_files(&self) -> u64 {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("the host is there");
        files.count() as u64
    }

    /// Resident memory now, in bytes.
    ///
    /// # Panics
    /// When it is gone.
    pub fn resident_bytes(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the host is there");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process has memory");
        line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") * 1024
    }

    /// From now on it may have so many files open.
    ///
    /// # Panics
    /// When it is gone.
    pub fn limit_files(&self, most: u64) {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        prlimit(Some(self.pid()), Resource::Nofile, limit).expect("the limit can be set");
    }
}

//! One `moalog` process.

use anyhow::Result;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How often something that is waited for is looked at.
pub(crate) const POLL: Duration = Duration::from_millis(10);

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
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) log: PathBuf,
    pub(crate) told: PathBuf,
    /// Goes with the host.
    pub(crate) _state: TempDir,
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

    /// The sum of a metric that counts, over all its labels.
    ///
    /// # Panics
    /// When the admin port does not answer or a sample is no count.
    pub async fn metric(&self, name: &str) -> u64 {
        let (_, text) = self.probe("/metrics").await.expect("the admin port answers");
        let samples = text
            .lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])));
        samples
            .map(|line| line.rsplit(' ').next().and_then(|value| value.parse::<u64>().ok()).expect("a count"))
            .sum()
    }

    /// Waits until a metric has a value.
    ///
    /// # Panics
    /// When it has not within `bound`.
    pub async fn until_metric_is(&self, name: &str, wanted: u64, bound: Duration) {
        let began = Instant::now();
        loop {
            let is = self.metric(name).await;
            if is == wanted {
                return;
            }
            assert!(began.elapsed() < bound, "{name} is {is}, not {wanted}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until the log has a text so many times: lines are written a moment after what they tell of.
    ///
    /// # Panics
    /// When it has not within `bound`, or has it more often.
    pub async fn until_log_says(&self, text: &str, times: usize, bound: Duration) {
        let began = Instant::now();
        loop {
            let count = self.log().matches(text).count();
            if count == times {
                return;
            }
            let late = count > times || began.elapsed() > bound;
            assert!(!late, "{text:?} is told {count} times, not {times}\n{}", self.log());
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

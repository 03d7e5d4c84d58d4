//! Programs under load, each a process of its own that goes with this one.

use crate::{Get, round};
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

const START_MS_MAX: u64 = 300_000;

/// How long a program may take to stop when it is asked to.
const STOP_MS_MAX: u64 = 10_000;

/// A running program; asked to stop when dropped, and killed if it does not.
pub struct Program {
    child: Child,
    /// Where it answers.
    pub address: SocketAddr,
    /// From its start to its first answer.
    pub start: Duration,
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards. Asked first: Spin serves in a child process,
        // which would be left behind when Spin is killed.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_millis(STOP_MS_MAX)
            && matches!(self.child.try_wait(), Ok(None))
        {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    /// Starts it and waits until `probe` is answered with a status of success.
    ///
    /// # Errors
    /// When it ends, or does not answer within five minutes.
    pub async fn start(mut command: Command, address: SocketAddr, probe: &str) -> Result<Self> {
        let began = Instant::now();
        let child = command.stdin(Stdio::null()).spawn().context("starting a program")?;
        let mut program = Program { child, address, start: Duration::ZERO };
        while !answers(address, probe).await {
            if let Some(status) = program.child.try_wait()? {
                bail!("a program ended at its start: {status}");
            }
            if began.elapsed() > Duration::from_millis(START_MS_MAX) {
                bail!("a program did not answer within {START_MS_MAX} ms");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        program.start = began.elapsed();
        Ok(program)
    }

    /// Resident memory now, in bytes.
    ///
    /// # Errors
    /// Where the system has no `/proc`, or the program has ended.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
    }
}

async fn answers(address: SocketAddr, path: &str) -> bool {
    if TcpStream::connect(address).await.is_err() {
        return false;
    }
    let round = round(address, &[Get(path.to_owned())], 1, Duration::from_millis(1)).await;
    round.is_ok_and(|round| round.errors == 0)
}

/// An address of loopback for a program that starts within a minute.
///
/// # Errors
/// When there is none.
pub fn free_address() -> Result<SocketAddr> {
    Ok((Ipv4Addr::LOCALHOST, host_dev_stack::reserve_port()?).into())
}

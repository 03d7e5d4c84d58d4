//! One server process under a guard: a small shell program that owns the server and stops it when the pipe to us closes.
//!
//! The kernel closes the pipe however this program ends, so no server outlives it. The guard sits in a process group
//! of its own, so that Ctrl-C on a terminal reaches us alone and servers stop after the host has drained.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;

use crate::StackError;
use crate::account::Account;

/// How long the guard waits after each of its three signals (clean, quick, kill).
pub(crate) const SIGNAL_WAIT_S: u32 = 6;

/// The longest that a stop can take: three signals, and a little for the guard itself.
const STOP_MS_MAX: u64 = SIGNAL_WAIT_S as u64 * 3 * 1000 + 2000;

const GUARD: &str = include_str!("guard.sh");

/// What to run, and how it likes to be stopped.
pub(crate) struct Launch<'a> {
    /// For messages: `PostgreSQL`, `Redis`.
    pub(crate) server: &'static str,
    pub(crate) program: &'a Path,
    pub(crate) arguments: Vec<std::ffi::OsString>,
    /// Signal names as `kill -s` takes them.
    pub(crate) clean_signal: &'static str,
    pub(crate) quick_signal: &'static str,
    pub(crate) account: &'a Account,
    pub(crate) log: &'a Path,
    /// Folder that the guard removes once the server is gone: throwaway stacks only.
    pub(crate) remove: Option<PathBuf>,
}

/// A running (or ended) server.
pub(crate) struct Guarded {
    server: &'static str,
    pid: Pid,
    pipe: Pipe,
    ended: watch::Receiver<Option<String>>,
    guard_ended: watch::Receiver<bool>,
}

type Pipe = Arc<Mutex<Option<ChildStdin>>>;

impl Guarded {
    /// Starts the server under its guard. Returns at once; whether the server is ready is for the caller to ask it.
    pub(crate) fn launch(launch: &Launch<'_>) -> Result<Self, StackError> {
        let failed = |what: &str, error: std::io::Error| {
            StackError::new(format!("{} could not be started: {what}: {error}", launch.server))
        };
        let log = open_log(launch.log, launch.account).map_err(|error| failed("its log", error))?;
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(GUARD).arg("moalog-guard").arg(SIGNAL_WAIT_S.to_string());
        command.arg(launch.remove.as_deref().unwrap_or(Path::new("")));
        command.arg(launch.clean_signal).arg(launch.quick_signal).arg(launch.program).args(&launch.arguments);
        command.current_dir("/").process_group(0).env("LC_ALL", "C").env_remove("PGDATA");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        launch.account.apply(&mut command);
        let mut guard = command.spawn().map_err(|error| failed("its guard", error))?;
        let pipe: Pipe = Arc::new(Mutex::new(guard.stdin.take()));
        let mut lines = guard.stdout.take().map(BufReader::new).ok_or_else(|| {
            StackError::new(format!("{} could not be started: no pipe to its guard", launch.server))
        })?;
        let mut first = String::new();
        lines.read_line(&mut first).map_err(|error| failed("its guard", error))?;
        let pid = first.trim().parse().ok().and_then(Pid::from_raw).ok_or_else(|| {
            StackError::new(format!("{} could not be started: its guard said {first:?}", launch.server))
        })?;
        let (ended_sender, ended) = watch::channel(None);
        let (guard_sender, guard_ended) = watch::channel(false);
        let thread_pipe = Arc::clone(&pipe);
        std::thread::Builder::new()
            .name(format!("{}-guard", launch.server))
            .spawn(move || {
                let ending = wait_for_end(lines, pid, &thread_pipe);
                drop(thread_pipe);
                ended_sender.send_replace(Some(ending));
                guard_sender.send_replace(reap(guard));
            })
            .map_err(|error| failed("a thread", error))?;
        Ok(Self { server: launch.server, pid, pipe, ended, guard_ended })
    }

    /// How the server ended, if it did.
    pub(crate) fn ending(&self) -> Option<String> {
        self.ended.borrow().clone()
    }

    /// Waits until the server has ended and says how.
    pub(crate) async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(ending) => ending.clone().unwrap_or_default(),
            Err(_closed) => "its guard is gone".to_owned(),
        }
    }

    /// Sends a signal to the server itself; nothing happens when it has ended.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), StackError> {
        if self.ending().is_some() {
            return Ok(());
        }
        match kill_process(self.pid, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => {
                Err(StackError::new(format!("{} could not be sent {signal:?}: {error}", self.server)))
            }
        }
    }

    /// Tells the guard that the server's folder is still needed after this server's end.
    pub(crate) fn keep_folder(&self) {
        say(&self.pipe, "keep\n");
    }

    /// Stops the server, harder with each of the guard's waits, and returns when it is gone.
    pub(crate) async fn stop(self) -> Result<(), StackError> {
        drop(take(&self.pipe));
        let mut guard_ended = self.guard_ended.clone();
        let all = async {
            self.ended().await;
            guard_ended.wait_for(|ended| *ended).await.is_ok()
        };
        match tokio::time::timeout(Duration::from_millis(STOP_MS_MAX), all).await {
            Ok(_) => Ok(()),
            Err(_elapsed) => Err(StackError::new(format!(
                "{} (process {}) did not stop within {STOP_MS_MAX} ms",
                self.server,
                self.pid.as_raw_pid()
            ))),
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(take(&self.pipe));
    }
}

fn take(pipe: &Pipe) -> Option<ChildStdin> {
    pipe.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn say(pipe: &Pipe, word: &str) {
    if let Some(pipe) = pipe.lock().unwrap_or_else(PoisonError::into_inner).as_mut()
        && let Err(error) = pipe.write_all(word.as_bytes())
    {
        tracing::debug!(%error, word = word.trim(), "the guard has gone already");
    }
}

/// Reads until the guard tells of the server's end. A guard that was killed tells nothing: then the server is
/// killed from here, as nobody would watch it any more.
fn wait_for_end(mut lines: BufReader<ChildStdout>, pid: Pid, pipe: &Pipe) -> String {
    let mut line = String::new();
    let ending = match lines.read_line(&mut line) {
        Ok(_) if line.starts_with("exited ") => format!("it {}", describe(line.trim())),
        Ok(_) | Err(_) => {
            if let Err(error) = kill_process(pid, Signal::KILL) {
                tracing::debug!(%error, "a server whose guard was killed had ended already");
            }
            "its guard was killed".to_owned()
        }
    };
    say(pipe, "gone\n");
    ending
}

/// `exited 137` in the words of an operator.
fn describe(line: &str) -> String {
    let status: Option<i32> = line.strip_prefix("exited ").and_then(|status| status.parse().ok());
    match status {
        Some(status) if status > 128 => format!("was ended by signal {}", status - 128),
        Some(status) => format!("exited with status {status}"),
        None => "exited".to_owned(),
    }
}

fn reap(mut guard: Child) -> bool {
    if let Err(error) = guard.wait() {
        tracing::debug!(%error, "the guard could not be waited for");
    }
    true
}

/// The largest log that is carried on; a larger one is put aside as `….old` at the next start.
const LOG_BYTES_MAX: u64 = 8 * 1024 * 1024;

fn open_log(path: &Path, account: &Account) -> std::io::Result<std::fs::File> {
    if std::fs::metadata(path).is_ok_and(|log| log.len() > LOG_BYTES_MAX) {
        std::fs::rename(path, path.with_extension("log.old"))?;
    }
    let log = std::fs::File::options().create(true).append(true).open(path)?;
    account.own(path)?;
    Ok(log)
}

//! One stack per folder: the lock, and servers that an earlier program left behind.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::StackError;

/// How long a server left behind may take to end by itself: its guard is stopping it.
const LEFT_BEHIND_WAIT_MS: u64 = 8_000;
const POLL_MS: u64 = 50;

/// Held for as long as a stack uses its folder; the kernel lets go of it when the program ends.
pub(crate) struct FolderLock {
    file: File,
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Closing alone would leave it with a process that is just being started and has the file from us until then.
        if let Err(error) = flock(&self.file, FlockOperation::Unlock) {
            tracing::debug!(%error, "the lock of a folder ends with its file");
        }
    }
}

impl FolderLock {
    /// Takes the folder, or says which process has it.
    pub(crate) fn take(folder: &Path) -> Result<Self, StackError> {
        let path = folder.join("stack.lock");
        let failed = |error: std::io::Error| StackError::new(format!("{}: {error}", path.display()));
        let mut file = File::options()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut holder = String::new();
            file.read_to_string(&mut holder).map_err(failed)?;
            return Err(StackError::new(format!(
                "{} is in use by process {}: stop that one, or choose another folder",
                folder.display(),
                holder.trim()
            )));
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(failed)?;
        Ok(Self { file })
    }
}

/// The first line of a pid file as a process id.
pub(crate) fn read_pid(pid_file: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(pid_file).ok()?;
    text.lines().next()?.trim().parse().ok().and_then(Pid::from_raw)
}

/// Ends a server that an earlier program left behind, if the pid file names one, and removes a stale pid file.
///
/// `is_ours` judges by the process's command line, as process ids are used again (in containers soon).
pub(crate) fn end_left_behind(pid_file: &Path, is_ours: impl Fn(&str) -> bool) -> Result<(), StackError> {
    let Some(pid) = read_pid(pid_file) else { return Ok(()) };
    let ours = || command_line(pid).is_some_and(|line| is_ours(&line));
    for signal in [None, Some(Signal::INT), Some(Signal::QUIT), Some(Signal::KILL)] {
        if !ours() {
            break;
        }
        if let Some(signal) = signal
            && let Err(error) = kill_process(pid, signal)
        {
            tracing::debug!(%error, "a server left behind ended by itself");
        }
        let since = Instant::now();
        while ours() && since.elapsed() < Duration::from_millis(LEFT_BEHIND_WAIT_MS) {
            std::thread::sleep(Duration::from_millis(POLL_MS));
        }
    }
    if ours() {
        return Err(StackError::new(format!(
            "process {} was left behind by an earlier start and does not end: stop it by hand",
            pid.as_raw_pid()
        )));
    }
    match std::fs::remove_file(pid_file) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StackError::new(format!("{}: {error}", pid_file.display()))),
    }
}

/// A process's command line, words parted by spaces; nothing when there is no such process.
fn command_line(pid: Pid) -> Option<String> {
    if test_kill_process(pid) == Err(rustix::io::Errno::SRCH) {
        return None;
    }
    let number = pid.as_raw_pid();
    if let Ok(words) = std::fs::read(format!("/proc/{number}/cmdline")) {
        return Some(String::from_utf8_lossy(&words).replace('\0', " "));
    }
    let answer =
        Command::new("ps").args(["-ww", "-o", "args=", "-p"]).arg(number.to_string()).output().ok()?;
    Some(String::from_utf8_lossy(&answer.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_use_is_refused_with_the_process_that_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let held = FolderLock::take(folder.path()).unwrap();
        let refused = FolderLock::take(folder.path()).err().unwrap().to_string();
        assert!(refused.contains(&format!("in use by process {}", std::process::id())), "{refused}");
        drop(held);
        FolderLock::take(folder.path()).unwrap();
    }

    #[test]
    fn a_pid_file_of_a_foreign_process_is_removed_and_the_process_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("server.pid");
        std::fs::write(&pid_file, format!("{}\n", std::process::id())).unwrap();
        end_left_behind(&pid_file, |line| line.contains("no such server")).unwrap();
        assert!(!pid_file.exists());
    }
}

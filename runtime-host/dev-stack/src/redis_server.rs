//! The private Redis (or Valkey): its configuration file and its start.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::account::{Account, check_owner};
use crate::guard::{Guarded, Launch};
use crate::secrets::{Password, write_private};
use crate::settings::Lifetime;
use crate::{StackError, lock, port};

/// Loading a large append-only file takes a while.
const READY_MS_MAX: u64 = 60_000;
const ANSWER_MS_MAX: u64 = 1_000;
const POLL_MS: u64 = 25;
const START_TRIES_MAX: u32 = 4;
const RETRY_MS: u64 = 250;

/// What every start needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Redis {
    pub(crate) program: PathBuf,
    pub(crate) account: Account,
    /// Holds the configuration, the append-only files and `server.log`; belongs to the account.
    pub(crate) folder: PathBuf,
    pub(crate) port_file: Option<PathBuf>,
    pub(crate) lifetime: Lifetime,
    pub(crate) password: Password,
}

impl Redis {
    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    fn pid_file(&self) -> PathBuf {
        self.folder.join("server.pid")
    }

    /// Makes the folder and ends what an earlier program left behind. Blocking.
    pub(crate) fn prepare(&self) -> Result<(), StackError> {
        check_owner(&self.folder, &self.account)?;
        self.account.make_folder(&self.folder)?;
        self.end_left_behind()
    }

    /// Ends a server that an earlier program left behind, and removes its stale pid file. Blocking.
    pub(crate) fn end_left_behind(&self) -> Result<(), StackError> {
        let remembered =
            self.port_file.as_ref().and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        let address = format!("127.0.0.1:{}", remembered.trim());
        // The server shows its program and address in place of its command line.
        lock::end_left_behind(&self.pid_file(), |line| line.contains("-server") && line.contains(&address))
    }

    /// Starts the server on its remembered port, or on another when that one is taken, and waits until it answers.
    pub(crate) async fn start(&self) -> Result<(Guarded, u16), StackError> {
        let mut ending = String::new();
        for _ in 0..START_TRIES_MAX {
            let port = port::choose(self.port_file.as_deref())?;
            match self.start_on(port).await? {
                Ok(server) => return Ok((server, port)),
                Err(how) => ending = how,
            }
            tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
        }
        Err(StackError::with_log("Redis did not start", &ending, &self.log()))
    }

    /// Starts the server on exactly this port: clients hold its address already.
    pub(crate) async fn restart_on(&self, port: u16) -> Result<Guarded, StackError> {
        let mut ending = String::new();
        for _ in 0..START_TRIES_MAX {
            match self.start_on(port).await? {
                Ok(server) => return Ok(server),
                Err(how) => ending = how,
            }
            tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
        }
        Err(StackError::with_log("Redis did not start", &ending, &self.log()))
    }

    /// The ready server, or how it ended before it was ready.
    async fn start_on(&self, port: u16) -> Result<Result<Guarded, String>, StackError> {
        let configuration = self.folder.join("redis.conf");
        write_private(&configuration, &self.configuration(port))
            .and_then(|()| self.account.own(&configuration))
            .map_err(|error| StackError::new(format!("{}: {error}", configuration.display())))?;
        let server = Guarded::launch(&Launch {
            server: "Redis",
            program: &self.program,
            arguments: vec![OsString::from(&configuration)],
            clean_signal: "TERM",
            quick_signal: "TERM",
            account: &self.account,
            log: &self.log(),
            remove: self.lifetime.folder_to_remove(&self.folder),
        })?;
        let url = url(port, &self.password);
        let since = Instant::now();
        loop {
            if let Some(how) = server.ending() {
                server.keep_folder();
                return Ok(Err(how));
            }
            match answers(&url).await {
                Ok(()) => return Ok(Ok(server)),
                Err(complaint) if since.elapsed() > Duration::from_millis(READY_MS_MAX) => {
                    let log = self.log();
                    return Err(StackError::new(format!(
                        "Redis did not answer within {READY_MS_MAX} ms ({complaint}); its log is {}",
                        log.display()
                    )));
                }
                Err(_not_yet) => tokio::time::sleep(Duration::from_millis(POLL_MS)).await,
            }
        }
    }

    /// In a file, as a password on the command line is seen by every account of the machine.
    fn configuration(&self, port: u16) -> String {
        format!(
            "bind 127.0.0.1\nport {port}\nprotected-mode yes\nrequirepass {}\ndaemonize no\nsupervised no\n\
             dir {}\npidfile {}\nlogfile \"\"\nsave \"\"\n{}",
            self.password.reveal(),
            quoted(&self.folder),
            quoted(&self.pid_file()),
            self.lifetime.redis_settings(),
        )
    }
}

/// The address with the password in it.
pub(crate) fn url(port: u16, password: &Password) -> String {
    format!("redis://:{}@127.0.0.1:{port}/", password.reveal())
}

async fn answers(url: &str) -> Result<(), String> {
    let ask = async {
        let client = redis::Client::open(url)?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("PING").query_async::<()>(&mut connection).await
    };
    match tokio::time::timeout(Duration::from_millis(ANSWER_MS_MAX), ask).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_elapsed) => Err(format!("no answer within {ANSWER_MS_MAX} ms")),
    }
}

/// A path as Redis reads it from its configuration: in double quotes, `"` and `\` escaped.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_spaces_and_quotes_is_quoted_for_redis() {
        assert_eq!(quoted(Path::new("/a b/\"c\"")), "\"/a b/\\\"c\\\"\"");
    }
}

//! The private PostgreSQL: its data folder, its settings, its start.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio_postgres::error::SqlState;

use crate::account::{Account, check_owner};
use crate::guard::{Guarded, Launch};
use crate::locate::PostgresPrograms;
use crate::roles::{self, SUPERUSER};
use crate::secrets::{Password, write_private};
use crate::settings::Lifetime;
use crate::stack::blocking;
use crate::{StackError, lock, port};

/// Crash recovery replays the log written since the last checkpoint, which takes a while after a hard stop.
const READY_MS_MAX: u64 = 120_000;
const POLL_MS: u64 = 25;
/// A port can be taken between our look and the server's, and shared memory of a killed server lingers a moment.
const START_TRIES_MAX: u32 = 8;
const RETRY_MS: u64 = 250;
const FOREIGN_WAIT_MS: u64 = 2_000;

/// What every start needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    pub(crate) programs: PostgresPrograms,
    pub(crate) account: Account,
    /// Holds `data/` and `server.log`; belongs to the account.
    pub(crate) folder: PathBuf,
    /// Where the port is remembered; throwaway servers forget it.
    pub(crate) port_file: Option<PathBuf>,
    pub(crate) lifetime: Lifetime,
    pub(crate) superuser: Password,
}

impl Postgres {
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// Makes the data folder if there is none. Blocking: seconds for a new one.
    pub(crate) fn prepare(&self) -> Result<(), StackError> {
        check_owner(&self.folder, &self.account)?;
        self.account.make_folder(&self.folder)?;
        let data = self.data();
        if data.join("PG_VERSION").exists() {
            return self.end_left_behind();
        }
        let password_file = self.folder.join("initdb-password");
        let half_made = self.folder.join("data.new");
        let failed = |error: std::io::Error| StackError::new(format!("{}: {error}", self.folder.display()));
        remove_folder(&half_made).map_err(failed)?;
        remove_folder(&data).map_err(failed)?;
        write_private(&password_file, self.superuser.reveal()).map_err(failed)?;
        self.account.own(&password_file).map_err(failed)?;
        let made = self.initdb(&half_made, &password_file);
        std::fs::remove_file(&password_file).map_err(failed)?;
        made?;
        std::fs::rename(&half_made, &data).map_err(failed)
    }

    /// Ends a server that an earlier program left behind on this data, and removes its stale pid file. Blocking.
    pub(crate) fn end_left_behind(&self) -> Result<(), StackError> {
        let data = self.data().display().to_string();
        lock::end_left_behind(&self.data().join("postmaster.pid"), |line| line.contains(&data))
    }

    /// Runs `initdb` with the first locale that this machine has.
    fn initdb(&self, into: &Path, password_file: &Path) -> Result<(), StackError> {
        let mut complaint = String::new();
        for locale in locales(self.programs.major) {
            let mut command = Command::new(&self.programs.initdb);
            command.arg("--pgdata").arg(into).arg("--pwfile").arg(password_file).args(locale);
            command.args(["--username", SUPERUSER, "--auth=scram-sha-256", "--encoding=UTF8"]);
            command.args(self.lifetime.initdb_arguments());
            command.current_dir("/").env("LC_ALL", "C").stdin(Stdio::null());
            self.account.apply(&mut command);
            let answer = command
                .output()
                .map_err(|error| StackError::new(format!("{}: {error}", self.programs.initdb.display())))?;
            if answer.status.success() {
                return Ok(());
            }
            complaint = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
            remove_folder(into).map_err(|error| StackError::new(format!("{}: {error}", into.display())))?;
        }
        Err(StackError::new(format!("PostgreSQL's data folder could not be made: {complaint}")))
    }

    /// Starts the server on its remembered port, or on another when that one is taken, and waits until it answers.
    pub(crate) async fn start(&self) -> Result<(Guarded, u16), StackError> {
        let mut ending = String::new();
        for _ in 0..START_TRIES_MAX {
            let port = port::choose(self.port_file.as_deref())?;
            match self.start_on(port).await? {
                Started::Ready(server) => return Ok((server, port)),
                Started::Ended(how) => ending = how,
            }
            tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
        }
        Err(self.did_not_start(&ending))
    }

    /// Starts the server on exactly this port: clients hold its address already.
    pub(crate) async fn restart_on(&self, port: u16) -> Result<Guarded, StackError> {
        let server = self.clone();
        blocking(move || server.end_left_behind()).await?;
        let mut ending = String::new();
        for _ in 0..START_TRIES_MAX {
            match self.start_on(port).await? {
                Started::Ready(server) => return Ok(server),
                Started::Ended(how) => ending = how,
            }
            tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
        }
        Err(self.did_not_start(&ending))
    }

    async fn start_on(&self, port: u16) -> Result<Started, StackError> {
        let server = Guarded::launch(&Launch {
            server: "PostgreSQL",
            program: &self.programs.postgres,
            arguments: self.arguments(port),
            clean_signal: "INT",
            quick_signal: "QUIT",
            account: &self.account,
            log: &self.log(),
            remove: self.lifetime.folder_to_remove(&self.folder),
        })?;
        let since = Instant::now();
        loop {
            if let Some(how) = server.ending() {
                server.keep_folder();
                return Ok(Started::Ended(how));
            }
            match roles::connect(port, SUPERUSER, &self.superuser, "postgres").await {
                Ok(_client) => return Ok(Started::Ready(server)),
                Err(error) if error.code() == Some(&SqlState::INVALID_PASSWORD) => {
                    return self.ended_or_foreign(&server).await;
                }
                Err(error) if since.elapsed() > Duration::from_millis(READY_MS_MAX) => {
                    let log = self.log();
                    return Err(StackError::new(format!(
                        "PostgreSQL did not answer within {READY_MS_MAX} ms ({error}); its log is {}",
                        log.display()
                    )));
                }
                Err(_not_yet) => tokio::time::sleep(Duration::from_millis(POLL_MS)).await,
            }
        }
    }

    /// Someone answers on our port and refuses our password: another server that took the port before ours (which
    /// then ends), or ours with data that knows another password.
    async fn ended_or_foreign(&self, server: &Guarded) -> Result<Started, StackError> {
        if let Ok(how) = tokio::time::timeout(Duration::from_millis(FOREIGN_WAIT_MS), server.ended()).await {
            server.keep_folder();
            return Ok(Started::Ended(how));
        }
        Err(StackError::new(format!(
            "the PostgreSQL data in {} was made with another password than the one kept with it: put the kept one \
             back, or start with --fresh to throw the data away",
            self.folder.display()
        )))
    }

    fn did_not_start(&self, ending: &str) -> StackError {
        StackError::with_log("PostgreSQL did not start", ending, &self.log())
    }

    fn arguments(&self, port: u16) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["-D".into(), self.data().into()];
        for setting in SETTINGS.iter().chain(self.lifetime.postgres_settings()) {
            arguments.extend(["-c".into(), (*setting).into()]);
        }
        arguments.extend(["-c".into(), format!("port={port}").into()]);
        arguments
    }
}

enum Started {
    Ready(Guarded),
    Ended(String),
}

/// On the command line, so that they hold whatever the data folder's own files say. Durability settings belong to
/// the lifetime. The log names errors but neither statements nor values: those are people's words.
const SETTINGS: [&str; 14] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=100",
    "shared_buffers=128MB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "password_encryption=scram-sha-256",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_destination=stderr",
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
    "log_parameter_max_length_on_error=0",
];

/// Arguments of `initdb`, best first: character classes by Unicode, order by code point, whatever the machine speaks.
fn locales(major: u32) -> Vec<&'static [&'static str]> {
    let mut all: Vec<&'static [&'static str]> = Vec::new();
    if major >= 17 {
        all.push(&["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]);
    }
    all.extend([
        &["--locale=C.UTF-8"] as &[&str],
        &["--locale=C", "--lc-ctype=en_US.UTF-8"],
        &["--locale=C"],
    ]);
    all
}

/// The major version that wrote a data folder.
pub(crate) fn data_major(folder: &Path) -> Option<u32> {
    std::fs::read_to_string(folder.join("data").join("PG_VERSION")).ok()?.trim().parse().ok()
}

pub(crate) fn remove_folder(folder: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

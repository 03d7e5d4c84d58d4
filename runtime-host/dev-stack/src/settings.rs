//! What a caller chooses about a stack, and what it is told while the stack starts.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::locate::Search;

/// How to start a stack.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder that holds the servers' data and passwords. Default `.moalog`.
    pub folder: PathBuf,
    /// What to do with data of earlier runs. Default: keep it.
    pub data: Data,
    /// Where the servers' programs are looked for. Default: this machine.
    pub search: Search,
}

impl Default for Settings {
    fn default() -> Self {
        Self { folder: PathBuf::from(".moalog"), data: Data::Kept, search: Search::default() }
    }
}

/// What happens to the data of earlier runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Data {
    /// It is there again.
    #[default]
    Kept,
    /// It is thrown away, with the passwords: `--fresh`.
    Cleared,
}

/// One line of progress for each thing that is done or ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Data of earlier runs was thrown away.
    DataCleared,
    /// The servers' account cannot enter the wanted folder: data is elsewhere.
    DataElsewhere {
        /// The folder asked for.
        wanted: PathBuf,
        /// The folder in use.
        used: PathBuf,
    },
    /// A new database is being made: a few seconds.
    MakingDatabase {
        /// Major version of PostgreSQL.
        major: u32,
    },
    /// PostgreSQL answers, and its roles and database are there.
    PostgresReady {
        /// Loopback port.
        port: u16,
        /// Major version.
        major: u32,
    },
    /// Redis answers.
    RedisReady {
        /// Loopback port.
        port: u16,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataCleared => f.write_str("data of earlier runs cleared"),
            Self::DataElsewhere { wanted, used } => write!(
                f,
                "data is kept in {}, as the account that runs PostgreSQL cannot enter {}",
                used.display(),
                wanted.display()
            ),
            Self::MakingDatabase { major } => write!(f, "making a PostgreSQL {major} database (once)"),
            Self::PostgresReady { port, major } => write!(f, "PostgreSQL {major} ready on 127.0.0.1:{port}"),
            Self::RedisReady { port } => write!(f, "Redis ready on 127.0.0.1:{port}"),
        }
    }
}

/// How long a stack's data is meant to live, which decides how carefully it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// Between runs: nothing that was answered may be lost.
    Lasting,
    /// Until the program that started it ends: speed before all.
    Throwaway,
}

impl Lifetime {
    pub(crate) fn postgres_settings(self) -> &'static [&'static str] {
        match self {
            Self::Lasting => {
                &["fsync=on", "synchronous_commit=on", "full_page_writes=on", "max_wal_size=1GB"]
            }
            Self::Throwaway => &["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
        }
    }

    pub(crate) fn initdb_arguments(self) -> &'static [&'static str] {
        match self {
            Self::Lasting => &["--data-checksums"],
            Self::Throwaway => &["--no-sync"],
        }
    }

    pub(crate) fn redis_settings(self) -> &'static str {
        match self {
            Self::Lasting => "appendonly yes\nappendfsync everysec\n",
            Self::Throwaway => "appendonly no\n",
        }
    }

    /// The folder that the guard removes at the end.
    pub(crate) fn folder_to_remove(self, folder: &Path) -> Option<PathBuf> {
        match self {
            Self::Lasting => None,
            Self::Throwaway => Some(folder.to_owned()),
        }
    }
}

//! Finding the servers' programs: on `PATH`, then in the usual folders of distributions and Homebrew.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::StackError;

/// What to say when a server is missing; the set-up script of the checkout does exactly this.
const MEND: &str = "run `scripts/setup`, or install it yourself: `sudo apt-get install postgresql redis-server` \
                    (Debian, Ubuntu), `sudo dnf install postgresql-server valkey` (Fedora), `brew install \
                    postgresql@17 redis` (macOS)";

/// Folders that hold one PostgreSQL version each, with `*` for the part that differs.
const POSTGRES_FOLDERS: [&str; 6] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/usr/local/pgsql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

const REDIS_FOLDERS: [&str; 7] = [
    "/usr/bin",
    "/usr/local/bin",
    "/opt/homebrew/bin",
    "/opt/homebrew/opt/redis*/bin",
    "/usr/local/opt/redis*/bin",
    "/opt/homebrew/opt/valkey*/bin",
    "/usr/local/opt/valkey*/bin",
];

/// PostgreSQL's programs of one installed version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresPrograms {
    /// The server.
    pub postgres: PathBuf,
    /// The program that makes a data folder.
    pub initdb: PathBuf,
    /// Major version, e.g. `15`.
    pub major: u32,
}

/// Where to look. The default is this machine; tests give a search that finds nothing.
#[derive(Clone, Debug)]
pub struct Search {
    path: Vec<PathBuf>,
    usual_folders: UsualFolders,
}

#[derive(Clone, Debug)]
enum UsualFolders {
    Looked,
    Skipped,
}

impl Default for Search {
    fn default() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self { path: std::env::split_paths(&path).collect(), usual_folders: UsualFolders::Looked }
    }
}

impl Search {
    /// Looks in these folders and nowhere else.
    pub fn only_in(folders: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { path: folders.into_iter().collect(), usual_folders: UsualFolders::Skipped }
    }

    /// PostgreSQL of the version that wrote existing data (`wanted_major`), else the newest one.
    ///
    /// # Errors
    /// A sentence with the command that mends it: nothing installed, or only other versions than the data's.
    pub fn postgres(&self, wanted_major: Option<u32>) -> Result<PostgresPrograms, StackError> {
        let mut found: Vec<PostgresPrograms> =
            self.folders(&POSTGRES_FOLDERS).iter().filter_map(|folder| postgres_in(folder)).collect();
        found.sort_by_key(|programs| programs.major);
        let Some(newest) = found.last() else {
            return Err(StackError::new(format!("PostgreSQL was not found on this machine: {MEND}")));
        };
        let Some(wanted) = wanted_major else { return Ok(newest.clone()) };
        found.iter().find(|programs| programs.major == wanted).cloned().ok_or_else(|| {
            let versions: Vec<String> = found.iter().map(|programs| programs.major.to_string()).collect();
            StackError::new(format!(
                "the data was written by PostgreSQL {wanted}, and this machine has only version {}: install version \
                 {wanted}, or start with --fresh to throw the data away",
                versions.join(", ")
            ))
        })
    }

    /// `redis-server`, or Valkey's, which speaks the same protocol.
    ///
    /// # Errors
    /// A sentence with the command that mends it.
    pub fn redis(&self) -> Result<PathBuf, StackError> {
        let folders = self.folders(&REDIS_FOLDERS);
        let programs = ["redis-server", "valkey-server"];
        programs
            .iter()
            .flat_map(|program| folders.iter().map(move |folder| folder.join(program)))
            .find(|path| path.is_file())
            .ok_or_else(|| StackError::new(format!("Redis was not found on this machine: {MEND}")))
    }

    fn folders(&self, usual: &[&str]) -> Vec<PathBuf> {
        let mut folders = self.path.clone();
        match self.usual_folders {
            UsualFolders::Looked => folders.extend(usual.iter().flat_map(|pattern| matching(pattern))),
            UsualFolders::Skipped => {}
        }
        folders
    }
}

/// PostgreSQL's programs beside each other in `folder`; links are followed, as `initdb` needs its real neighbours.
fn postgres_in(folder: &Path) -> Option<PostgresPrograms> {
    let postgres = folder.join("postgres").canonicalize().ok()?;
    let initdb = postgres.with_file_name("initdb");
    if !initdb.is_file() {
        return None;
    }
    let answer = Command::new(&postgres).arg("--version").output().ok()?;
    let major = major_version(&String::from_utf8_lossy(&answer.stdout))?;
    Some(PostgresPrograms { postgres, initdb, major })
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` -> 15; `postgres (PostgreSQL) 18beta1` -> 18.
fn major_version(answer: &str) -> Option<u32> {
    let version = answer.split_once("(PostgreSQL) ")?.1;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The folders that a pattern with one `*` in one of its parts names.
fn matching(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![PathBuf::from(pattern)] };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| PathBuf::from(format!("{}{after}", entry.path().display())))
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_server_is_one_sentence_with_the_command_that_mends_it() {
        let nowhere = Search::only_in([PathBuf::from("/nonexistent")]);
        let postgres = nowhere.postgres(None).unwrap_err().to_string();
        assert!(postgres.contains("PostgreSQL was not found"), "{postgres}");
        assert!(postgres.contains("scripts/setup"), "{postgres}");
        let redis = nowhere.redis().unwrap_err().to_string();
        assert!(redis.contains("Redis was not found") && redis.contains("brew install"), "{redis}");
    }

    #[test]
    fn data_of_a_version_that_is_not_installed_is_refused_by_number() {
        let refused = Search::default().postgres(Some(9)).unwrap_err().to_string();
        assert!(refused.contains("written by PostgreSQL 9"), "{refused}");
    }

    #[test]
    fn the_major_version_is_read_from_what_the_server_says() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_version("something else"), None);
    }
}

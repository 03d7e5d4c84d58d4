//! Which files are migrations: `V0001__name.sql`, four digits, each number once.
//!
//! An applied file never changes, with one exception: a server's new version may refuse what older ones took. A file that
//! is then written differently, to the same effect, begins with `-- Restates: CHECKSUM`, the checksum of the text before
//! it; databases that had that text have this one too.

use std::collections::BTreeMap;
use std::path::Path;

use refinery::Migration;

use crate::MigrateError;

/// Name and text of each file of the checkout that this binary was built from.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The migrations that a database should have, in order.
#[derive(Clone, Debug)]
pub struct Migrations(Vec<File>);

/// One migration as it lies in its folder and as the library knows it.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) migration: Migration,
    /// Checksum of the text that this one stands for, where that was applied.
    pub(crate) restates: Option<u64>,
}

impl Migrations {
    /// Those that were in the checkout when this binary was built.
    ///
    /// # Errors
    /// When one of them has a name that does not tell its number, which a test rules out.
    pub fn embedded() -> Result<Self, MigrateError> {
        Self::parse(EMBEDDED.iter().map(|(name, sql)| ((*name).to_owned(), (*sql).to_owned())))
    }

    /// Those in a folder.
    ///
    /// # Errors
    /// A folder that cannot be read or holds none; a `.sql` file whose name does not tell its number; a number twice.
    pub fn read(folder: &Path) -> Result<Self, MigrateError> {
        let failed = |error: std::io::Error| {
            MigrateError::Files(format!("the migrations in {} cannot be read: {error}", folder.display()))
        };
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if Path::new(&name).extension().is_some_and(|extension| extension == "sql") {
                files.insert(name, std::fs::read_to_string(entry.path()).map_err(failed)?);
            }
        }
        if files.is_empty() {
            return Err(MigrateError::Files(format!("there is no migration in {}", folder.display())));
        }
        Self::parse(files)
    }

    /// Number of migrations.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn files(&self) -> &[File] {
        &self.0
    }

    fn parse(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, MigrateError> {
        let mut parsed: Vec<File> = Vec::new();
        for (name, sql) in files {
            let wrong_name = || {
                MigrateError::Files(format!(
                    "{name} is not the name of a migration: `V`, four digits, `__`, lower-case words with `_`, `.sql`, \
                     for example V0007__reminders.sql"
                ))
            };
            let stem = well_named(&name).ok_or_else(wrong_name)?;
            let migration = Migration::unapplied(stem, &sql).map_err(|_refused| wrong_name())?;
            if let Some(twin) = parsed.iter().find(|file| file.migration.version() == migration.version()) {
                return Err(MigrateError::Files(format!(
                    "{} and {name} have the same number: give the later one the next free number",
                    twin.name
                )));
            }
            let restates = restated(&sql)
                .map_err(|found| MigrateError::Files(format!("{name}:1: {found:?} is no checksum")))?;
            parsed.push(File { name, migration, restates });
        }
        parsed.sort_by_key(|file| file.migration.version());
        Ok(Self(parsed))
    }
}

/// The checksum that the first line names, if it names one.
fn restated(sql: &str) -> Result<Option<u64>, &str> {
    let named = sql.lines().next().and_then(|line| line.strip_prefix("-- Restates: "));
    named.map(|named| named.trim().parse().map_err(|_| named)).transpose()
}

/// The name without `.sql`, if it is one of a migration. The library itself skips files with other names in silence.
fn well_named(name: &str) -> Option<&str> {
    let stem = name.strip_suffix(".sql")?;
    let (number, words) = stem.strip_prefix('V')?.split_once("__")?;
    let numbered = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    let worded = !words.is_empty()
        && words.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (numbered && worded).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::write(folder.path().join(name), "SELECT 1").unwrap();
        }
        folder
    }

    #[test]
    fn migrations_are_put_in_the_order_of_their_numbers() {
        let folder = folder(&["V0010__ten.sql", "V0002__two.sql", "notes.md"]);
        let read = Migrations::read(folder.path()).unwrap();
        let names: Vec<&str> = read.files().iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["V0002__two.sql", "V0010__ten.sql"]);
    }

    #[test]
    fn a_file_whose_name_tells_no_number_is_refused_rather_than_skipped() {
        for bad in ["0001__x.sql", "V1__x.sql", "V0001_x.sql", "V0001__.sql", "V0001__A.sql", "V00a1__x.sql"]
        {
            let refused = Migrations::read(folder(&[bad]).path()).unwrap_err().to_string();
            assert!(refused.starts_with(bad), "{refused}");
        }
    }

    #[test]
    fn two_files_with_one_number_are_refused_by_name() {
        let refused =
            Migrations::read(folder(&["V0001__a.sql", "V0001__b.sql"]).path()).unwrap_err().to_string();
        assert!(refused.contains("V0001__a.sql and V0001__b.sql have the same number"), "{refused}");
    }

    #[test]
    fn what_a_file_restates_is_a_checksum() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("V0001__a.sql"), "-- Restates: the other\nSELECT 1").unwrap();
        let refused = Migrations::read(folder.path()).unwrap_err().to_string();
        assert_eq!(refused, "V0001__a.sql:1: \"the other\" is no checksum");
    }

    #[test]
    fn a_folder_without_migrations_is_refused() {
        assert!(Migrations::read(folder(&[]).path()).is_err());
    }

    #[test]
    fn the_embedded_migrations_are_those_of_the_checkout() {
        let folder = Path::new("../../infra/postgres/migrations");
        let (embedded, read) = (Migrations::embedded().unwrap(), Migrations::read(folder).unwrap());
        let checksums = |all: &Migrations| -> Vec<u64> {
            all.files().iter().map(|file| file.migration.checksum()).collect()
        };
        assert_eq!(checksums(&embedded), checksums(&read));
    }
}

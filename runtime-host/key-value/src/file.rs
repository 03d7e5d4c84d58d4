//! The database file of embedded stores: opened at the start, and begun anew when it is damaged.
//!
//! Contents may vanish by design, so a damaged file never stops the host: it is moved aside (one such file is kept,
//! for whoever wants to look) and a new one begun. What is not damage (no permission, locked by another process) is an
//! error that someone has to mend.

use crate::StoreError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

/// A database file that cannot be used and is not ours to replace.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {fault}")]
pub struct OpenFailure {
    path: String,
    fault: String,
}

impl OpenFailure {
    pub(crate) fn new(path: &Path, fault: &dyn std::fmt::Display) -> Self {
        Self { path: path.display().to_string(), fault: fault.to_string() }
    }

    pub(crate) fn at(place: &str, fault: &str) -> Self {
        Self { path: place.to_owned(), fault: fault.to_owned() }
    }
}

/// An open database that can be replaced while others wait.
pub(crate) struct DatabaseFile {
    path: PathBuf,
    cache_bytes: usize,
    state: RwLock<State>,
}

struct State {
    database: Option<redb::Database>,
    /// How often it was opened anew.
    generation: u64,
}

impl DatabaseFile {
    /// Opens or creates the file and its folder. Blocks, longest after a crash, when the file is checked.
    pub(crate) fn open(path: &Path, cache_bytes: usize) -> Result<Self, OpenFailure> {
        let failure = |fault: String| OpenFailure::new(path, &fault);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failure(error.to_string()))?;
        }
        let database = open_or_begin_anew(path, cache_bytes).map_err(failure)?;
        let state = RwLock::new(State { database: Some(database), generation: 0 });
        Ok(Self { path: path.to_owned(), cache_bytes, state })
    }

    /// Works with the database; blocks. When it proves to be damaged or unusable, it is opened anew before the error
    /// is returned, so that the next call works.
    pub(crate) fn with<R>(
        &self,
        work: impl FnOnce(&redb::Database) -> Result<R, StoreError>,
    ) -> Result<R, StoreError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let generation = state.generation;
        let Some(database) = &state.database else {
            drop(state);
            self.reopen(generation, None);
            return Err(StoreError::Unavailable("the database file cannot be opened".to_owned()));
        };
        // The library answers some kinds of damage with a panic.
        let result = catch_unwind(AssertUnwindSafe(|| work(database)))
            .unwrap_or_else(|_| Err(StoreError::Damaged("a page makes no sense".to_owned())));
        drop(state);
        match &result {
            Err(StoreError::Damaged(text)) => self.reopen(generation, Some(text)),
            // After an I/O error the library wants the file to be opened again.
            Err(StoreError::Unavailable(_)) => self.reopen(generation, None),
            Ok(_) | Err(_) => {}
        }
        result
    }

    /// Once per generation: closes the file and opens it again, or, given `damage`, moves it aside and begins another.
    fn reopen(&self, generation: u64, damage: Option<&str>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.generation != generation {
            return;
        }
        state.generation += 1;
        state.database = None;
        let ready = match damage {
            Some(text) => move_aside(&self.path, text).map_err(|error| error.to_string()),
            None => Ok(()),
        };
        match ready.and_then(|()| open_or_begin_anew(&self.path, self.cache_bytes)) {
            Ok(database) => state.database = Some(database),
            Err(error) => tracing::error!(
                path = %self.path.display(),
                error,
                "the key-value database cannot be opened: the next call tries again"
            ),
        }
    }
}

enum Trouble {
    Damage(String),
    Other(String),
}

fn open_or_begin_anew(path: &Path, cache_bytes: usize) -> Result<redb::Database, String> {
    let opened = match open(path, cache_bytes) {
        Err(Trouble::Damage(text)) => {
            move_aside(path, &text).map_err(|error| error.to_string())?;
            open(path, cache_bytes)
        }
        opened => opened,
    };
    opened.map_err(|trouble| match trouble {
        Trouble::Damage(text) | Trouble::Other(text) => text,
    })
}

fn open(path: &Path, cache_bytes: usize) -> Result<redb::Database, Trouble> {
    let opened = catch_unwind(|| redb::Builder::new().set_cache_size(cache_bytes).create(path));
    match opened {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(error)) => Err(sort(error)),
        Err(_) => Err(Trouble::Damage("a page makes no sense".to_owned())),
    }
}

fn sort(error: redb::DatabaseError) -> Trouble {
    use redb::{DatabaseError, StorageError};
    use std::io::ErrorKind;
    match error {
        DatabaseError::DatabaseAlreadyOpen => Trouble::Other("another process has it open".to_owned()),
        DatabaseError::RepairAborted | DatabaseError::UpgradeRequired(_) => {
            Trouble::Damage(error.to_string())
        }
        DatabaseError::Storage(StorageError::Corrupted(text)) => Trouble::Damage(text),
        DatabaseError::Storage(StorageError::Io(io))
            if matches!(io.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof) =>
        {
            Trouble::Damage(io.to_string())
        }
        other => Trouble::Other(other.to_string()),
    }
}

fn move_aside(path: &Path, damage: &str) -> std::io::Result<()> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".damaged");
    std::fs::rename(path, &aside)?;
    tracing::error!(
        path = %path.display(),
        moved_to = %Path::new(&aside).display(),
        damage,
        "the key-value database was damaged and is begun anew, empty"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CACHE_BYTES: usize = 1 << 20;

    #[test]
    fn a_file_that_is_no_database_is_moved_aside_and_a_new_one_begun() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/kv.redb");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, b"this is not a database, but it is longer than a header".repeat(200)).unwrap();
        let file = DatabaseFile::open(&path, CACHE_BYTES).unwrap();
        assert!(file.with(|database| Ok(database.begin_write()?.commit()?)).is_ok());
        let aside = std::fs::read(folder.path().join("deep/kv.redb.damaged")).unwrap();
        assert!(aside.starts_with(b"this is not"));
    }

    #[test]
    fn damage_that_shows_later_costs_one_call() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kv.redb");
        let file = DatabaseFile::open(&path, CACHE_BYTES).unwrap();
        let damaged: Result<(), _> = file.with(|_| panic!("as the library does"));
        assert!(matches!(damaged, Err(StoreError::Damaged(_))));
        assert!(file.with(|database| Ok(database.begin_write()?.commit()?)).is_ok());
        assert!(folder.path().join("kv.redb.damaged").exists());
    }

    #[test]
    fn a_file_that_another_has_open_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kv.redb");
        let _first = DatabaseFile::open(&path, CACHE_BYTES).unwrap();
        let failure = DatabaseFile::open(&path, CACHE_BYTES).err().unwrap();
        assert!(failure.to_string().ends_with("kv.redb: another process has it open"), "{failure}");
        assert!(!folder.path().join("kv.redb.damaged").exists());
    }
}

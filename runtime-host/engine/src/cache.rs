//! Compiled components on disk, so that a second start compiles nothing.
//!
//! An entry is named by the SHA-256 of the component's bytes and of the engine's own compatibility hash, and begins
//! with the SHA-256 of what follows. Native code from a file is as powerful as this process, so an entry is used only
//! when the folder and the file belong to this user, nobody else can write them, and the hash fits; anything else is
//! deleted and compiled again.

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

const HASH_BYTES: usize = 32;
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Whether a component came from the cache, for logs and tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Cache,
    Compiled,
}

/// The folder of compiled components.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Opens (or makes, for this user alone) the folder.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("making the cache folder {}", folder.display()))?;
        Ok(Cache { folder: folder.to_path_buf() })
    }

    /// The component for `wasm`: from the cache when a sound entry is there, else compiled and stored.
    pub(crate) fn component(&self, engine: &Engine, wasm: &[u8]) -> Result<(Component, Origin)> {
        let file = self.folder.join(entry_name(engine, wasm));
        match read_entry(&self.folder, &file) {
            Ok(Some(native)) => {
                // SAFETY: `read_entry` vouches that this user wrote these bytes with `store` below.
                match unsafe { Component::deserialize(engine, &native) } {
                    Ok(component) => return Ok((component, Origin::Cache)),
                    Err(problem) => self.discard(&file, &problem.to_string()),
                }
            }
            Ok(None) => {}
            Err(problem) => self.discard(&file, &problem.to_string()),
        }
        let component = Component::new(engine, wasm)?;
        if let Err(problem) = self.store(&file, &component) {
            tracing::warn!(%problem, "a compiled component could not be cached; the next start compiles it again");
        }
        Ok((component, Origin::Compiled))
    }

    fn discard(&self, file: &Path, problem: &str) {
        tracing::warn!(entry = %file.display(), problem, "throwing away an unsound cache entry");
        if let Err(problem) = fs::remove_file(file) {
            tracing::warn!(entry = %file.display(), %problem, "and it could not be deleted");
        }
    }

    fn store(&self, file: &Path, component: &Component) -> Result<()> {
        let native = component.serialize()?;
        let mut written = tempfile::Builder::new().prefix(".new-").tempfile_in(&self.folder)?;
        written.write_all(&Sha256::digest(&native))?;
        written.write_all(&native)?;
        written.as_file().set_permissions(fs::Permissions::from_mode(0o600))?;
        written.persist(file)?;
        Ok(())
    }
}

fn entry_name(engine: &Engine, wasm: &[u8]) -> String {
    let mut compatibility = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut compatibility);
    let hash = Sha256::new().chain_update(wasm).chain_update(compatibility.finish().to_le_bytes()).finalize();
    let mut name: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    name.push_str(".native");
    name
}

/// The entry's native code; `None` when there is no such file.
///
/// Errors when anyone but this user could have written it, or when its hash does not fit.
fn read_entry(folder: &Path, file: &Path) -> Result<Option<Vec<u8>>> {
    let of_file = match fs::symlink_metadata(file) {
        Ok(metadata) => metadata,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    let me = rustix::process::geteuid().as_raw();
    for (what, metadata) in [("folder", fs::metadata(folder)?), ("file", of_file)] {
        anyhow::ensure!(metadata.uid() == me, "the {what} belongs to another user");
        anyhow::ensure!(metadata.mode() & WRITABLE_BY_OTHERS == 0, "others may write the {what}");
        anyhow::ensure!(!metadata.is_symlink(), "the {what} is a link");
    }
    let mut bytes = fs::read(file)?;
    anyhow::ensure!(bytes.len() > HASH_BYTES, "the file is cut short");
    let native = bytes.split_off(HASH_BYTES);
    anyhow::ensure!(Sha256::digest(&native)[..] == bytes[..], "the hash does not fit the contents");
    Ok(Some(native))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup() -> (tempfile::TempDir, Cache, Engine, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let engine = Engine::default();
        let wasm = smallest();
        cache.component(&engine, &wasm).unwrap();
        let file = folder.path().join(entry_name(&engine, &wasm));
        (folder, cache, engine, file)
    }

    /// The smallest component in its binary form.
    fn smallest() -> Vec<u8> {
        vec![0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00]
    }

    #[test]
    fn a_second_start_compiles_nothing() {
        let (_folder, cache, engine, file) = setup();
        assert!(file.is_file());
        assert_eq!(cache.component(&engine, &smallest()).unwrap().1, Origin::Cache);
    }

    #[test]
    fn a_corrupted_entry_is_thrown_away_and_compiled_again() {
        let (_folder, cache, engine, file) = setup();
        let mut bytes = fs::read(&file).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&file, bytes).unwrap();
        assert_eq!(cache.component(&engine, &smallest()).unwrap().1, Origin::Compiled);
        assert_eq!(cache.component(&engine, &smallest()).unwrap().1, Origin::Cache);
    }

    #[test]
    fn an_entry_that_others_may_write_is_not_trusted() {
        let (_folder, cache, engine, file) = setup();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(cache.component(&engine, &smallest()).unwrap().1, Origin::Compiled);
    }

    #[test]
    fn a_truncated_entry_is_thrown_away() {
        let (_folder, cache, engine, file) = setup();
        fs::write(&file, b"short").unwrap();
        assert_eq!(cache.component(&engine, &smallest()).unwrap().1, Origin::Compiled);
    }

    #[test]
    fn an_entry_of_another_engine_has_another_name() {
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        let other = Engine::new(&config).unwrap();
        assert_ne!(entry_name(&Engine::default(), &smallest()), entry_name(&other, &smallest()));
    }
}

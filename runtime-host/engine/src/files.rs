//! The files that a component was granted, as one folder that its instances see at `/`.
//!
//! Granted files are copied at start, as Spin does: what an app may read does not change under it, and no link in the
//! source tree leads out of the grant.

use anyhow::{Context, Result};
use host_manifest::FileGrant;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A component's files; removed when the last user of the component is gone.
pub(crate) struct Mount(TempDir);

impl Mount {
    /// Copies `files`; `None` when there are none.
    pub(crate) fn of(files: &[FileGrant]) -> Result<Option<Self>> {
        if files.is_empty() {
            return Ok(None);
        }
        let folder = tempfile::Builder::new().prefix("moalog-files-").tempdir()?;
        for file in files {
            let target = folder.path().join(&file.guest);
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::copy(&file.source, &target).with_context(|| format!("copying {}", file.source.display()))?;
        }
        Ok(Some(Mount(folder)))
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }
}

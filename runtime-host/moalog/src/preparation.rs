//! What is done with a [`Start`] before anything runs: its manifests are checked, data of earlier runs is forgotten.

use crate::Start;
use crate::values::Values;
use anyhow::{Context, Result};
use host_key_value::Backend;
use host_manifest::{App, Inputs, Problems};
use std::io;
use std::path::Path;

impl Start {
    /// The manifest with its overlays.
    ///
    /// Errors with every problem of the first manifest that has any.
    pub(crate) fn manifest_with_overlays(&self, inputs: &Inputs<'_>) -> Result<App, Problems> {
        let mut app = host_manifest::load(&self.manifest, inputs)?;
        for overlay in &self.overlays {
            app = app.with_overlay(host_manifest::load(overlay, inputs)?)?;
        }
        Ok(app)
    }

    /// Checks what can be checked while values that depend on servers are still missing: the manifests, their
    /// components' files, and the names in `values`.
    ///
    /// Errors with all problems of that.
    pub fn check_without_values(&self) -> Result<(), Problems> {
        let inputs = Inputs { values: &Values::new(), check_values: false, check_sources: true };
        let app = self.manifest_with_overlays(&inputs)?;
        let unknown = host_manifest::unknown_values(&app, &self.values);
        if unknown.is_empty() { Ok(()) } else { Err(Problems(unknown)) }
    }

    /// Removes the files of earlier runs: key-value stores that are files, and SQLite's databases. What is elsewhere
    /// (a store in Redis), compiled components and secrets stay. Nothing may have these files open.
    pub fn forget_stores(&self) -> Result<()> {
        for store in self.key_value.stores.values() {
            if let Backend::Embedded(file) = store {
                gone(std::fs::remove_file(file), file)?;
            }
        }
        gone(std::fs::remove_dir_all(&self.sqlite.folder), &self.sqlite.folder)
    }
}

fn gone(removed: io::Result<()>, path: &Path) -> Result<()> {
    match removed {
        Err(problem) if problem.kind() != io::ErrorKind::NotFound => {
            Err(problem).with_context(|| format!("clearing {}", path.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const MANIFEST: &str = r#"
spin_manifest_version = 2
[application]
name = "small"
[variables]
key = { required = true }
[[trigger.http]]
route = "/..."
component = "only"
[component.only]
source = "spin.toml"
"#;

    #[test]
    fn forgetting_removes_the_stores_and_leaves_secrets_and_what_is_compiled() {
        let state = tempfile::tempdir().unwrap();
        let start = Start::new("spin.toml", state.path());
        start.forget_stores().unwrap();
        for folder in ["sqlite", "compiled"] {
            fs::create_dir(state.path().join(folder)).unwrap();
        }
        for file in
            ["key-value.redb", "sqlite/default.db", "sqlite/default.db-wal", "secrets.json", "compiled/one"]
        {
            fs::write(state.path().join(file), "kept").unwrap();
        }
        start.forget_stores().unwrap();
        let left = |file: &str| state.path().join(file).exists();
        assert_eq!(
            ["key-value.redb", "sqlite", "secrets.json", "compiled/one"].map(left),
            [false, false, true, true]
        );
    }

    #[test]
    fn a_missing_overlay_and_a_misspelt_value_are_told_without_any_value() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("spin.toml");
        fs::write(&manifest, MANIFEST).unwrap();
        let mut start = Start::new(&manifest, folder.path());
        start.check_without_values().unwrap();
        start.values = Values::from([("keey".to_owned(), "x".to_owned())]);
        assert!(start.check_without_values().unwrap_err().to_string().contains("SPIN_VARIABLE_KEY"));
        start.overlays.push(folder.path().join("nowhere.toml"));
        assert!(start.check_without_values().unwrap_err().to_string().contains("nowhere.toml"));
    }
}

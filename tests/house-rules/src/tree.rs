//! The files of the checkout, read once: those that git tracks or would track.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Texts by path from the top of the checkout. Files that are not UTF-8 are left out.
#[derive(Clone, Debug, Default)]
pub struct Tree(BTreeMap<String, String>);

/// A crate of the workspace.
#[derive(Clone, Debug)]
pub struct Crate<'a> {
    /// Folder from the top of the checkout, e.g. `crates/wire`.
    pub folder: &'a str,
    /// Its name.
    pub name: String,
    /// Its whole manifest.
    pub manifest: toml::Table,
}

impl Tree {
    /// The checkout that this test was built from.
    ///
    /// # Errors
    /// When git cannot list its files.
    pub fn of_checkout() -> Result<Self, String> {
        let top = tests_checkout::top();
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&top)
            .output()
            .map_err(|error| format!("git cannot be run: {error}"))?;
        if !listed.status.success() {
            return Err(format!("git cannot list the files: {}", String::from_utf8_lossy(&listed.stderr)));
        }
        let paths = String::from_utf8_lossy(&listed.stdout).into_owned();
        let files = paths.split('\0').filter(|path| !path.is_empty()).filter_map(|path| {
            let text = std::fs::read_to_string(top.join(path)).ok()?;
            Some((path.to_owned(), text))
        });
        Ok(Self(files.collect()))
    }

    /// A made-up tree.
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    /// All paths with their texts, in order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Rust sources.
    pub fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| has_extension(path, "rs"))
    }

    /// One file's text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// The crates, by their manifests. One that cannot be read would stop cargo first.
    pub fn crates(&self) -> Vec<Crate<'_>> {
        let manifests =
            self.files().filter_map(|(path, text)| Some((path.strip_suffix("/Cargo.toml")?, text)));
        manifests
            .filter_map(|(folder, text)| {
                let manifest: toml::Table = text.parse().ok()?;
                let name = manifest.get("package")?.get("name")?.as_str()?.to_owned();
                Some(Crate { folder, name, manifest })
            })
            .collect()
    }
}

/// Whether a path ends in `.extension`.
pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

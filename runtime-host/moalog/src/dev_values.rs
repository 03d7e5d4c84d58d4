//! Values that a development machine needs and nobody should have to type: addresses of what `moalog up` started, and
//! secrets made once and kept beside the data.
//!
//! Which variable gets what stands in a file of the app (`sandbox/dev-variables.toml`, for the sandbox itself
//! `sandbox/variables.toml`), so that the host need not know their names. `{name}` in a value is one of the facts below, `{secret}` a secret of this variable's own.

use crate::private_file;
use crate::values::Values;
use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const SECRET_BYTES: usize = 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    variables: BTreeMap<String, String>,
}

/// What `moalog up` knows and the file may name.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Where the app is.
    pub app_url: String,
    /// Where the sandbox is.
    pub sandbox_url: String,
    /// The database, for the application's role.
    pub database_url: String,
    /// The sandbox's own database, for a role that may make tables there.
    pub sandbox_database_url: String,
    /// Redis.
    pub redis_url: String,
}

impl Facts {
    fn get(&self, name: &str) -> Result<String> {
        Ok(match name {
            "app_url" => self.app_url.clone(),
            "sandbox_url" => self.sandbox_url.clone(),
            "database_url" => self.database_url.clone(),
            "database_origin" => origin(&self.database_url)?,
            "sandbox_database_url" => self.sandbox_database_url.clone(),
            "sandbox_database_origin" => origin(&self.sandbox_database_url)?,
            "redis_url" => self.redis_url.clone(),
            "redis_origin" => origin(&self.redis_url)?,
            _ => bail!(
                "found {{{name}}}; allowed: {{app_url}}, {{sandbox_url}}, {{database_url}}, {{database_origin}}, \
                 {{sandbox_database_url}}, {{sandbox_database_origin}}, {{redis_url}}, {{redis_origin}}, {{secret}}"
            ),
        })
    }
}

/// Scheme, host and port of a server's address, as `allowed_outbound_hosts` writes them.
fn origin(url: &str) -> Result<String> {
    let parsed = url::Url::parse(url).context("an address must be a URL")?;
    let (default, scheme) = match parsed.scheme() {
        "postgres" | "postgresql" => (5432, "postgres"),
        "redis" => (6379, "redis"),
        "rediss" => (6379, "rediss"),
        other => bail!("found an address with scheme {other:?}; allowed: postgres, redis, rediss"),
    };
    let host = parsed.host_str().context("an address needs a host")?;
    Ok(format!("{scheme}://{host}:{}", parsed.port().unwrap_or(default)))
}

/// The names of the variables that `file` gives a value, for checks before there are any facts.
///
/// Errors name the file.
pub fn names(file: &Path) -> Result<Vec<String>> {
    Ok(open(file)?.into_keys().collect())
}

/// The patterns of `file` by variable.
fn open(file: &Path) -> Result<BTreeMap<String, String>> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let File { variables } = toml::from_str(&text).with_context(|| format!("reading {}", file.display()))?;
    Ok(variables)
}

/// The values that `file` gives, with `facts` filled in and secrets taken from (or made in) the file `secrets`.
///
/// Errors name the file and the variable.
pub fn read(file: &Path, facts: &Facts, secrets: &Path) -> Result<Values> {
    let variables = open(file)?;
    let mut kept = Secrets::open(secrets)?;
    let mut values = Values::new();
    for (name, pattern) in variables {
        let value = fill(&pattern, |fact| match fact {
            "secret" => Ok(kept.of(&name)),
            fact => facts.get(fact),
        });
        values.insert(name.clone(), value.with_context(|| format!("{}: variable {name}", file.display()))?);
    }
    kept.store()?;
    Ok(values)
}

/// Replaces each `{name}`.
fn fill(pattern: &str, mut fact: impl FnMut(&str) -> Result<String>) -> Result<String> {
    let mut filled = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').context("found `{` without `}`")?;
        filled.push_str(before);
        filled.push_str(&fact(name)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Generated secrets, in a file that only this user can read.
struct Secrets {
    path: std::path::PathBuf,
    by_variable: BTreeMap<String, String>,
    changed: bool,
}

impl Secrets {
    fn open(path: &Path) -> Result<Self> {
        let by_variable = match fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))?,
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(other) => return Err(other).with_context(|| format!("reading {}", path.display())),
        };
        Ok(Secrets { path: path.to_path_buf(), by_variable, changed: false })
    }

    fn of(&mut self, variable: &str) -> String {
        if let Some(secret) = self.by_variable.get(variable) {
            return secret.clone();
        }
        let secret = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; SECRET_BYTES]>());
        self.by_variable.insert(variable.to_owned(), secret.clone());
        self.changed = true;
        secret
    }

    fn store(&self) -> Result<()> {
        if !self.changed {
            return Ok(());
        }
        private_file::write(&self.path, &serde_json::to_string_pretty(&self.by_variable)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            app_url: "http://127.0.0.1:3000".into(),
            sandbox_url: "http://127.0.0.1:3002".into(),
            database_url: "postgres://app:p%40ss@127.0.0.1:5555/moalog?sslmode=disable".into(),
            sandbox_database_url: "postgres://sandbox:pass@127.0.0.1:5555/sandbox".into(),
            redis_url: "redis://:secret@127.0.0.1:6666/0".into(),
        }
    }

    fn values(text: &str, folder: &Path) -> Result<Values> {
        let file = folder.join("dev-variables.toml");
        fs::write(&file, text).unwrap();
        read(&file, &facts(), &folder.join("secrets.json"))
    }

    #[test]
    fn an_origin_carries_neither_password_nor_database() {
        assert_eq!(origin(&facts().database_url).unwrap(), "postgres://127.0.0.1:5555");
        assert_eq!(origin("redis://localhost").unwrap(), "redis://localhost:6379");
    }

    #[test]
    fn a_secret_is_made_once_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[variables]\nkey = \"dev:{secret}\"\nurl = \"{sandbox_url}/oauth\"\n";
        let first = values(text, folder.path()).unwrap();
        assert_eq!(first["url"], "http://127.0.0.1:3002/oauth");
        assert!(first["key"].len() > 40);
        assert_eq!(values(text, folder.path()).unwrap(), first);
    }

    #[test]
    fn an_unknown_fact_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let problem = values("[variables]\nkey = \"{nothing}\"\n", folder.path()).unwrap_err();
        assert!(format!("{problem:#}").contains("found {nothing}"));
    }
}

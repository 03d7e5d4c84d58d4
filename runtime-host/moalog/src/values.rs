//! Where the values of an app's variables come from, strongest first: flags, the environment
//! (`SPIN_VARIABLE_<NAME>`), a folder of secret files, a `.env` file.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// What an environment variable that holds a value begins with.
pub const PREFIX: &str = "SPIN_VARIABLE_";

/// Largest file that may hold one secret, in bytes.
pub const SECRET_BYTES_MAX: u64 = 64 << 10;

/// Values by the variable's name, which is lower-case.
pub type Values = BTreeMap<String, String>;

/// From `NAME=VALUE` arguments.
pub fn from_flags(flags: &[String]) -> Result<Values> {
    flags
        .iter()
        .map(|flag| match flag.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => bail!("--variable {flag}: write NAME=VALUE"),
        })
        .collect()
}

/// From `SPIN_VARIABLE_<NAME>` in `environment`.
pub fn from_environment(environment: impl IntoIterator<Item = (String, String)>) -> Values {
    environment
        .into_iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_ascii_lowercase(), value)))
        .collect()
}

/// From a folder in which each file is named after a variable and holds its value, as a mounted secret does. One line
/// break at the end is not part of it; files that begin with a dot are skipped.
pub fn from_folder(folder: &Path) -> Result<Values> {
    let mut values = Values::new();
    for entry in
        std::fs::read_dir(folder).with_context(|| format!("reading the secrets in {}", folder.display()))?
    {
        let path = entry?.path();
        let Some(name) =
            path.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.'))
        else {
            continue;
        };
        if !path.is_file() {
            continue;
        }
        if path.metadata()?.len() > SECRET_BYTES_MAX {
            bail!("{}: a secret has at most {SECRET_BYTES_MAX} bytes", path.display());
        }
        let value = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let value =
            value.strip_suffix('\n').map_or(value.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        values.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    Ok(values)
}

/// From a `.env` file: lines `SPIN_VARIABLE_NAME=value`, `#` comments, quotes around a value taken off. A missing file
/// holds nothing; a line that means nothing is an error with its number.
pub fn from_env_file(path: &Path) -> Result<Values> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(Values::new()),
        Err(other) => return Err(other).with_context(|| format!("reading {}", path.display())),
    };
    let mut pairs = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.strip_prefix("export ").unwrap_or(line).split_once('=') else {
            bail!("{}:{}: found {line:?}; allowed: NAME=value", path.display(), number + 1);
        };
        pairs.push((name.trim().to_owned(), unquoted(value.trim()).to_owned()));
    }
    Ok(from_environment(pairs))
}

fn unquoted(value: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(value)
}

/// `values` as shell lines that [`from_env_file`] reads, too: `export SPIN_VARIABLE_NAME='value'`.
pub fn to_env_file(values: &Values) -> String {
    let mut lines = String::new();
    for (name, value) in values {
        let (name, value) = (name.to_ascii_uppercase(), value.replace('\'', r"'\''"));
        writeln!(lines, "export {PREFIX}{name}='{value}'").expect("a string can be written to");
    }
    lines
}

/// `strongest` first.
pub fn merge(strongest: impl IntoIterator<Item = Values>) -> Values {
    let mut merged = Values::new();
    for values in strongest {
        for (name, value) in values {
            merged.entry(name).or_insert(value);
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_beats_the_environment_and_both_beat_a_file() {
        let flags = from_flags(&["a=flag".into()]).unwrap();
        let environment = from_environment([
            ("SPIN_VARIABLE_A".into(), "env".into()),
            ("SPIN_VARIABLE_B".into(), "env".into()),
        ]);
        let file = Values::from([("b".into(), "file".into()), ("c".into(), "file".into())]);
        let merged = merge([flags, environment, file]);
        let values: Vec<&str> = ["a", "b", "c"].iter().map(|name| merged[*name].as_str()).collect();
        assert_eq!(values, ["flag", "env", "file"]);
    }

    #[test]
    fn a_flag_without_a_value_is_refused() {
        assert!(from_flags(&["a".into()]).is_err());
    }

    #[test]
    fn an_env_file_is_read_and_its_bad_line_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        std::fs::write(
            &file,
            "# a comment\nSPIN_VARIABLE_KEY=\"a b\"\nexport SPIN_VARIABLE_OTHER=x=y\nPATH=/bin\n",
        )
        .unwrap();
        let values = from_env_file(&file).unwrap();
        assert_eq!(values, Values::from([("key".into(), "a b".into()), ("other".into(), "x=y".into())]));
        std::fs::write(&file, "nonsense\n").unwrap();
        assert!(from_env_file(&file).unwrap_err().to_string().contains(".env:1:"));
        assert!(from_env_file(&folder.path().join("none")).unwrap().is_empty());
    }

    #[test]
    fn what_is_written_for_a_shell_is_what_it_reads() {
        let values = Values::from([
            ("key".into(), "it's \"$HOME\" `x`".into()),
            ("url".into(), "http://x/?a=b".into()),
        ]);
        let asked =
            format!("{}printf '%s|%s' \"$SPIN_VARIABLE_KEY\" \"$SPIN_VARIABLE_URL\"", to_env_file(&values));
        let told = std::process::Command::new("sh").args(["-c", &asked]).output().unwrap().stdout;
        assert_eq!(String::from_utf8(told).unwrap(), "it's \"$HOME\" `x`|http://x/?a=b");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        let plain = Values::from([("url".into(), "http://x/?a=b".into())]);
        std::fs::write(&file, to_env_file(&plain)).unwrap();
        assert_eq!(from_env_file(&file).unwrap(), plain);
    }

    #[test]
    fn a_secret_file_loses_one_line_break_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("jwt_keys"), "one:two\n\n").unwrap();
        std::fs::write(folder.path().join("..data"), "skipped").unwrap();
        let values = from_folder(folder.path()).unwrap();
        assert_eq!(values, Values::from([("jwt_keys".into(), "one:two\n".into())]));
    }
}

//! Files: read, listed, written; each refusal as the operating system names it.

use std::fs;
use std::io::Error;

use serde_json::{Value, json};
use tests_components_probe::payload;

/// The whole file.
pub(crate) fn read(path: &str) -> Result<Value, Value> {
    fs::read(path).map(|bytes| payload(&bytes)).map_err(|error| described(&error))
}

/// Names in the folder, sorted.
pub(crate) fn list(path: &str) -> Result<Value, Value> {
    let entries = fs::read_dir(path).map_err(|error| described(&error))?;
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<Result<Vec<_>, _>>().map_err(|error| described(&error))?;
    names.sort();
    Ok(json!(names))
}

/// Tries to write: what is granted is for reading.
pub(crate) fn write(path: &str) -> Result<Value, Value> {
    fs::write(path, b"written by a component").map(|()| json!("written")).map_err(|error| described(&error))
}

pub(crate) fn described(error: &Error) -> Value {
    json!({ "kind": format!("{:?}", error.kind()), "text": error.to_string() })
}

//! Each folder below `tests/cases/host/` is a manifest and what the host must say about it.
//!
//! `spin.toml` is the case, `expected.txt` the exact output. Optional: `values.env` (lines `name=value`) with values
//! of variables, `overlay.toml`, a second manifest that is laid over the first. A case with a `.wat` file is about a
//! component: here its manifest must only be sound, the engine's own test has the output.
//!
//! `UPDATE_CASES=1` writes what was said into `expected.txt`, to be read before it is committed.

#![expect(clippy::unwrap_used, reason = "in a test the panic is the report")]

use host_manifest::{App, Inputs, Problem, Problems, load, routes_table, unknown_values};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn case_folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("../../tests/cases/host").expect("the folder of the host's cases");
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    folders
}

fn has_component_text(folder: &Path) -> bool {
    let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.any(|file| file.extension().is_some_and(|extension| extension == "wat"))
}

fn values(folder: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder.join("values.env")).unwrap_or_default();
    let pairs = text.lines().map(|line| line.split_once('=').expect("name=value"));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn read(folder: &Path, check_sources: bool) -> Result<App, Problems> {
    let values = values(folder);
    let inputs = Inputs { values: &values, check_values: true, check_sources };
    let mut app = load(&folder.join("spin.toml"), &inputs)?;
    let overlay = folder.join("overlay.toml");
    if overlay.exists() {
        app = app.with_overlay(load(&overlay, &inputs)?)?;
    }
    let unknown = unknown_values(&app, &values);
    if unknown.is_empty() { Ok(app) } else { Err(Problems(unknown)) }
}

fn said(folder: &Path) -> String {
    let said = match read(folder, true) {
        Err(problems) => format!("{problems}\n"),
        Ok(app) => {
            let mut said = String::new();
            for Problem { place, text } in &app.notes {
                let place = place.as_ref().expect("a remark is about a line");
                writeln!(said, "{place}: note: {text}").unwrap();
            }
            said + &routes_table(&app)
        }
    };
    said.replace(&format!("{}/", folder.display()), "")
}

#[test]
fn every_case_says_exactly_what_is_expected() {
    let mut wrong = Vec::new();
    for folder in case_folders() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if has_component_text(&folder) {
            if let Err(problems) = read(&folder, false) {
                wrong.push(format!("{name}: its manifest should be sound\n{problems}"));
            }
            continue;
        }
        let said = said(&folder);
        let file = folder.join("expected.txt");
        if std::env::var_os("UPDATE_CASES").is_some() {
            std::fs::write(&file, &said).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if said != expected {
            wrong.push(format!("{name}\n--- expected\n{expected}--- said\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases differ:\n\n{}", wrong.len(), wrong.join("\n"));
}

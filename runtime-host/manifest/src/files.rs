//! `files` and `exclude_files`: which files a component may read, resolved to the last one.
//!
//! As in Spin, the guest sees copies of single files below `/`, never a folder of the machine as it is.

use crate::component::Context;
use crate::problem::{Findings, Span};
use crate::section::{Section, Text};
use glob::Pattern;
use std::collections::BTreeMap;
use std::path::{Component as Part, Path, PathBuf};

/// The most files one component can be granted.
pub const FILES_PER_COMPONENT_MAX: usize = 10_000;

/// A file that a component may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileGrant {
    /// The file on this machine, symbolic links resolved; always below the manifest's folder.
    pub source: PathBuf,
    /// Its path in the guest, below `/` and without it, e.g. `static/index.html`.
    pub guest: String,
}

/// Reads `files` and `exclude_files` of a component.
pub(crate) fn read(
    section: &Section<'_>,
    context: &Context<'_>,
    findings: &mut Findings<'_>,
) -> Vec<FileGrant> {
    let excluded = excluded(section, findings);
    let entries = section.array("files", "an array of paths or { source, destination }", findings);
    let Ok(root) = context.folder.canonicalize() else { return Vec::new() };
    let mut granted = Granted { root, excluded, by_guest: BTreeMap::new() };
    for value in entries {
        let found = match value.get_ref().as_table() {
            Some(table) => {
                let title = format!("an entry of \"files\" in {}", section.title);
                placement(&Section::new(title, value.span(), table), findings)
            }
            None => match value.get_ref().as_str() {
                Some(text) => pattern(&Text { value: text, span: value.span() }, findings),
                None => {
                    section.wrong_entry("files", value, "a path or { source, destination }", findings);
                    None
                }
            },
        };
        if let Some(entry) = found
            && let Err(fault) = granted.add(&entry, context.inputs.check_sources, findings)
        {
            findings.problem(&entry.span, fault);
        }
        if granted.by_guest.len() > FILES_PER_COMPONENT_MAX {
            let text = format!(
                "\"files\" in {} grants more than {FILES_PER_COMPONENT_MAX} files; allowed: fewer",
                section.title
            );
            findings.problem(&value.span(), text);
            break;
        }
    }
    granted.by_guest.into_iter().map(|(guest, source)| FileGrant { source, guest }).collect()
}

fn excluded(section: &Section<'_>, findings: &mut Findings<'_>) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for text in section.strings("exclude_files", findings) {
        match Pattern::new(text.value) {
            Ok(pattern) => patterns.push(pattern),
            Err(fault) => {
                findings
                    .problem(&text.span, format!("{:?} is not a file pattern: {}", text.value, fault.msg));
            }
        }
    }
    patterns
}

/// One entry of `files`, as written.
struct Entry {
    span: Span,
    source: String,
    /// Where the source is put; without it files keep their path below the manifest's folder.
    destination: Option<String>,
}

fn pattern(text: &Text<'_>, findings: &mut Findings<'_>) -> Option<Entry> {
    let last = text.value.rsplit('/').next().unwrap_or_default();
    if matches!(last, "." | ".." | "") {
        let text_found = format!("file pattern {:?} ends in a folder", text.value);
        findings.problem(
            &text.span,
            format!("{text_found}; allowed: a file, a pattern such as \"static/**/*\", or {{ source, destination }}"),
        );
        return None;
    }
    stays_below(text, findings).then(|| Entry {
        span: text.span.clone(),
        source: text.value.to_owned(),
        destination: None,
    })
}

fn placement(section: &Section<'_>, findings: &mut Findings<'_>) -> Option<Entry> {
    section.only(&["destination", "source"], findings);
    let source = section.required_string("source", findings);
    let destination = section.required_string("destination", findings);
    let (source, destination) = (source?, destination?);
    let inside = Path::new(destination.value.trim_start_matches('/'));
    if inside.components().any(|part| part == Part::ParentDir) {
        findings.problem(
            &destination.span,
            format!(
                "destination {:?} leaves the guest's \"/\"; allowed: a path without \"..\"",
                destination.value
            ),
        );
        return None;
    }
    stays_below(&source, findings).then(|| Entry {
        span: source.span.clone(),
        source: source.value.to_owned(),
        destination: Some(destination.value.to_owned()),
    })
}

fn stays_below(text: &Text<'_>, findings: &mut Findings<'_>) -> bool {
    let path = Path::new(text.value);
    let stays = path.is_relative() && !path.components().any(|part| part == Part::ParentDir);
    if !stays {
        findings.problem(
            &text.span,
            format!("{:?} leaves the manifest's folder; allowed: a relative path without \"..\"", text.value),
        );
    }
    stays
}

struct Granted {
    /// The manifest's folder, symbolic links resolved.
    root: PathBuf,
    excluded: Vec<Pattern>,
    by_guest: BTreeMap<String, PathBuf>,
}

impl Granted {
    /// Adds what `entry` stands for. Errors with what is wrong about it.
    fn add(&mut self, entry: &Entry, check: bool, findings: &mut Findings<'_>) -> Result<(), String> {
        let path = self.root.join(&entry.source);
        if path.is_file() {
            return self.add_single(entry, &path);
        }
        let glob = if path.is_dir() {
            format!("{}/**/*", Pattern::escape(&utf8(&path)?))
        } else if entry.destination.is_none() && entry.source.contains(['*', '?', '[']) {
            format!("{}/{}", Pattern::escape(&utf8(&self.root)?), entry.source)
        } else if check {
            return Err(format!("file {:?} does not exist", entry.source));
        } else {
            return Ok(());
        };
        let before = self.by_guest.len();
        let files = glob::glob(&glob)
            .map_err(|fault| format!("{:?} is not a file pattern: {}", entry.source, fault.msg))?;
        for file in files {
            let file =
                file.map_err(|error| format!("{:?} cannot be read: {}", entry.source, error.error()))?;
            if file.is_file() {
                self.add_found(entry, &file)?;
            }
            if self.by_guest.len() > FILES_PER_COMPONENT_MAX {
                break;
            }
        }
        if self.by_guest.len() == before && check {
            findings.note(&entry.span, format!("{:?} stands for no file", entry.source));
        }
        Ok(())
    }

    fn add_single(&mut self, entry: &Entry, path: &Path) -> Result<(), String> {
        let guest = match &entry.destination {
            Some(destination) if destination.ends_with(['/', '.']) => {
                return Err(format!(
                    "destination {destination:?} of the file {:?} is a folder; allowed: the file's own path",
                    entry.source
                ));
            }
            Some(destination) => destination,
            None => &entry.source,
        };
        let guest = plain(Path::new(guest))?;
        self.insert(entry, path, guest)
    }

    fn add_found(&mut self, entry: &Entry, file: &Path) -> Result<(), String> {
        let below_root = file.strip_prefix(&self.root).unwrap_or(file);
        if self.excluded.iter().any(|pattern| pattern.matches_path(below_root)) {
            return Ok(());
        }
        let guest = match &entry.destination {
            Some(destination) => {
                let below_source = file.strip_prefix(self.root.join(&entry.source)).unwrap_or(file);
                plain(&Path::new(destination).join(below_source))?
            }
            None => plain(below_root)?,
        };
        self.insert(entry, file, guest)
    }

    /// A symbolic link must not lead out of the manifest's folder either.
    fn insert(&mut self, entry: &Entry, file: &Path, guest: String) -> Result<(), String> {
        let source =
            file.canonicalize().map_err(|error| format!("{:?} cannot be read: {error}", entry.source))?;
        if !source.starts_with(&self.root) {
            return Err(format!("{:?} leads out of the manifest's folder by a symbolic link", entry.source));
        }
        self.by_guest.insert(guest, source);
        Ok(())
    }
}

/// `path` without `/` at its beginning and without `.` parts.
fn plain(path: &Path) -> Result<String, String> {
    let parts = path.components().filter(|part| matches!(part, Part::Normal(_)));
    utf8(&parts.collect::<PathBuf>())
}

fn utf8(path: &Path) -> Result<String, String> {
    path.to_str().map(str::to_owned).ok_or_else(|| format!("{} is not UTF-8", path.display()))
}

//! `--watch`: a component whose sources change is built again and swapped in; everything else stays up.

use crate::terminal::{ready, say};
use anyhow::{Context, Result, bail};
use host_manifest::Build;
use moalog::Running;
use notify::{RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::process::Command;
use tokio::sync::mpsc;

/// An editor writes a file in several steps; this much silence means that it is done.
const SETTLE: Duration = Duration::from_millis(60);

/// A component and where its sources lie.
struct Watched {
    id: String,
    build: Build,
    folders: Vec<PathBuf>,
}

/// Runs until it is aborted; what goes wrong is said and the old component goes on.
pub(crate) async fn rebuild_and_swap(app: Arc<Running>) {
    if let Err(problem) = watch(&app).await {
        tracing::error!(problem = format!("{problem:#}"), "not watching any more");
    }
}

async fn watch(app: &Running) -> Result<()> {
    let watched = components(app);
    let (changed, mut changes) = mpsc::unbounded_channel::<PathBuf>();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if let Ok(event) = event
            && (event.kind.is_modify() || event.kind.is_create() || event.kind.is_remove())
        {
            for path in event.paths {
                // The receiver is gone only when watching ended.
                let _ = changed.send(path);
            }
        }
    })?;
    let folders: BTreeSet<&PathBuf> = watched.iter().flat_map(|component| &component.folders).collect();
    for folder in &folders {
        watcher
            .watch(folder, RecursiveMode::Recursive)
            .with_context(|| format!("watching {}", folder.display()))?;
    }
    ready(format_args!("watching {} folders", folders.len()));
    while let Some(first) = changes.recv().await {
        let mut paths = BTreeSet::from([first]);
        while let Ok(Some(path)) = tokio::time::timeout(SETTLE, changes.recv()).await {
            paths.insert(path);
        }
        let began = Instant::now();
        match rebuild(app, &watched, &paths).await {
            Ok(0) => {}
            Ok(count) => {
                say(format_args!("  ↻ {count} rebuilt and swapped in {} ms", began.elapsed().as_millis()))
            }
            Err(problem) => say(format_args!("  ✗ {problem:#}; the old one goes on")),
        }
    }
    Ok(())
}

fn components(app: &Running) -> Vec<Watched> {
    let manifest = app.manifest();
    let with_build =
        manifest.components.values().filter_map(|component| Some((component, component.build.clone()?)));
    with_build
        .map(|(component, build)| {
            let folders = build
                .watch
                .iter()
                .map(|pattern| build.folder.join(fixed_part(pattern)))
                .filter(|folder| folder.exists())
                .collect();
            Watched { id: component.id.clone(), build, folders }
        })
        .collect()
}

/// The folders of a glob before its first wildcard.
fn fixed_part(pattern: &str) -> PathBuf {
    Path::new(pattern)
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']))
        .collect()
}

/// Builds the components that `paths` belong to and reloads the app; gives their number.
async fn rebuild(app: &Running, watched: &[Watched], paths: &BTreeSet<PathBuf>) -> Result<usize> {
    let paths: Vec<PathBuf> =
        paths.iter().map(|path| path.canonicalize().unwrap_or_else(|_| path.clone())).collect();
    let touched = |component: &&Watched| {
        component
            .folders
            .iter()
            .filter_map(|folder| folder.canonicalize().ok())
            .any(|folder| paths.iter().any(|path| path.starts_with(&folder)))
    };
    let components: Vec<&Watched> = watched.iter().filter(touched).collect();
    for component in &components {
        for command in &component.build.commands {
            build(component, command).await?;
        }
    }
    if !components.is_empty() {
        app.reload().await?;
    }
    Ok(components.len())
}

async fn build(component: &Watched, command: &str) -> Result<()> {
    let output =
        Command::new("/bin/sh").arg("-c").arg(command).current_dir(&component.build.folder).output().await?;
    if !output.status.success() {
        bail!("{} does not build:\n{}", component.id, String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_is_watched_from_its_first_folder() {
        assert_eq!(fixed_part("src/**/*.rs"), Path::new("src"));
        assert_eq!(fixed_part("**/*.rs"), Path::new(""));
        assert_eq!(fixed_part("Cargo.toml"), Path::new("Cargo.toml"));
    }
}

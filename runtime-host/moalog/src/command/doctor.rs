//! `moalog doctor`: what this machine lacks, and the command that mends it.

use crate::cli::Doctor;
use crate::terminal::say;
use anyhow::{Result, bail};
use host_dev_stack::Search;
use host_manifest::Inputs;
use std::collections::BTreeMap;
use std::process::Command;

/// One thing looked at.
struct Finding {
    what: &'static str,
    /// What was found, or what is wrong with the command that mends it.
    state: Result<String, String>,
}

/// Looks at everything; an error (and so exit 1) when something is missing.
pub(crate) fn run(args: &Doctor) -> Result<()> {
    let findings = [toolchain(), target(), postgres(), redis(), manifest(args), components(args)];
    for Finding { what, state } in &findings {
        match state {
            Ok(found) => say(format_args!("✓ {what}: {found}")),
            Err(missing) => say(format_args!("✗ {what}: {missing}")),
        }
    }
    let missing = findings.iter().filter(|finding| finding.state.is_err()).count();
    if missing > 0 {
        bail!("{missing} of {} things are missing; `make up` mends them all", findings.len());
    }
    Ok(())
}

fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn toolchain() -> Finding {
    let state = printed("cargo", &["--version"])
        .ok_or("no cargo: install Rust with rustup, then run `rustup toolchain install`".to_owned());
    Finding { what: "Rust", state }
}

fn target() -> Finding {
    const TARGET: &str = "wasm32-wasip2";
    let libraries = printed("rustc", &["--print", "target-libdir", "--target", TARGET]);
    let state = match libraries {
        Some(folder) if std::path::Path::new(&folder).is_dir() => Ok(TARGET.to_owned()),
        Some(_) | None => Err(format!("no libraries for {TARGET}: rustup target add {TARGET}")),
    };
    Finding { what: "WebAssembly target", state }
}

fn postgres() -> Finding {
    let state = Search::default().postgres(None).map(|found| format!("major version {}", found.major));
    Finding { what: "PostgreSQL", state: state.map_err(|problem| problem.to_string()) }
}

fn redis() -> Finding {
    let state = Search::default().redis().map(|program| program.display().to_string());
    Finding { what: "Redis", state: state.map_err(|problem| problem.to_string()) }
}

fn manifest(args: &Doctor) -> Finding {
    let values = BTreeMap::new();
    let inputs = Inputs { values: &values, check_values: false, check_sources: false };
    let state = host_manifest::load(&args.manifest, &inputs)
        .map(|app| format!("{}: {} routes", args.manifest.display(), app.routes.len()))
        .map_err(|problems| problems.to_string());
    Finding { what: "Manifest", state }
}

fn components(args: &Doctor) -> Finding {
    let values = BTreeMap::new();
    let inputs = Inputs { values: &values, check_values: false, check_sources: false };
    let state = match host_manifest::load(&args.manifest, &inputs) {
        Ok(app) => {
            let absent = app.components.values().filter(|component| !component.source.is_file()).count();
            match absent {
                0 => Ok(format!("all {} are built", app.components.len())),
                absent => Err(format!("{absent} of {} are not built: make components", app.components.len())),
            }
        }
        Err(_) => Err("the manifest must be mended first".to_owned()),
    };
    Finding { what: "Components", state }
}

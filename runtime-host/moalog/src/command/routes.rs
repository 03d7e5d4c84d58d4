//! `moalog routes`

use crate::cli::Routes;
use crate::terminal::say;
use anyhow::Result;
use host_manifest::Inputs;
use std::collections::BTreeMap;

/// Prints the table; needs neither built components nor variables' values.
pub(crate) fn run(args: &Routes) -> Result<()> {
    let values = BTreeMap::new();
    let inputs = Inputs { values: &values, check_values: false, check_sources: false };
    let mut app = host_manifest::load(&args.manifest, &inputs)?;
    for overlay in &args.overlays {
        app = app.with_overlay(host_manifest::load(overlay, &inputs)?)?;
    }
    say(host_manifest::routes_table(&app).trim_end());
    Ok(())
}

//! The Spin manifest (`spin.toml`, version 2): read, checked, and turned into the [`App`] that the host runs.
//!
//! All problems are found at once, each with file, line and column, what was found and what is allowed, before
//! anything is compiled or a port opens. What this host does not support is refused by name; what Spin accepts and
//! has no meaning here (`targets`, `tool`, `profile`) is let through.
//!
//! This crate never runs a component, opens a connection or reads a variable's value from the environment: the caller
//! hands the values in.
//!
//! Where to look: `document.rs` is the top-level order; one file each for `[variables]`, `[component.x]`,
//! `[[trigger.http]]`, file grants, templates; `app.rs` is what comes out; `routes.rs` finds the route of a request.

mod app;
mod component;
mod document;
mod files;
mod link;
mod middleware;
mod names;
mod outbound_hosts;
mod overlay;
mod problem;
mod route_pattern;
mod routes;
mod routes_table;
mod section;
mod template;
mod trigger;
mod variables;

pub use app::{App, Build, Capability, Component, Exposure, Middleware, Route, Variable};
pub use files::{FILES_PER_COMPONENT_MAX, FileGrant};
pub use problem::{Place, Problem, Problems};
pub use route_pattern::{RouteFault, RoutePattern};
pub use routes::{RouteMatch, RouteTable};
pub use routes_table::routes_table;
pub use variables::unknown_values;

use std::collections::BTreeMap;
use std::path::Path;

/// The largest manifest that is read, in bytes.
pub const MANIFEST_BYTES_MAX: u64 = 1 << 20;

/// What a manifest is completed with.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Values of application variables by name, already merged from flags, environment and files.
    pub values: &'a BTreeMap<String, String>,
    /// Whether a missing value of a required variable is a problem. If not, what depends on the value is left out.
    pub check_values: bool,
    /// Whether a missing `.wasm` or granted file is a problem. If not, sources are taken as they are written and
    /// missing files are left out.
    pub check_sources: bool,
}

/// Reads the manifest at `path` and everything it refers to.
///
/// Errors with all problems, in the order of the file. Remarks that are no problem are in [`App::notes`].
pub fn load(path: &Path, inputs: &Inputs<'_>) -> Result<App, Problems> {
    document::load(path, inputs)
}

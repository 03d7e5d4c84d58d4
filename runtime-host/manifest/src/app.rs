//! What a checked manifest says: the app as the host runs it.

use crate::files::FileGrant;
use crate::problem::{Place, Problem};
use crate::route_pattern::RoutePattern;
use host_egress::Grants;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

/// An app, with every reference resolved. Its `Debug` shows no value of a secret variable.
#[derive(Clone, Debug)]
pub struct App {
    /// `application.name`
    pub name: String,
    /// `application.version`, empty when not given.
    pub version: String,
    /// `application.description`, empty when not given.
    pub description: String,
    /// The manifest's path as it was given to [`crate::load`].
    pub manifest: PathBuf,
    /// Application variables by name.
    pub variables: BTreeMap<String, Variable>,
    /// What a request can reach, by id: the component of each route, private ones included.
    pub components: BTreeMap<String, Component>,
    /// In the order of the manifest.
    pub routes: Vec<Route>,
    /// Remarks that stop nothing, such as a component that no trigger names.
    pub notes: Vec<Problem>,
}

/// An application variable.
#[derive(Clone, PartialEq, Eq)]
pub struct Variable {
    /// Empty when not given.
    pub description: String,
    /// The value in force unless another is given; `None` exactly for a required variable.
    pub default: Option<String>,
    /// Whether its values must not be shown.
    pub secret: bool,
    /// Where it is declared.
    pub declared: Place,
    /// The value in force, `None` when a required one was not given.
    pub(crate) value: Option<String>,
}

impl Variable {
    /// Whether a value must be given.
    pub fn is_required(&self) -> bool {
        self.default.is_none()
    }

    /// Whether another manifest means the same variable; what it says about it in prose may differ.
    pub(crate) fn declares_the_same_as(&self, other: &Self) -> bool {
        self.default == other.default && self.secret == other.secret
    }

    /// The value in force; `None` when a required one was not given and `Inputs::check_values` was off.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<String>| match value {
            Some(_) if self.secret => Some("(secret)".to_owned()),
            Some(_) | None => value.clone(),
        };
        f.debug_struct("Variable")
            .field("description", &self.description)
            .field("default", &shown(&self.default))
            .field("secret", &self.secret)
            .field("declared", &self.declared)
            .field("value", &shown(&self.value))
            .finish()
    }
}

/// A component as one or more routes use it.
///
/// When one component of the manifest serves several routes of which some have middleware, each route with
/// middleware gets a component of its own, `<component>-for-<trigger>`, as in Spin.
#[derive(Clone)]
pub struct Component {
    /// Its key in [`App::components`].
    pub id: String,
    /// Its name in the manifest, which is also [`Component::id`] unless it was split by middleware.
    pub declared_id: String,
    /// Where it is declared.
    pub declared: Place,
    /// Empty when not given.
    pub description: String,
    /// The `.wasm` file.
    pub source: PathBuf,
    /// What stands in front of it, outermost first.
    pub middleware: Vec<Middleware>,
    /// How the source is made, when the manifest says so.
    pub build: Option<Build>,
    /// Where it may connect to.
    pub grants: Grants,
    /// `allowed_outbound_hosts` fit to be shown: resolved, except for entries that hold a secret.
    pub grants_shown: Vec<String>,
    /// Labels of the stores it may open.
    pub key_value_stores: BTreeSet<String>,
    /// Labels of the databases it may open.
    pub sqlite_databases: BTreeSet<String>,
    /// The files it may read, below `/` in the guest.
    pub files: Vec<FileGrant>,
    /// Environment variables, as written.
    pub environment: BTreeMap<String, String>,
    /// Component variables with their values, templates resolved.
    pub variables: BTreeMap<String, String>,
    /// The names in [`Component::variables`] whose values come from a secret application variable.
    pub secrets: BTreeSet<String>,
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(name, value): (&String, &String)| {
            let value = if self.secrets.contains(name) { "(secret)" } else { value };
            (name.clone(), value.to_owned())
        };
        f.debug_struct("Component")
            .field("id", &self.id)
            .field("declared", &self.declared)
            .field("source", &self.source)
            .field("middleware", &self.middleware)
            .field("grants", &self.grants_shown)
            .field("key_value_stores", &self.key_value_stores)
            .field("sqlite_databases", &self.sqlite_databases)
            .field("files", &self.files)
            .field("environment", &self.environment)
            .field("variables", &self.variables.iter().map(shown).collect::<BTreeMap<_, _>>())
            .finish_non_exhaustive()
    }
}

/// A component in front of another: it gets the request first and may pass it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Middleware {
    /// The component's id, or the path as written.
    pub name: String,
    /// The `.wasm` file.
    pub source: PathBuf,
    /// What it may use of what the component behind it was granted; everything else is denied to it.
    pub inherits: BTreeSet<Capability>,
    /// How the source is made, when the manifest says so.
    pub build: Option<Build>,
}

/// A group of grants that a middleware can inherit, named as its key in `[component.x]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// `ai_models`
    AiModels,
    /// `allowed_outbound_hosts`: HTTP, PostgreSQL, Redis and sockets.
    AllowedOutboundHosts,
    /// `environment`
    Environment,
    /// `files`
    Files,
    /// `key_value_stores`
    KeyValueStores,
    /// `sqlite_databases`
    SqliteDatabases,
    /// `variables`
    Variables,
}

impl Capability {
    /// Every capability, as `inherit_configuration = true` grants it.
    pub const ALL: [Self; 7] = [
        Self::AiModels,
        Self::AllowedOutboundHosts,
        Self::Environment,
        Self::Files,
        Self::KeyValueStores,
        Self::SqliteDatabases,
        Self::Variables,
    ];

    /// Its name in `inherit_configuration`.
    pub fn key(self) -> &'static str {
        match self {
            Self::AiModels => "ai_models",
            Self::AllowedOutboundHosts => "allowed_outbound_hosts",
            Self::Environment => "environment",
            Self::Files => "files",
            Self::KeyValueStores => "key_value_stores",
            Self::SqliteDatabases => "sqlite_databases",
            Self::Variables => "variables",
        }
    }
}

/// `[component.x.build]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// Shell commands, one after the other.
    pub commands: Vec<String>,
    /// The folder they run in.
    pub folder: PathBuf,
    /// Globs, relative to [`Build::folder`], of the files whose change asks for a rebuild.
    pub watch: Vec<String>,
}

/// `[[trigger.http]]`
#[derive(Clone, Debug)]
pub struct Route {
    /// The trigger's id, given or made up as Spin does.
    pub trigger: String,
    /// The key in [`App::components`] of what answers.
    pub component: String,
    /// Who can call it.
    pub exposure: Exposure,
    /// Where it is declared.
    pub declared: Place,
}

/// Who can call a route.
#[derive(Clone, Debug)]
pub enum Exposure {
    /// Everyone, by a path that fits.
    Public(RoutePattern),
    /// Only other components, by service chaining.
    Private,
}

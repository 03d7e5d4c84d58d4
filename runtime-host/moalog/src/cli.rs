//! The command line: names, defaults, help.

mod door;
mod instances;
mod logs;

pub(crate) use door::Door;
pub(crate) use instances::Instances;
pub(crate) use logs::{LogFormat, Logs};

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Runs Spin applications natively, with everything they need on one machine.
#[derive(Debug, Parser)]
#[command(name = "moalog", version, max_term_width = 110)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Everything for one machine: private PostgreSQL and Redis, migrations, the app, the sandbox.
    ///
    /// Servers are started only where no address is given (--database-url, --redis-url). Ctrl-C stops all of it.
    #[command(after_help = UP_EXAMPLES)]
    Up(Box<Up>),
    /// The app's HTTP components, and nothing beside them.
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(Box<Serve>),
    /// Brings the database's schema up to date.
    #[command(after_help = MIGRATE_EXAMPLES)]
    Migrate(Migrate),
    /// Says what is missing on this machine, and the command that mends it.
    Doctor(Doctor),
    /// Prints the route table: pattern, component, grants, middleware.
    Routes(Routes),
}

const UP_EXAMPLES: &str = "Examples:
  moalog up                          everything, data kept under .moalog/
  moalog up --fresh                  forget the data of earlier runs
  moalog up --watch                  rebuild and swap a component when its sources change
  moalog up --listen 127.0.0.1:8080  another port
  moalog up --spin-env .moalog/spin.env; then, elsewhere: . .moalog/spin.env && spin up
  MOALOG_DATABASE_URL=postgres://… MOALOG_MIGRATION_URL=postgres://… moalog up";

const SERVE_EXAMPLES: &str = "Examples:
  SPIN_VARIABLE_DATABASE_URL=postgres://… moalog serve
  moalog serve --from spin.toml --secrets /run/secrets --listen 0.0.0.0:3000
  moalog serve --reuse isolated --reuse-of ops-home=concurrent:32";

const MIGRATE_EXAMPLES: &str = "Examples:
  MOALOG_MIGRATION_URL=postgres://owner:…@db/moalog moalog migrate
  moalog migrate --folder infra/postgres/migrations";

/// `moalog up`
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// How the app is served.
    #[command(flatten)]
    pub(crate) serve: Serve,
    /// A PostgreSQL that is there already (the application's role); without it a private one is started.
    #[arg(long, env = "MOALOG_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// The role that owns the schema, for the migrations; without it, --database-url is used.
    #[arg(long, env = "MOALOG_MIGRATION_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) migration_url: Option<String>,
    /// A database for the sandbox, whose role may make tables in it; without it the private server's, else that of the
    /// migrations.
    #[arg(long, env = "MOALOG_SANDBOX_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) sandbox_database_url: Option<String>,
    /// A Redis that is there already; without it a private one is started.
    #[arg(long, env = "MOALOG_REDIS_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) redis_url: Option<String>,
    /// Forget the data of earlier runs: the servers', the key-value store's, SQLite's; secrets stay.
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Rebuild and swap a component when its sources change.
    #[arg(long)]
    pub(crate) watch: bool,
    /// Also write the values of the app's variables to this file, as shell lines for `spin up`; it holds secrets, and
    /// only you can read it.
    #[arg(long, value_name = "FILE")]
    pub(crate) spin_env: Option<PathBuf>,
    /// Address of the sandbox that stands in for the outside world.
    #[arg(long, env = "MOALOG_SANDBOX_LISTEN", default_value = "127.0.0.1:3002", value_name = "ADDRESS")]
    pub(crate) sandbox_listen: SocketAddr,
    /// The sandbox's manifest.
    #[arg(long, default_value = "sandbox/spin.toml", value_name = "FILE")]
    pub(crate) sandbox: PathBuf,
    /// Values of the sandbox's variables.
    #[arg(long, default_value = "sandbox/variables.toml", value_name = "FILE")]
    pub(crate) sandbox_variables: PathBuf,
    /// Routes that only a development machine has.
    #[arg(long, default_value = "sandbox/dev-routes.toml", value_name = "FILE")]
    pub(crate) dev_routes: PathBuf,
    /// Values of variables on a development machine.
    #[arg(long, default_value = "sandbox/dev-variables.toml", value_name = "FILE")]
    pub(crate) dev_variables: PathBuf,
}

/// `moalog serve`
#[derive(Clone, Debug, Args)]
pub(crate) struct Serve {
    /// The Spin manifest.
    #[arg(
        long = "from",
        short = 'f',
        env = "MOALOG_MANIFEST",
        default_value = "spin.toml",
        value_name = "FILE"
    )]
    pub(crate) manifest: PathBuf,
    /// Another manifest whose components and routes are added; may be repeated.
    #[arg(long = "overlay", value_name = "FILE")]
    pub(crate) overlays: Vec<PathBuf>,
    /// Folder for compiled components, the key-value store, generated secrets and (with `up`) the servers' data.
    #[arg(long, env = "MOALOG_STATE", default_value = ".moalog", value_name = "FOLDER")]
    pub(crate) state: PathBuf,
    /// A variable's value, NAME=VALUE; may be repeated. Also SPIN_VARIABLE_<NAME> in the environment.
    #[arg(long = "variable", value_name = "NAME=VALUE")]
    pub(crate) variables: Vec<String>,
    /// A folder in which each file holds the value of the variable that it is named after.
    #[arg(long, env = "MOALOG_SECRETS", value_name = "FOLDER")]
    pub(crate) secrets: Option<PathBuf>,
    /// The front door.
    #[command(flatten)]
    pub(crate) door: Door,
    /// The instances.
    #[command(flatten)]
    pub(crate) instances: Instances,
    /// The outside.
    #[command(flatten)]
    pub(crate) outside: Outside,
    /// The logs.
    #[command(flatten)]
    pub(crate) logs: Logs,
}

/// Flags of what components reach.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Capabilities")]
pub(crate) struct Outside {
    /// Connections to one database, whole app together.
    #[arg(long, default_value_t = host_postgres::Settings::default().connections_max, value_name = "COUNT")]
    pub(crate) database_connections_max: usize,
    /// Time for one database call.
    #[arg(long, default_value_t = host_postgres::Settings::default().call_ms, value_name = "MS")]
    pub(crate) database_call_ms: u64,
    /// Keep the key-value store in this Redis instead of a file.
    #[arg(long, env = "MOALOG_KEY_VALUE_REDIS_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) key_value_redis_url: Option<String>,
    /// Networks that outbound connections may not reach: `private`, or CIDR blocks; may be repeated.
    #[arg(long, value_name = "NETWORK")]
    pub(crate) block_network: Vec<String>,
    /// Bytes of an outbound request's answer.
    #[arg(long, default_value_t = host_outbound_http::Settings::default().response_bytes_max, value_name = "BYTES")]
    pub(crate) outbound_response_bytes_max: u64,
    /// Time of an outbound request, to its answer's last byte.
    #[arg(long, default_value_t = host_outbound_http::Settings::default().total_ms, value_name = "MS")]
    pub(crate) outbound_ms_max: u64,
}

/// `moalog migrate`
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// The role that owns the schema.
    #[arg(long, env = "MOALOG_MIGRATION_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) migration_url: String,
    /// Certificate (PEM) of the authority that signed the server's [default: the public authorities].
    #[arg(long, value_name = "FILE")]
    pub(crate) authority: Option<PathBuf>,
    /// Numbered .sql files [default: those built into this program].
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}

/// `moalog doctor`
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The Spin manifest.
    #[arg(long = "from", short = 'f', default_value = "spin.toml", value_name = "FILE")]
    pub(crate) manifest: PathBuf,
}

/// `moalog routes`
#[derive(Debug, Args)]
pub(crate) struct Routes {
    /// The Spin manifest.
    #[arg(long = "from", short = 'f', default_value = "spin.toml", value_name = "FILE")]
    pub(crate) manifest: PathBuf,
    /// Another manifest whose routes are added; may be repeated.
    #[arg(long = "overlay", value_name = "FILE")]
    pub(crate) overlays: Vec<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_host_without_instances_is_refused() {
        let instances_max = |count| Cli::try_parse_from(["moalog", "serve", "--instances-max", count]);
        assert!(instances_max("0").is_err());
        assert!(instances_max("1").is_ok());
    }
}

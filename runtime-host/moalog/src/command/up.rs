//! `moalog up`: everything for one machine.

use super::{addresses, migrate, serve, watch};
use crate::cli::Up;
use crate::signals::StopSignals;
use crate::terminal::{ready, say};
use anyhow::{Context, Result};
use host_dev_stack::{Data, DevStack, Settings};
use host_migrations::{Database, Migrations};
use moalog::dev_values::{self, Facts};
use moalog::values::{self, Values};
use moalog::{Ports, Running, Start, private_file};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// CPU time of one request to the sandbox, in milliseconds.
const SANDBOX_CPU_MS_MAX: u64 = 25_000;

/// How long servers that are just being started may take to be there, so that they can be stopped, in milliseconds.
/// After that their guards stop them, when this program has ended.
const SERVERS_END_MS_MAX: u64 = 10_000;

/// Starts what is not given, serves, and stops what it started, in that order; a signal during the start stops what
/// is there.
pub(crate) async fn run(args: Up) -> Result<()> {
    let signals = StopSignals::catch()?;
    let _logs = serve::logs(&args.serve.logs)?;
    let plan = Plan::checked(&args)?;
    let mut servers = Box::pin(start_servers(&args));
    let stack = match signals.or(&mut servers).await {
        Some(stack) => stack?,
        None => {
            say("stopping: servers that are being started are stopped (again to stop at once)");
            let bound = Duration::from_millis(SERVERS_END_MS_MAX);
            tokio::time::timeout(bound, servers).await.unwrap_or(Ok(None))?
        }
    };
    let ended = Box::pin(serve_until_stopped(&args, plan, stack.as_ref(), &signals)).await;
    if let Some(stack) = stack {
        stack.stop().await?;
    }
    ended
}

async fn serve_until_stopped(
    args: &Up,
    plan: Plan,
    stack: Option<&DevStack>,
    signals: &StopSignals,
) -> Result<()> {
    let Some(apps) = signals.or(Box::pin(serve_all(args, plan, stack))).await else {
        serve::start_given_up();
        return Ok(());
    };
    let lost = async {
        match stack {
            Some(stack) => stack.server_lost().await,
            None => std::future::pending().await,
        }
    };
    let stop = async {
        tokio::select! {
            () = signals.first() => {}
            // The app answers 503 without its servers; going on is for the person to decide.
            lost = lost => {
                tracing::error!(lost, "a server of the dev stack ended; Ctrl-C and start again");
                std::future::pending::<()>().await;
            }
        }
    };
    apps?.until(stop, args.watch).await;
    Ok(())
}

/// What is settled before a server is started: ports that are ours, manifests that were read, values that were given.
struct Plan {
    app: Start,
    app_ports: Ports,
    sandbox: Start,
    sandbox_ports: Ports,
}

impl Plan {
    /// Errors with what can be known to be wrong without any server.
    fn checked(args: &Up) -> Result<Self> {
        let flags = &args.serve.door;
        addresses::are_distinct(&[
            ("--listen", flags.listen),
            ("--admin-listen", flags.admin_listen),
            ("--sandbox-listen", args.sandbox_listen),
        ])?;
        let given = serve::given_values(&args.serve, Some(Path::new(".env")))?;
        let mut app = serve::start(&args.serve, given)?;
        app.overlays.push(args.dev_routes.clone());
        let sandbox = sandbox(args);
        let app_ports = Ports::take(&app.http)?;
        let sandbox_ports = Ports::take_for(&sandbox.http, "--sandbox-listen")?;
        for (start, file) in [(&app, &args.dev_variables), (&sandbox, &args.sandbox_variables)] {
            let named = dev_values::names(file)?.into_iter().map(|name| (name, String::new()));
            let values = values::merge([start.values.clone(), Values::from_iter(named)]);
            Start { values, ..start.clone() }.check_without_values()?;
        }
        Ok(Plan { app, app_ports, sandbox, sandbox_ports })
    }
}

async fn start_servers(args: &Up) -> Result<Option<DevStack>> {
    if args.database_url.is_some() && args.redis_url.is_some() {
        return Ok(None);
    }
    let settings = Settings {
        folder: args.serve.state.clone(),
        data: if args.fresh { Data::Cleared } else { Data::Kept },
        ..Settings::default()
    };
    let stack = DevStack::start(settings, |step| ready(step)).await?;
    Ok(Some(stack))
}

/// The app and the sandbox beside it.
struct Apps {
    app: Arc<Running>,
    sandbox: Running,
}

async fn serve_all(args: &Up, plan: Plan, stack: Option<&DevStack>) -> Result<Apps> {
    let facts = facts(args, &plan, stack)?;
    let Plan { mut app, app_ports, mut sandbox, sandbox_ports } = plan;
    if args.fresh {
        app.forget_stores()?;
        sandbox.forget_stores()?;
    }
    let owner = match (&args.migration_url, &args.database_url, stack) {
        (Some(url), ..) | (None, Some(url), _) => url.clone(),
        (None, None, Some(stack)) => stack.owner_url(),
        (None, None, None) => unreachable!("without a stack both addresses were given"),
    };
    let database = Database { owner_url: &owner, authority: None };
    let report = host_migrations::migrate(database, &Migrations::embedded()?).await?;
    ready(format_args!("schema: {}", migrate::told(&report)));
    let secrets = args.serve.state.join("secrets.json");
    sandbox.values = dev_values::read(&args.sandbox_variables, &facts, &secrets)?;
    let sandbox = Box::pin(sandbox.run_on(sandbox_ports)).await.context("starting the sandbox")?;
    ready(format_args!("sandbox (identity provider, payment provider, webhooks) on {}", sandbox.url()));
    let of_machine = dev_values::read(&args.dev_variables, &facts, &secrets)?;
    app.values = values::merge([app.values, of_machine]);
    if let Some(file) = &args.spin_env {
        private_file::write(file, &values::to_env_file(&app.values))?;
        ready(format_args!("variables for `spin up` in {}", file.display()));
    }
    let app = Box::pin(app.run_on(app_ports)).await?;
    ready(format_args!("{} components ready", app.components()));
    ready(format_args!("probes and metrics on http://{}", app.admin_address()));
    say(format_args!("\n{}\n", app.url()));
    Ok(Apps { app: Arc::new(app), sandbox })
}

fn facts(args: &Up, plan: &Plan, stack: Option<&DevStack>) -> Result<Facts> {
    let address = |given: &Option<String>, of_stack: fn(&DevStack) -> String| {
        given.clone().or_else(|| stack.map(of_stack)).context("neither an address nor a stack")
    };
    // On servers of one's own the sandbox keeps its tables, in a schema of their own, beside the application's.
    let own_server = args.migration_url.clone().or_else(|| args.database_url.clone());
    let for_sandbox = match (&args.sandbox_database_url, &args.database_url) {
        (Some(url), _) => Some(url.clone()),
        (None, Some(_)) => own_server,
        (None, None) => None,
    };
    Ok(Facts {
        app_url: format!("http://{}", plan.app_ports.app_address()),
        sandbox_url: format!("http://{}", plan.sandbox_ports.app_address()),
        database_url: address(&args.database_url, DevStack::database_url)?,
        sandbox_database_url: address(&for_sandbox, DevStack::sandbox_database_url)?,
        redis_url: address(&args.redis_url, DevStack::redis_url)?,
    })
}

/// The sandbox is an app of its own: its own manifest, port, stores and engine.
fn sandbox(args: &Up) -> Start {
    let mut start = Start::new(&args.sandbox, args.serve.state.join("sandbox"));
    start.engine.cache_dir = Some(args.serve.state.join("compiled"));
    start.http.listen = args.sandbox_listen;
    // Its identity provider makes an RSA key on the first sign-in, which takes luck as much as time.
    start.engine.cpu_ms_max = SANDBOX_CPU_MS_MAX;
    start.http.admin_listen.set_port(0);
    start
}

impl Apps {
    /// Serves until `stop`, rebuilding what changes if `watched`.
    async fn until(self, stop: impl Future<Output = ()>, watched: bool) {
        let Apps { app, sandbox } = self;
        let watching = watched.then(|| tokio::spawn(watch::rebuild_and_swap(app.clone())));
        stop.await;
        if let Some(watching) = watching {
            watching.abort();
            // Its clone of the app must be gone before the app can be stopped.
            let _ = watching.await;
        }
        if let Some(app) = Arc::into_inner(app) {
            serve::stop(app).await;
        }
        sandbox.stop().await;
    }
}

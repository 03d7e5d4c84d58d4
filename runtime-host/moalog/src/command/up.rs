//! `moalog up`: everything for one machine.

use super::{migrate, serve, watch};
use crate::cli::Up;
use crate::signals::StopSignals;
use crate::terminal::{ready, say};
use anyhow::{Context, Result};
use host_dev_stack::{Data, DevStack, Settings};
use host_migrations::{Database, Migrations};
use moalog::dev_values::{self, Facts};
use moalog::{Ports, Running, Start, values};
use std::path::Path;
use std::sync::Arc;

/// CPU time of one request to the sandbox, in milliseconds.
const SANDBOX_CPU_MS_MAX: u64 = 25_000;

/// Starts what is not given, serves, and stops what it started, in that order.
pub(crate) async fn run(args: Up) -> Result<()> {
    let signals = StopSignals::catch()?;
    let _logs = serve::logs(&args.serve.logs)?;
    let sandbox = sandbox(&args);
    let taken = Taken {
        app: Ports::take(&serve::start(&args.serve, values::Values::new())?.http)?,
        sandbox: Ports::take(&sandbox.http)?,
    };
    let stack = start_servers(&args).await?;
    let running = Box::pin(serve_all(&args, taken, sandbox, stack.as_ref())).await;
    let ended = match running {
        Ok(apps) => {
            let lost = async {
                match &stack {
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
            apps.until(stop, args.watch).await;
            Ok(())
        }
        Err(problem) => Err(problem),
    };
    if let Some(stack) = stack {
        stack.stop().await?;
    }
    ended
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

/// Ports that are ours before anything is started.
struct Taken {
    app: Ports,
    sandbox: Ports,
}

async fn serve_all(args: &Up, taken: Taken, mut sandbox: Start, stack: Option<&DevStack>) -> Result<Apps> {
    let facts = facts(args, &taken, stack)?;
    let owner = match (&args.migration_url, &args.database_url, stack) {
        (Some(url), ..) | (None, Some(url), _) => url.clone(),
        (None, None, Some(stack)) => stack.owner_url(),
        (None, None, None) => unreachable!("without a stack both addresses were given"),
    };
    let database = Database { owner_url: &owner, authority: None };
    let report = host_migrations::migrate(database, &Migrations::embedded()?).await?;
    ready(format_args!("schema: {}", migrate::told(&report)));
    let given = serve::given_values(&args.serve, Some(Path::new(".env")))?;
    let secrets = args.serve.state.join("secrets.json");
    sandbox.values = dev_values::read(&args.sandbox_variables, &facts, &secrets)?;
    let sandbox = Box::pin(sandbox.run_on(taken.sandbox)).await.context("starting the sandbox")?;
    ready(format_args!("sandbox (identity provider, payment provider, webhooks) on {}", sandbox.url()));
    let of_machine = dev_values::read(&args.dev_variables, &facts, &secrets)?;
    let mut start = serve::start(&args.serve, values::merge([given, of_machine]))?;
    start.overlays.push(args.dev_routes.clone());
    let app = Box::pin(start.run_on(taken.app)).await?;
    ready(format_args!("{} components ready", app.components()));
    ready(format_args!("probes and metrics on http://{}", app.admin_address()));
    say(format_args!("\n{}\n", app.url()));
    Ok(Apps { app: Arc::new(app), sandbox })
}

fn facts(args: &Up, taken: &Taken, stack: Option<&DevStack>) -> Result<Facts> {
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
        app_url: format!("http://{}", taken.app.app_address()),
        sandbox_url: format!("http://{}", taken.sandbox.app_address()),
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

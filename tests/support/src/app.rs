//! The app under test: one of our own, or one that runs elsewhere.

use crate::Person;
use anyhow::{Context, Result};
use host_dev_stack::{Database, DevStack};
use host_migrations::Migrations;
use moalog::dev_values::{self, Facts};
use moalog::{Ports, Running, Start};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// Address of an app that already runs; the journeys then go there.
pub const URL_VARIABLE: &str = "MOALOG_TEST_URL";
/// Address of the sandbox beside it.
pub const SANDBOX_VARIABLE: &str = "MOALOG_TEST_SANDBOX_URL";

/// An app that answers at [`App::url`].
pub struct App {
    /// Where it is, without a slash at the end.
    pub url: String,
    /// Where its sandbox is, likewise.
    pub sandbox_url: String,
    /// What is only there when this program started it.
    pub own: Option<Own>,
}

/// An app in this process, and what is behind it.
pub struct Own {
    /// The host of the app.
    pub running: Running,
    /// The host of the sandbox.
    pub sandbox: Running,
    /// The app's own database.
    pub database: Database,
    state: TempDir,
}

impl App {
    /// The one that `MOALOG_TEST_URL` names, else one of our own on the servers that all tests of a program share.
    ///
    /// # Errors
    /// When a server or a host does not start.
    pub async fn anywhere() -> Result<Self> {
        match std::env::var(URL_VARIABLE) {
            Ok(url) => {
                let sandbox_url = std::env::var(SANDBOX_VARIABLE).unwrap_or_default();
                Ok(App { url: url.trim_end_matches('/').to_owned(), sandbox_url, own: None })
            }
            Err(_) => Self::start(DevStack::shared().await?, |_| {}).await,
        }
    }

    /// One of our own on `stack`, with a database of its own, after `change` had its way with the settings.
    ///
    /// # Errors
    /// When a server or a host does not start.
    pub async fn start(stack: &DevStack, change: impl FnOnce(&mut Start)) -> Result<Self> {
        let database = stack.create_database(None).await?;
        let owner = host_migrations::Database { owner_url: &database.owner_url, authority: None };
        host_migrations::migrate(owner, &Migrations::embedded()?).await?;
        let state = tempfile::tempdir()?;
        let root = tests_checkout::top();
        let mut sandbox = start_of(&root.join("sandbox/spin.toml"), &state.path().join("sandbox"));
        let mut app = start_of(&root.join("spin.toml"), state.path());
        app.overlays.push(root.join("sandbox/dev-routes.toml"));
        change(&mut app);
        let (app_ports, sandbox_ports) = (Ports::take(&app.http)?, Ports::take(&sandbox.http)?);
        let facts = Facts {
            app_url: format!("http://{}", app_ports.app_address()),
            sandbox_url: format!("http://{}", sandbox_ports.app_address()),
            database_url: database.database_url.clone(),
            // A database of its own, as on a development machine: its charges survive what happens to the app's.
            sandbox_database_url: stack.create_database(None).await?.owner_url,
            redis_url: stack.redis_url(),
        };
        let secrets = state.path().join("secrets.json");
        sandbox.values = dev_values::read(&root.join("sandbox/variables.toml"), &facts, &secrets)?;
        app.values = dev_values::read(&root.join("sandbox/dev-variables.toml"), &facts, &secrets)?;
        sandbox.engine.cache_dir.clone_from(&app.engine.cache_dir);
        // The identity provider makes its keys when they are first asked for, which takes luck as much as time.
        (sandbox.engine.cpu_ms_max, sandbox.engine.request_ms_max) = (120_000, 120_000);
        let sandbox = sandbox.run_on(sandbox_ports).await.context("the sandbox")?;
        for provider in ["google", "kakao"] {
            let keys = format!("{}/oauth/{provider}/jwks", facts.sandbox_url);
            reqwest::get(keys).await?.error_for_status().context("the sandbox's keys")?;
        }
        let running = app.run_on(app_ports).await.context("the app")?;
        let own = Own { running, sandbox, database, state };
        Ok(App { url: facts.app_url, sandbox_url: facts.sandbox_url, own: Some(own) })
    }

    /// An address of the app: `app.at("/api/v1/plans")`.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// What only an app of this program has.
    ///
    /// # Panics
    /// When the app runs elsewhere.
    pub fn own(&self) -> &Own {
        self.own.as_ref().expect("this test needs an app of its own: unset MOALOG_TEST_URL")
    }

    /// Somebody who is not signed in.
    pub fn stranger(&self) -> Person {
        Person::new(self.url.clone())
    }

    /// A new member, signed in, with a name and an address that nobody else has.
    pub async fn member(&self) -> Person {
        static MEMBERS: AtomicU32 = AtomicU32::new(1);
        let number = MEMBERS.fetch_add(1, Ordering::Relaxed);
        let address = format!("member{number}-{}@example.org", std::process::id());
        let person = self.stranger();
        let body = serde_json::json!({ "email": address });
        person.post("/api/v1/auth/dev-login", &body).await.ok();
        person
    }
}

impl Own {
    /// Where the hosts keep their state, and `secrets.json` what the app and its sandbox know of each other.
    pub fn state(&self) -> &Path {
        self.state.path()
    }
}

fn start_of(manifest: &Path, state: &Path) -> Start {
    let mut start = Start::new(manifest, state);
    start.http.listen.set_port(0);
    start.http.admin_listen.set_port(0);
    // Each instance reserves address space; the hosts of all tests share one process.
    start.engine.instances_max = 100;
    // Compiled once for all programs and runs; a changed component has another entry.
    start.engine.cache_dir = Some(tests_checkout::top().join("target/tests/compiled"));
    start
}

//! A host in a process of its own, beside the test's, on the same database: one that can be killed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use host_dev_stack::{DevStack, reserve_port};
use moalog::dev_values::{self, Facts};
use moalog::{Ports, Start};
use tests_support::App;

use crate::{Step, unique};

/// Where a child finds what it needs, as lines: port, state, secrets, sandbox, database, Redis.
const FACTS_VARIABLE: &str = "MOALOG_TEST_HOST";
/// Tenths of a second until a host that was started must answer.
const START_TENTHS_MAX: u32 = 600;

/// A host that can be killed and started again on the same port.
pub struct Host {
    /// Its address.
    pub url: String,
    facts: String,
    test: &'static str,
    child: Child,
}

impl Host {
    /// Starts this program once more, as a host: `test` is the name of the test that calls [`serve_until_killed`].
    ///
    /// # Panics
    /// When it does not start.
    pub async fn spawn(app: &App, stack: &DevStack, test: &'static str) -> Self {
        let port = reserve_port().expect("loopback has a free port");
        let own = app.own();
        let state = own.state().join(unique("host"));
        let secrets = own.state().join("secrets.json");
        let facts = [
            port.to_string(),
            state.display().to_string(),
            secrets.display().to_string(),
            app.sandbox_url.clone(),
            own.database.database_url.clone(),
            stack.redis_url(),
        ]
        .join("\n");
        let child = start(&facts, test);
        let host = Self { url: format!("http://127.0.0.1:{port}"), facts, test, child };
        host.wait().await;
        host
    }

    /// An old client of the step API that calls this host.
    #[must_use]
    pub fn step(&self, app: &App) -> Step {
        let mut here = Step::new(app);
        here.client =
            App { url: self.url.clone(), sandbox_url: app.sandbox_url.clone(), own: None }.stranger();
        here
    }

    /// Kills it, as `kill -9` does.
    ///
    /// # Panics
    /// When it is gone already.
    pub fn kill(&mut self) {
        self.child.kill().expect("it is there to be killed");
        self.child.wait().expect("it ends");
    }

    /// Starts it again and waits until it answers.
    pub async fn restart(&mut self) {
        self.child = start(&self.facts, self.test);
        self.wait().await;
    }

    async fn wait(&self) {
        for _ in 0..START_TENTHS_MAX {
            if reqwest::get(&self.url).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the host does not answer at {}", self.url);
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn start(facts: &str, test: &str) -> Child {
    Command::new(std::env::current_exe().expect("this program has a path"))
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(FACTS_VARIABLE, facts)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("this program starts once more")
}

/// The child's side: serves the app until somebody kills the process. Does nothing in any other process.
///
/// # Panics
/// When the host does not start.
pub async fn serve_until_killed() {
    let Ok(facts) = std::env::var(FACTS_VARIABLE) else { return };
    let facts: Vec<&str> = facts.lines().collect();
    let [port, state, secrets, sandbox_url, database_url, redis_url] = facts[..] else {
        panic!("{FACTS_VARIABLE} has six lines")
    };
    let (root, state) = (tests_checkout::top(), PathBuf::from(state));
    std::fs::create_dir_all(&state).expect("a folder for its state");
    let mut start = Start::new(root.join("spin.toml"), &state);
    start.overlays.push(root.join("sandbox/dev-routes.toml"));
    start.http.listen.set_port(port.parse().expect("a port"));
    start.http.admin_listen.set_port(0);
    start.engine.instances_max = 100;
    start.engine.cache_dir = Some(root.join("target/tests/compiled"));
    let facts = Facts {
        app_url: format!("http://127.0.0.1:{port}"),
        sandbox_url: sandbox_url.to_owned(),
        database_url: database_url.to_owned(),
        sandbox_database_url: String::new(),
        redis_url: redis_url.to_owned(),
    };
    start.values = dev_values::read(&root.join("sandbox/dev-variables.toml"), &facts, secrets.as_ref())
        .expect("the values are there");
    let ports = Ports::take(&start.http).expect("the port is free");
    let _running = start.run_on(ports).await.expect("the host starts");
    std::future::pending::<()>().await;
}

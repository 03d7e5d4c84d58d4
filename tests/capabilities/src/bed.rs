//! A host that serves the test components, and everything that they may reach.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use host_dev_stack::{Database, DevStack};
use moalog::{Running, Start};
use serde_json::Value;
use tempfile::TempDir;

use crate::Target;

/// A running host, its own database, the program's shared servers, and a server for outbound calls.
pub struct Bed {
    /// The host.
    pub running: Running,
    /// A client that follows no redirect.
    pub client: reqwest::Client,
    /// The server that the test components may call.
    pub target: Target,
    /// The database of this bed.
    pub database: Database,
    /// The dev stack that all beds of this program share.
    pub stack: &'static DevStack,
    _state: TempDir,
}

impl Bed {
    /// Starts a host on free ports after `change` had its way with the settings.
    ///
    /// # Errors
    /// When a server or the host does not start.
    pub async fn start(change: impl FnOnce(&mut Start)) -> Result<Self> {
        let stack = DevStack::shared().await.context("starting PostgreSQL and Redis")?;
        let database = stack.create_database(None).await?;
        let target = Target::start().await?;
        let state = tempfile::tempdir()?;
        let mut start = Start::new(tests_checkout::top().join("tests/components/spin.toml"), state.path());
        start.http.listen.set_port(0);
        start.http.admin_listen.set_port(0);
        // Compiled once for all beds and all runs; a changed component has another entry.
        start.engine.cache_dir = Some(tests_checkout::top().join("target/tests/compiled"));
        // Each instance reserves address space; the hosts of all tests share one process.
        start.engine.instances_max = 100;
        start.values = values(stack, &database, &target);
        change(&mut start);
        let running = start.run().await?;
        // Tests make tables of their own, as no application's role could.
        let (owner, connection) = tokio_postgres::connect(&database.owner_url, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        owner.batch_execute("GRANT CREATE ON SCHEMA public TO moalog_app").await?;
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { running, client, target, database, stack, _state: state })
    }

    /// An address of the host: `bed.url("/echo")`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.url())
    }

    /// GET, whatever the status.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(self.url(path)).send().await.expect("the host answers")
    }

    /// GET of a route that answers 200 with JSON.
    pub async fn get_json(&self, path: &str) -> Value {
        json_of(path, self.get(path).await).await
    }

    /// POST of an order to a route that answers 200 with JSON.
    pub async fn post_json(&self, path: &str, order: &Value) -> Value {
        let answer = self.client.post(self.url(path)).json(order).send().await;
        json_of(path, answer.expect("the host answers")).await
    }

    /// A connection to this bed's database, as its owner.
    pub async fn owner(&self) -> tokio_postgres::Client {
        let connected = tokio_postgres::connect(&self.database.owner_url, tokio_postgres::NoTls).await;
        let (client, connection) = connected.expect("the owner can connect");
        tokio::spawn(connection);
        client
    }
}

async fn json_of(path: &str, answer: reqwest::Response) -> Value {
    let status = answer.status();
    let text = answer.text().await.expect("the body arrives whole");
    assert_eq!(status, 200, "{path}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
}

fn values(stack: &DevStack, database: &Database, target: &Target) -> BTreeMap<String, String> {
    let pairs = [
        ("database_url", database.database_url.clone()),
        ("database_origin", origin(&database.database_url)),
        ("redis_url", stack.redis_url()),
        ("redis_origin", origin(&stack.redis_url())),
        ("target_origin", target.origin()),
        ("socket_origin", format!("*://{}", target.socket())),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// `scheme://host:port` of an address with credentials and a path.
fn origin(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").expect("an address has a scheme");
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}")
}

//! Every `.sql` file of the project against the migrated schema, and the statements of accounts as they behave when
//! many come at once.
//!
//! Runs the very files the components send, as the application's role. Knows no HTTP (that is `tests/journeys`).
//! Next: `every_statement.rs`, `schema.rs` and `accounts.rs` under `tests/all`.

use std::path::{Path, PathBuf};

use host_dev_stack::{Database, DevStack};
use host_migrations::Migrations;
use tokio_postgres::{Client, NoTls};

/// A migrated database of one's own.
pub struct Base {
    database: Database,
    /// A connection of the owner.
    pub owner: Client,
}

impl Base {
    /// Makes a database on the shared server and migrates it.
    ///
    /// # Panics
    /// When the server or a migration fails: no test can go on then.
    pub async fn new() -> Self {
        let stack = DevStack::shared().await.expect("a PostgreSQL server starts");
        let database = stack.create_database(None).await.expect("a database is made");
        let migrations = Migrations::embedded().expect("the migrations are readable");
        let target = host_migrations::Database { owner_url: &database.owner_url, authority: None };
        host_migrations::migrate(target, &migrations).await.expect("the migrations apply");
        let owner = connect(&database.owner_url).await;
        Self { database, owner }
    }

    /// A connection of the application's role.
    pub async fn app(&self) -> Client {
        connect(&self.database.database_url).await
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the server answers");
    tokio::spawn(connection);
    client
}

/// The project's folder.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the project's folder")
}

/// Every `.sql` file that a component or the kit sends, in order of path.
///
/// # Panics
/// When a folder cannot be read.
#[must_use]
pub fn statement_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["components", "crates"] {
        collect(&root().join(folder), &mut found);
    }
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(path);
        }
    }
}

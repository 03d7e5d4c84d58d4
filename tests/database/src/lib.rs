//! A migrated database for each test, made by copying one that was migrated once for the whole program.
//!
//! Knows no table: what stands in them is the business of the tests of a schema, which add their own words to [`Base`].

use host_dev_stack::{Database, DevStack};
use host_migrations::Migrations;
use tokio::sync::{Mutex, OnceCell};
use tokio_postgres::{Client, NoTls};

/// A migrated database of one's own.
pub struct Base {
    database: Database,
    /// A connection of the owner, to set scenes and look behind them.
    pub owner: Client,
}

impl Base {
    /// A copy of the migrated schema, on the servers that all tests of a program share.
    ///
    /// # Panics
    /// When the server or a migration fails: no test can go on then.
    pub async fn new() -> Self {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        static COPYING: Mutex<()> = Mutex::const_new(());
        let stack = DevStack::shared().await.expect("a PostgreSQL server starts");
        let template = TEMPLATE.get_or_init(|| migrated(stack)).await;
        let _one_copy_at_a_time = COPYING.lock().await;
        let database = stack.create_database(Some(template)).await.expect("a database is copied");
        let owner = connect(&database.owner_url).await;
        Self { database, owner }
    }

    /// A connection of the application's role.
    pub async fn app(&self) -> Client {
        connect(&self.database.database_url).await
    }
}

/// The name of a migrated database.
async fn migrated(stack: &DevStack) -> String {
    let made = stack.create_database(None).await.expect("a database is made");
    let migrations = Migrations::embedded().expect("the migrations are readable");
    let database = host_migrations::Database { owner_url: &made.owner_url, authority: None };
    host_migrations::migrate(database, &migrations).await.expect("the migrations apply");
    made.name
}

/// Connects and drives the connection in the background.
async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the server answers");
    tokio::spawn(connection);
    client
}

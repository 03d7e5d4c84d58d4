//! The functions of schema `pay` against a real PostgreSQL: what must hold when many arrive at once, when somebody
//! dies in between, and when one tenant reaches for another's rows.
//!
//! Runs as the application's role, on a database of its own per test. Knows no HTTP (that is `tests/payments`). Next:
//! `step` for provider steps, `scene` for payments in a state, `every_table.sql` for rows in every table.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

pub mod scene;
pub mod step;

use serde_json::Value;
use std::ops::Deref;
use tokio_postgres::{Client, Error, types::ToSql};

/// A parameter of a statement.
pub type Parameter<'a> = &'a (dyn ToSql + Sync);

/// A row in every table for a tenant, with what a new table needs added here.
pub const EVERY_TABLE: &str = include_str!("every_table.sql");

/// A migrated database of one's own.
pub struct Base(tests_database::Base);

impl Deref for Base {
    type Target = tests_database::Base;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// What a single statement answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Got {
    /// Its word.
    pub outcome: String,
    /// What came with it; null without.
    pub result: Value,
}

impl Base {
    /// A copy of the migrated schema.
    pub async fn new() -> Self {
        Self(tests_database::Base::new().await)
    }

    /// So many connections of the application's role.
    pub async fn apps(&self, number: usize) -> Vec<Client> {
        let mut apps = Vec::new();
        for _ in 0..number {
            apps.push(self.app().await);
        }
        apps
    }

    /// A merchant's tenant, made when it is not there.
    pub async fn tenant(&self, merchant: &str) -> i64 {
        let app = self.app().await;
        app.query_one("SELECT pay.tenant_by_merchant($1, true)", &[&merchant]).await.unwrap().get(0)
    }

    /// One number of the owner's asking, with the rows of a tenant in sight.
    pub async fn number(&self, tenant: i64, sql: &str, params: &[Parameter<'_>]) -> i64 {
        see(&self.owner, Some(tenant)).await;
        self.owner.query_one(sql, params).await.unwrap().get(0)
    }

    /// A change of the owner's making to the rows of a tenant; the number of rows.
    pub async fn change(&self, tenant: i64, sql: &str, params: &[Parameter<'_>]) -> Result<u64, Error> {
        see(&self.owner, Some(tenant)).await;
        self.owner.execute(sql, params).await
    }
}

/// Sets the tenant of a connection, or none.
pub async fn see(client: &Client, tenant: Option<i64>) {
    let tenant = tenant.map(|id| id.to_string()).unwrap_or_default();
    client.execute("SELECT set_config('app.tenant_id', $1, false)", &[&tenant]).await.unwrap();
}

/// Runs a statement that answers `(outcome, result)`.
pub async fn ask(app: &Client, sql: &str, params: &[Parameter<'_>]) -> Got {
    let row = app.query_one(sql, params).await.unwrap();
    Got { outcome: row.get(0), result: row.get::<_, Option<Value>>(1).unwrap_or_default() }
}

/// Runs a read of one jsonb.
pub async fn read(app: &Client, sql: &str, params: &[Parameter<'_>]) -> Value {
    app.query_one(sql, params).await.unwrap().get::<_, Option<Value>>(0).unwrap_or_default()
}

/// The name of the violated constraint.
#[must_use]
pub fn violated(error: &Error) -> &str {
    error.as_db_error().and_then(|server| server.constraint()).unwrap_or_else(|| panic!("{error:?}"))
}

/// The SQLSTATE of a refusal.
#[must_use]
pub fn sqlstate(error: &Error) -> &str {
    error.code().unwrap_or_else(|| panic!("{error:?}")).code()
}

//! The books after the load: the ledger in balance, a posting and an event for every payment, one charge for each.

use crate::requests::merchants;
use crate::stack::{App, Servers};
use anyhow::{Context, Result};
use serde_json::Value;
use tokio_postgres::NoTls;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// Payments that hold money.
    pub(crate) payments: i64,
    /// Payments of which it is not known yet whether they do: the profile loses one answer in ten thousand.
    pub(crate) unknown: i64,
    /// Charges at the provider that were not given back.
    pub(crate) charges: i64,
    /// Our orders that the provider charged more than once.
    pub(crate) doubled: i64,
    /// Currencies whose ledger lines do not add up to nothing, payments without posting, payments without event.
    pub(crate) faults: i64,
}

/// Compares our books and the provider's.
pub(crate) async fn compare(servers: &Servers, app: &App) -> Result<Books> {
    let (client, connection) = tokio_postgres::connect(&servers.stack.owner_url(), NoTls).await?;
    let driver = tokio::spawn(connection);
    let mut books = Books::default();
    for merchant in merchants() {
        let found = client.query_one("SELECT pay.tenant_by_merchant($1, false)", &[&merchant]).await?;
        let Some(tenant): Option<i64> = found.try_get(0)? else { continue };
        client.execute("SELECT set_config('app.tenant_id', $1, false)", &[&tenant.to_string()]).await?;
        let row = client.query_one(include_str!("books.sql"), &[&tenant]).await?;
        for fault in 0..3 {
            books.faults += row.try_get::<_, i64>(fault)?;
        }
        books.payments += row.try_get::<_, i64>(3)?;
        books.unknown += row.try_get::<_, i64>(4)?;
    }
    drop(client);
    driver.await??;
    let url = format!("http://{}/v1/sandbox/charges/summary", app.sandbox);
    let told: Value = reqwest::get(url).await?.error_for_status()?.json().await?;
    books.charges = told["charges"].as_i64().context("the number of charges")?;
    books.doubled = told["doubledOrders"].as_i64().context("the number of doubled orders")?;
    Ok(books)
}

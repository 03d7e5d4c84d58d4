//! A database of many payments: those of the load, copied row by row.

use crate::stack::Servers;
use anyhow::{Context, Result};
use tokio_postgres::NoTls;

/// How many payments there are afterwards, at least; payments.md asks for a million.
const PAYMENTS: i64 = 1_000_000;

/// Copies every payment with all that belongs to it; gives how many there are then.
pub(crate) async fn multiply(servers: &Servers) -> Result<i64> {
    let (client, connection) = tokio_postgres::connect(&servers.stack.owner_url(), NoTls).await?;
    let driver = tokio::spawn(connection);
    client.batch_execute(include_str!("growth.sql")).await?;
    let copied = client.query_one("SELECT pg_temp.multiply($1)", &[&PAYMENTS]).await;
    let payments = copied.context("copying payments")?.try_get(0)?;
    client.batch_execute("VACUUM (ANALYZE)").await?;
    drop(client);
    driver.await??;
    Ok(payments)
}

//! A settlement file, uploaded as a merchant does it: by `scripts/signed-curl`.

use crate::stack::{App, Servers};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fmt::Write;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio_postgres::NoTls;

/// Uploads a file that names this many captured payments of a merchant of its own; how long it took.
pub(crate) async fn upload(servers: &Servers, app: &App, rows: usize) -> Result<Duration> {
    let merchant = json!({ "merchantId": format!("settled-{rows}") });
    let url = format!("http://{}/api/v1/dev/merchants", app.server.address);
    let made: Value =
        reqwest::Client::new().post(url).json(&merchant).send().await?.error_for_status()?.json().await?;
    let key = &made["result"];
    let tenant = key["tenantId"].as_i64().context("a tenant")?;
    let mut file = String::from("reference,paymentKey,kind,currency,amount,fee,settledOn\n");
    for payment in captured(servers, tenant, rows).await? {
        writeln!(file, "mo-{tenant}-{payment},,PAYMENT,KRW,1000,25,2026-01-02")?;
    }
    let path = servers.folder.path().join(format!("settlement-{rows}.csv"));
    std::fs::write(&path, file)?;
    let began = Instant::now();
    let told = Command::new(tests_checkout::top().join("scripts/signed-curl"))
        .arg("POST")
        .arg(format!("http://{}/api/v1/reconciliation/files?name={rows}.csv", app.server.address))
        .arg(format!("@{}", path.display()))
        .args(["--", "--fail-with-body", "--header", "Content-Type: text/csv"])
        .env("MOALOG_API_KEY", key["keyId"].as_str().context("a key")?)
        .env("MOALOG_API_SECRET", key["secret"].as_str().context("a secret")?)
        .output()?;
    let took = began.elapsed();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let counts: Value = serde_json::from_str(&told).with_context(|| format!("the upload says {told}"))?;
    ensure!(counts["result"]["matched"] == rows, "of {rows} rows not all matched: {told}");
    Ok(took)
}

/// Captured payments of 1,000 won each, written as the schema's owner: what is measured is the matching.
async fn captured(servers: &Servers, tenant: i64, count: usize) -> Result<Vec<i64>> {
    let (client, connection) = tokio_postgres::connect(&servers.stack.owner_url(), NoTls).await?;
    let driver = tokio::spawn(connection);
    client.execute("SELECT set_config('app.tenant_id', $1, false)", &[&tenant.to_string()]).await?;
    let make = "INSERT INTO pay.payment (tenant_id, currency, amount, auto_capture, provider, created_by)
                SELECT $1, 'KRW', 1000, true, 'sandbox', 'bench' FROM generate_series(1, $2)";
    client.execute(make, &[&tenant, &i32::try_from(count)?]).await?;
    let capture =
        "UPDATE pay.payment SET state = 'CAPTURED', moves = 3, captured = amount, captured_at = now()
                    WHERE tenant_id = $1 RETURNING payment_id";
    let rows = client.query(capture, &[&tenant]).await?;
    drop(client);
    driver.await??;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

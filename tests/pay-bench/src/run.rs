//! The order of things, and the table.

use crate::books;
use crate::requests::{Authorize, Read, merchant};
use crate::settlement;
use crate::stack::{self, App, Servers};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tests_load::{Program, Round, round};

/// What a run is asked to do.
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) round_ms: u64,
    pub(crate) sustained_ms: u64,
    pub(crate) connections: usize,
    pub(crate) host: PathBuf,
}

/// What payments.md asks for on two cores.
const SUSTAINED_AIM: f64 = 2_000.0;
const READ_AIM: f64 = 4_000.0;
const NATIVE_AIM: f64 = 0.6;
const P99_MS_AIM: u64 = 50;
/// The aim is below 10 s for 5,000 rows; the larger file shows how the time grows.
const SETTLEMENT_ROWS: [usize; 2] = [5_000, 20_000];

/// Runs everything and prints the table; fails when the books do not agree.
pub(crate) async fn all(plan: &Plan) -> Result<()> {
    let servers = Servers::start().await?;
    let app = stack::app(&plan.host, &servers).await?;
    let native = stack::native_program(&servers, &app).await?;
    let mut table = Table(Vec::new());
    compared(plan, &app, &native, &mut table).await?;
    drop(native);
    let time = Duration::from_millis(plan.sustained_ms);
    let load = Authorize { round: "sustained".to_owned() };
    let sustained = round(app.server.address, &[load], plan.connections, time).await?;
    table.line(&format!("authorize, {} s", time.as_secs()), &sustained, SUSTAINED_AIM);
    let read = read_one(plan, app.server.address).await?;
    table.line("read one payment", &read, READ_AIM);
    for rows in SETTLEMENT_ROWS {
        let took = settlement::upload(&servers, &app, rows).await?;
        table.0.push(format!("settlement file of {rows} rows: {:.2} s", took.as_secs_f64()));
    }
    let books = books::compare(&servers, &app).await?;
    table.print(&books)?;
    drop(app);
    servers.stack.stop().await?;
    ensure!(books.doubled == 0, "{} orders were charged more than once", books.doubled);
    ensure!(books.faults == 0, "the books have {} faults", books.faults);
    ensure!(
        (books.payments..=books.payments + books.unknown).contains(&books.charges),
        "{} payments hold money, {} may, and the provider made {} charges",
        books.payments,
        books.unknown,
        books.charges
    );
    Ok(())
}

/// Alternating rounds, after one that warms both up and does not count.
async fn compared(plan: &Plan, app: &App, native: &Program, table: &mut Table) -> Result<()> {
    let time = Duration::from_millis(plan.round_ms);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for number in 0..=plan.rounds {
        for (name, address, rounds) in
            [("native", native.address, &mut theirs), ("host", app.server.address, &mut ours)]
        {
            let load = Authorize { round: format!("{name}-{number}") };
            let seen = round(address, &[load], plan.connections, time).await?;
            if number > 0 {
                rounds.push(seen);
            }
        }
    }
    let (ours, theirs) = (median(ours)?, median(theirs)?);
    table.line("authorize, native program", &theirs, 0.0);
    table.line("authorize", &ours, theirs.per_second * NATIVE_AIM);
    table.0.push(format!("  {:.2} of native (aim {NATIVE_AIM:.2})", ours.per_second / theirs.per_second));
    Ok(())
}

fn median(mut rounds: Vec<Round>) -> Result<Round> {
    rounds.sort_by(|one, other| one.per_second.total_cmp(&other.per_second));
    let middle = rounds.len() / 2;
    let errors = rounds.iter().map(|round| round.errors).sum();
    let repeated = rounds.iter().map(|round| round.repeated).sum();
    let median = rounds.into_iter().nth(middle).context("no round")?;
    Ok(Round { errors, repeated, ..median })
}

async fn read_one(plan: &Plan, address: SocketAddr) -> Result<Round> {
    let merchant = merchant(0);
    let url = format!("http://{address}/api/payments?size=1&merchantId={merchant}");
    let list: Value = reqwest::get(url).await?.error_for_status()?.json().await?;
    let payment = first_payment(&list).with_context(|| format!("no payment in {list}"))?;
    let load = Read { payment, merchant };
    round(address, &[load], plan.connections, Duration::from_millis(plan.round_ms)).await
}

fn first_payment(list: &Value) -> Option<i64> {
    list.as_object()?.values().find_map(Value::as_array)?.first()?["paymentId"].as_i64()
}

struct Table(Vec<String>);

impl Table {
    fn line(&mut self, name: &str, seen: &Round, aim: f64) {
        self.0.push(format!(
            "{name:<28} {:>9.0}/s {aim:>9.0}/s {:>6}.{:03} ms {:>9} answers {:>6} errors {:>4} repeated",
            seen.per_second,
            seen.p99_us / 1000,
            seen.p99_us % 1000,
            seen.answers,
            seen.errors,
            seen.repeated
        ));
    }

    fn print(&self, books: &books::Books) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{:<28} {:>11} {:>11} {:>13}", "payments", "rate", "aim", "p99")?;
        for line in &self.0 {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "p99 of the sustained run: aim below {P99_MS_AIM} ms")?;
        writeln!(
            out,
            "books: {} payments hold money, {} unknown, {} charges at the provider, {} doubled, {} faults of ledger and outbox",
            books.payments, books.unknown, books.charges, books.doubled, books.faults
        )?;
        Ok(())
    }
}

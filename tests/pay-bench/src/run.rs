//! The order of things, and the table.

use crate::books;
use crate::growth;
use crate::outbox;
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
const GROWTH_AIM: f64 = 0.9;
const OUTBOX_AIM: f64 = 0.15;
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
    let outbox = outbox::share(&servers, plan.rounds).await?;
    table.0.push(format!(
        "outbox: {:.1} % of the statement that ends an authorization (aim below {:.0} %)",
        outbox * 100.0,
        OUTBOX_AIM * 100.0
    ));
    drop(app);
    grown(plan, servers, &mut table).await?;
    table.print(&books)?;
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

/// Authorizations through the native program and through the host.
async fn compared(plan: &Plan, app: &App, native: &Program, table: &mut Table) -> Result<()> {
    let [theirs, ours] = in_turns(plan, [("native", native.address), ("host", app.server.address)]).await?;
    table.line("authorize, native program", &theirs, 0.0);
    table.line("authorize", &ours, theirs.per_second * NATIVE_AIM);
    table.0.push(format!("  {:.2} of native (aim {NATIVE_AIM:.2})", ours.per_second / theirs.per_second));
    Ok(())
}

/// Authorizations with few payments in the database and with many, each of a server of its own that was just started:
/// what the copying left to be written is written when the servers stop.
async fn grown(plan: &Plan, servers: Servers, table: &mut Table) -> Result<()> {
    let payments = growth::multiply(&servers).await?;
    let servers = servers.restarted().await?;
    let app = stack::app(&plan.host, &servers).await?;
    let few_servers = Servers::start().await?;
    let few_app = stack::app(&plan.host, &few_servers).await?;
    let programs = [("few", few_app.server.address), ("many", app.server.address)];
    let [few, many] = in_turns(plan, programs).await?;
    drop((app, few_app));
    few_servers.stack.stop().await?;
    servers.stack.stop().await?;
    table.line("authorize, few payments", &few, 0.0);
    table.line(&format!("authorize, {payments} payments"), &many, few.per_second * GROWTH_AIM);
    table.0.push(format!("  {:.2} of few (aim {GROWTH_AIM:.2})", many.per_second / few.per_second));
    Ok(())
}

/// Alternating rounds of authorizations, after one that warms all up and does not count; the median of each.
async fn in_turns(plan: &Plan, programs: [(&str, SocketAddr); 2]) -> Result<[Round; 2]> {
    let time = Duration::from_millis(plan.round_ms);
    let mut seen = [Vec::new(), Vec::new()];
    for number in 0..=plan.rounds {
        for ((name, address), rounds) in programs.into_iter().zip(&mut seen) {
            let load = Authorize { round: format!("{name}-{number}") };
            let seen = round(address, &[load], plan.connections, time).await?;
            if number > 0 {
                rounds.push(seen);
            }
        }
    }
    let [first, second] = seen;
    Ok([median(first)?, median(second)?])
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

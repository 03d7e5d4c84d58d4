//! What the outbox costs the statement that ends an authorization: the same one with and without its events.

use crate::requests::merchant;
use crate::stack::Servers;
use crate::statements::{self, Asked, Line, Outcome};
use anyhow::{Context, Result, ensure};
use rules_payment::{Currency, Money, ledger::Posting};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// Authorizations of a round.
const ROUND: usize = 2_000;

/// The share of the statement's time that its events take. A single session that waits for no disk: there is nothing
/// else in the time.
pub(crate) async fn share(servers: &Servers, rounds: usize) -> Result<f64> {
    without_events(servers).await?;
    let with = Line::open(&servers.stack.database_url(), statements::FINISH).await?;
    let silent = statements::FINISH.replace("pay.finish_step(", "pay.finish_step_without_events(");
    let without = Line::open(&servers.stack.database_url(), &silent).await?;
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..=rounds {
        for (line, times) in [&with, &without].into_iter().zip(&mut times) {
            let took = ended(line).await?;
            if number > 0 {
                times.push(took);
            }
        }
    }
    let [with, without] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    });
    Ok(1.0 - without / with)
}

/// Makes the statement's twin that writes no events, out of its own text.
async fn without_events(servers: &Servers) -> Result<()> {
    let (owner, connection) = tokio_postgres::connect(&servers.stack.owner_url(), NoTls).await?;
    let driver = tokio::spawn(connection);
    let finish = source(&owner, "finish_step").await?;
    let moves = source(&owner, "move").await?;
    let from = moves.find("INSERT INTO pay.outbox_event").context("pay.move writes the outbox")?;
    let to = from + moves[from..].find(';').context("a statement ends")? + 1;
    let silent_move = format!("{}{}", &moves[..from], &moves[to..]);
    ensure!(finish.contains(" pay.move("), "pay.finish_step moves a payment by pay.move");
    let silent_finish = finish.replace(" pay.move(", " pay.move_without_events(");
    owner
        .batch_execute(&silent_move.replace("FUNCTION pay.move(", "FUNCTION pay.move_without_events("))
        .await?;
    owner
        .batch_execute(
            &silent_finish.replace("FUNCTION pay.finish_step(", "FUNCTION pay.finish_step_without_events("),
        )
        .await?;
    drop(owner);
    driver.await??;
    Ok(())
}

async fn source(owner: &Client, function: &str) -> Result<String> {
    let text = "SELECT pg_get_functiondef(to_regproc('pay.' || quote_ident($1)))";
    Ok(owner.query_one(text, &[&function]).await?.try_get(0)?)
}

/// How long the ends of one round's authorizations took together.
async fn ended(line: &Line) -> Result<Duration> {
    line.client.batch_execute("SET synchronous_commit = off").await?;
    let tenant = line.client.query_one(statements::TENANT, &[&merchant(0)]).await?.try_get(0)?;
    let posting = Posting::authorize(Money::positive(1_000, Currency::parse("KRW")?)?)?;
    let mut took = Duration::ZERO;
    for _ in 0..ROUND {
        let claim = Uuid::new_v4();
        let asked = Asked {
            merchant_id: merchant(0),
            amount: 1_000,
            currency: "KRW".to_owned(),
            idempotency_key: claim.to_string(),
        };
        let begun = statements::begin(line, tenant, &asked, claim).await?;
        let told = json!({ "paymentKey": format!("key-{claim}"), "card": { "approveNo": "12345678" } });
        let outcome = Outcome { claim, approved: true, told, call_ms: 1, posting: posting.clone() };
        let began = Instant::now();
        statements::finish(line, tenant, &asked, &begun, &outcome).await?;
        took += began.elapsed();
    }
    Ok(took)
}

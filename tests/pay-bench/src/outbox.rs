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

/// Authorizations of a round, each way.
const ROUND: usize = 2_000;

/// The share of the statement's time that its events take: with and without them in turns, so that whatever else the
/// machine does meets both, and the middle of each. One session that waits for no disk: there is nothing else in the
/// time.
pub(crate) async fn share(servers: &Servers, rounds: usize) -> Result<f64> {
    without_events(servers).await?;
    let silent = statements::FINISH.replace("pay.finish_step(", "pay.finish_step_without_events(");
    let mut lines = Vec::new();
    for finish in [statements::FINISH, &silent] {
        let line = Line::open(&servers.stack.database_url(), finish).await?;
        line.client.batch_execute("SET synchronous_commit = off").await?;
        lines.push((line, Vec::new()));
    }
    let tenant = lines[0].0.client.query_one(statements::TENANT, &[&merchant(0)]).await?.try_get(0)?;
    let posting = Posting::authorize(Money::positive(1_000, Currency::parse("KRW")?)?)?;
    // The first round warms up.
    for number in 0..ROUND * (rounds + 1) {
        for (line, times) in &mut lines {
            let took = ended(line, tenant, &posting).await?;
            if number >= ROUND {
                times.push(took);
            }
        }
    }
    let middles: Vec<f64> = lines
        .into_iter()
        .map(|(_, mut times)| {
            times.sort();
            times[times.len() / 2].as_secs_f64()
        })
        .collect();
    Ok(1.0 - middles[1] / middles[0])
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

/// How long the end of one authorization took.
async fn ended(line: &Line, tenant: i64, posting: &Posting) -> Result<Duration> {
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
    Ok(began.elapsed())
}

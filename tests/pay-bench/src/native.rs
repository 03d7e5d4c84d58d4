//! The native program: an authorization in axum, with the same two statements, pipelined connections, cached statements,
//! and the same call of the provider over kept-alive connections.
//!
//! It is no product: it knows only the way that succeeds or is declined, and asks for no signature and no breaker.

use crate::statements::{self, Asked, FINISH, Line, Outcome, TENANT};
use anyhow::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rules_payment::{Currency, Money, ledger::Posting};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, atomic};
use std::time::Instant;
use tokio::net::TcpListener;
use uuid::Uuid;

/// As many as the host's shared connections.
const CONNECTIONS: usize = 8;
/// Answered when it is ready.
pub(crate) const PROBE: &str = "/ready";
/// Environment variable that holds the key of the provider.
pub(crate) const PROVIDER_KEY: &str = "PAY_BENCH_PROVIDER_KEY";

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    database_url: String,
    #[arg(long)]
    provider_url: String,
}

struct Shared {
    lines: Vec<Line>,
    next: atomic::AtomicUsize,
    tenants: Mutex<HashMap<String, i64>>,
    provider: reqwest::Client,
    provider_url: String,
    authorization: String,
}

/// A failed call, as 500.
struct Failed(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Failed(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0.to_string()).into_response()
    }
}

pub(crate) async fn serve(args: Args) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for _ in 0..CONNECTIONS {
        lines.push(Line::open(&args.database_url, FINISH).await?);
    }
    let key = std::env::var(PROVIDER_KEY).context(PROVIDER_KEY)?;
    let shared = Shared {
        lines,
        next: atomic::AtomicUsize::new(0),
        tenants: Mutex::default(),
        provider: reqwest::Client::builder().tcp_nodelay(true).build()?,
        provider_url: format!("{}/v1/payments/authorize", args.provider_url),
        authorization: format!("Basic {}", BASE64_STANDARD.encode(format!("{key}:"))),
    };
    let routes = Router::new()
        .route(PROBE, routing::get(async || ()))
        .route("/api/payments/authorize", routing::post(authorize));
    let listener = axum::serve::ListenerExt::tap_io(TcpListener::bind(args.listen).await?, |stream| {
        stream.set_nodelay(true).expect("a fresh socket takes TCP_NODELAY");
    });
    axum::serve(listener, routes.with_state(Arc::new(shared))).await?;
    Ok(())
}

async fn authorize(State(shared): State<Arc<Shared>>, Json(asked): Json<Asked>) -> Result<Response, Failed> {
    let line = &shared.lines[shared.next.fetch_add(1, atomic::Ordering::Relaxed) % shared.lines.len()];
    let money = Money::positive(asked.amount, Currency::parse(&asked.currency)?)?;
    let tenant = tenant(&shared, line, &asked.merchant_id).await?;
    let claim = Uuid::new_v4();
    let begun = statements::begin(line, tenant, &asked, claim).await?;
    let called = Instant::now();
    let step_key = format!("{}-authorize-{}", begun.payment, begun.attempt);
    let answer = shared
        .provider
        .post(&shared.provider_url)
        .header("authorization", &shared.authorization)
        .header("idempotency-key", step_key)
        .json(&json!({ "orderId": begun.reference, "amount": asked.amount, "currency": asked.currency,
                       "merchant": asked.merchant_id }))
        .send()
        .await?;
    let approved = answer.status().is_success();
    let told: Value = answer.json().await?;
    let call_ms = i32::try_from(called.elapsed().as_millis())?;
    let posting = Posting::authorize(money)?;
    Ok(statements::finish(line, tenant, &asked, &begun, &Outcome { claim, approved, told, call_ms, posting })
        .await?)
}

async fn tenant(shared: &Shared, line: &Line, merchant: &str) -> Result<i64, Failed> {
    let known = shared.tenants.lock().unwrap_or_else(PoisonError::into_inner).get(merchant).copied();
    if let Some(tenant) = known {
        return Ok(tenant);
    }
    let tenant = line.client.query_one(TENANT, &[&merchant]).await?.try_get(0)?;
    shared.tenants.lock().unwrap_or_else(PoisonError::into_inner).insert(merchant.to_owned(), tenant);
    Ok(tenant)
}

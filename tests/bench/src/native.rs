//! The native program: the component's routes in axum, with the same SQL files, pipelined connections, cached
//! statements and a multiplexed Redis connection.

use anyhow::Result;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;
use tokio_postgres::{Client, NoTls, Statement};

const ROW: &str = include_str!("../../components/bench/sql/row.sql");
const WRITE: &str = include_str!("../../components/bench/sql/write.sql");
/// As many as the host's shared connections.
const CONNECTIONS: usize = 8;
const ITEMS: i64 = 10_000;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    database_url: String,
    #[arg(long)]
    redis_url: String,
}

struct Line {
    client: Client,
    row: Statement,
    write: Statement,
}

struct Shared {
    lines: Vec<Line>,
    next: AtomicUsize,
    redis: MultiplexedConnection,
}

impl Shared {
    fn line(&self) -> &Line {
        &self.lines[self.next.fetch_add(1, Ordering::Relaxed) % self.lines.len()]
    }
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

pub(crate) async fn serve(args: Args) -> Result<()> {
    let mut lines = Vec::new();
    for _ in 0..CONNECTIONS {
        let (client, connection) = tokio_postgres::connect(&args.database_url, NoTls).await?;
        tokio::spawn(connection);
        let (row, write) = (client.prepare(ROW).await?, client.prepare(WRITE).await?);
        lines.push(Line { client, row, write });
    }
    let redis = redis::Client::open(args.redis_url)?.get_multiplexed_async_connection().await?;
    let app = Router::new()
        .route("/bench/empty", get(async || ()))
        .route("/bench/redis", get(incremented))
        .route("/bench/row", get(row))
        .route("/bench/write", get(written))
        .with_state(Arc::new(Shared { lines, next: AtomicUsize::new(0), redis }));
    let listener = TcpListener::bind(args.listen).await?;
    axum::serve(
        axum::serve::ListenerExt::tap_io(listener, |stream| {
            stream.set_nodelay(true).expect("a fresh socket takes TCP_NODELAY");
        }),
        app,
    )
    .await?;
    Ok(())
}

async fn incremented(State(shared): State<Arc<Shared>>) -> Result<Response, Failed> {
    let count: i64 = shared.redis.clone().incr("bench:counter", 1).await?;
    Ok(json(format!("{{\"count\":{count}}}")))
}

async fn row(State(shared): State<Arc<Shared>>) -> Result<Response, Failed> {
    let line = shared.line();
    let wanted = rand::random_range(1..=ITEMS);
    let row = line.client.query_one(&line.row, &[&wanted]).await?;
    let (id, name, price): (i64, &str, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    Ok(json(format!("{{\"id\":{id},\"name\":\"{name}\",\"price\":{price}}}")))
}

async fn written(State(shared): State<Arc<Shared>>) -> Result<Response, Failed> {
    let line = shared.line();
    let order = format!("{:032x}", rand::random::<u128>());
    let row = line.client.query_one(&line.write, &[&order, &9_900_i64]).await?;
    let id: i64 = row.try_get(0)?;
    Ok(json(format!("{{\"id\":{id}}}")))
}

fn json(text: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

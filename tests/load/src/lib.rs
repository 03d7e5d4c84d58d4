//! Load for the benchmarks: kept-alive connections, each sending the next request when the last answer is there.
//!
//! It measures and judges nothing. Who is loaded, and what is good enough, the benchmarks say. How a program is started
//! for it: `program.rs`.

mod program;

pub use program::{Program, free_address};

use anyhow::{Context, Result};
use bytes::Bytes;
use hdrhistogram::Histogram;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// The longest time that a histogram can hold, in microseconds.
const LATENCY_US_MAX: u64 = 60_000_000;

/// How often a request is sent whose answers ask for it.
const TRIES_MAX: u32 = 4;

/// What one round saw.
pub struct Round {
    /// Answers per second, of all connections together.
    pub per_second: f64,
    /// Answers.
    pub answers: u64,
    /// Requests whose last answer has a status that was not asked for.
    pub errors: u64,
    /// Requests that were sent again, as their answer asked.
    pub repeated: u64,
    /// Latency in microseconds that 99 of 100 answers keep.
    pub p99_us: u64,
}

/// What is sent, by the number of the request: unique within a round, beginning with 0.
pub trait Requests: Clone + Send + 'static {
    /// The request with this number; its host header is set already when it is sent.
    fn request(&self, number: u64) -> Result<Request<Full<Bytes>>>;

    /// Whether an answer of this status is a good one.
    fn accepts(&self, status: StatusCode) -> bool {
        status.is_success()
    }

    /// Whether an answer of this status asks for the same request once more.
    fn repeats(&self, _: StatusCode) -> bool {
        false
    }
}

/// One path, asked with GET.
#[derive(Clone)]
pub struct Get(pub String);

impl Requests for Get {
    fn request(&self, _: u64) -> Result<Request<Full<Bytes>>> {
        Ok(Request::builder().uri(&self.0).header("host", "bench").body(Full::default())?)
    }
}

/// Loads `address` for `time`; connection n sends the n-th of `of_connection`, counted round.
///
/// # Errors
/// When a connection breaks: a server under load closes none.
pub async fn round<R: Requests>(
    address: SocketAddr,
    of_connection: &[R],
    connections: usize,
    time: Duration,
) -> Result<Round> {
    let began = Instant::now();
    let clients: Vec<_> = (0..connections)
        .map(|number| {
            let requests = of_connection[number % of_connection.len()].clone();
            let numbers = (number as u64..).step_by(connections);
            tokio::spawn(client(address, requests, numbers, began + time))
        })
        .collect();
    let mut all = Histogram::<u64>::new_with_bounds(1, LATENCY_US_MAX, 3)?;
    let (mut errors, mut repeated) = (0, 0);
    for one in clients {
        let told = one.await??;
        all.add(told.times)?;
        errors += told.errors;
        repeated += told.repeated;
    }
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a count of requests is far below 2^52")]
    let per_second = all.len() as f64 / seconds;
    Ok(Round { per_second, answers: all.len(), errors, repeated, p99_us: all.value_at_quantile(0.99) })
}

/// What one connection saw.
struct Told {
    times: Histogram<u64>,
    errors: u64,
    repeated: u64,
}

async fn client<R: Requests>(
    address: SocketAddr,
    requests: R,
    numbers: impl Iterator<Item = u64>,
    end: Instant,
) -> Result<Told> {
    let stream = TcpStream::connect(address).await.context("connecting")?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let times = Histogram::<u64>::new_with_bounds(1, LATENCY_US_MAX, 3)?;
    let mut told = Told { times, errors: 0, repeated: 0 };
    for number in numbers {
        if Instant::now() >= end {
            break;
        }
        let began = Instant::now();
        let mut tries_left = TRIES_MAX;
        let status = loop {
            let answer = sender.send_request(requests.request(number)?).await?;
            let status = answer.status();
            swallow(answer).await?;
            tries_left -= 1;
            if tries_left == 0 || !requests.repeats(status) {
                break status;
            }
        };
        told.times.saturating_record(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
        told.repeated += u64::from(tries_left + 1 < TRIES_MAX);
        told.errors += u64::from(!requests.accepts(status));
    }
    driver.abort();
    Ok(told)
}

async fn swallow(mut answer: Response<hyper::body::Incoming>) -> Result<()> {
    while let Some(frame) = answer.frame().await {
        frame?;
    }
    Ok(())
}

//! Load: kept-alive connections, each sending the next request when the last answer is there.

use anyhow::{Context, Result};
use bytes::Bytes;
use hdrhistogram::Histogram;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// The longest time that a histogram can hold, in microseconds.
const LATENCY_US_MAX: u64 = 60_000_000;

/// What one round saw.
pub(crate) struct Round {
    pub(crate) per_second: f64,
    pub(crate) errors: u64,
    pub(crate) p99_us: u64,
}

/// Loads `path` at `address` for `time`; with several paths, connection n takes the n-th.
pub(crate) async fn round(
    address: SocketAddr,
    paths: &[String],
    connections: usize,
    time: Duration,
) -> Result<Round> {
    let began = Instant::now();
    let clients: Vec<_> = (0..connections)
        .map(|number| tokio::spawn(client(address, paths[number % paths.len()].clone(), began + time)))
        .collect();
    let mut all = Histogram::<u64>::new_with_bounds(1, LATENCY_US_MAX, 3)?;
    let mut errors = 0;
    for one in clients {
        let (times, failed) = one.await??;
        all.add(times)?;
        errors += failed;
    }
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a count of requests is far below 2^52")]
    let per_second = all.len() as f64 / seconds;
    Ok(Round { per_second, errors, p99_us: all.value_at_quantile(0.99) })
}

async fn client(address: SocketAddr, path: String, end: Instant) -> Result<(Histogram<u64>, u64)> {
    let stream = TcpStream::connect(address).await.context("connecting")?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let mut times = Histogram::<u64>::new_with_bounds(1, LATENCY_US_MAX, 3)?;
    let mut errors = 0;
    while Instant::now() < end {
        let began = Instant::now();
        let request = Request::builder().uri(&path).header("host", "bench").body(Empty::<Bytes>::new())?;
        let mut answer = sender.send_request(request).await?;
        let success = answer.status().is_success();
        while let Some(frame) = answer.frame().await {
            frame?;
        }
        times.saturating_record(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
        errors += u64::from(!success);
    }
    driver.abort();
    Ok((times, errors))
}

//! Clients that ask again and again over kept-alive connections, and forgive nothing: a request that was sent and got
//! no answer is a failure. Nothing is tried again.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A request that is sent many times.
#[derive(Clone, Debug)]
pub struct Load {
    /// The method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// Headers beside `host`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// Pause after each answer.
    pub pause: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Tally {
    /// Answers of status 2xx.
    pub answered: usize,
    /// Everything else, in words.
    pub failures: Vec<String>,
}

/// Clients under way.
pub struct Clients {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Tally>,
}

impl Load {
    /// `GET path`, again as soon as it is answered.
    pub fn get(path: &str) -> Self {
        Load {
            method: Method::GET,
            path: path.to_owned(),
            headers: Vec::new(),
            body: String::new(),
            pause: Duration::ZERO,
        }
    }

    /// `clients` of them against `address`.
    pub fn start(self, address: SocketAddr, clients: usize) -> Clients {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            tasks.spawn(self.clone().client(address, stop.clone()));
        }
        Clients { stop, tasks }
    }

    async fn client(self, address: SocketAddr, stop: Arc<AtomicBool>) -> Tally {
        let mut tally = Tally::default();
        let mut kept: Option<SendRequest<Full<Bytes>>> = None;
        while !stop.load(Ordering::Relaxed) {
            // A connection that is seen to have ended is no failure: nothing was sent over it.
            if let Some(sender) = &mut kept
                && sender.ready().await.is_err()
            {
                kept = None;
            }
            let mut sender = match kept.take() {
                Some(sender) => sender,
                None => match connect(address).await {
                    Ok(sender) => sender,
                    Err(problem) => {
                        tally.failures.push(format!("connecting: {problem}"));
                        continue;
                    }
                },
            };
            match self.ask(&mut sender, address).await {
                Ok(status) if (200..300).contains(&status) => tally.answered += 1,
                Ok(status) => tally.failures.push(format!("status {status}")),
                Err(problem) => {
                    tally.failures.push(problem);
                    continue;
                }
            }
            kept = Some(sender);
            tokio::time::sleep(self.pause).await;
        }
        tally
    }

    async fn ask(&self, sender: &mut SendRequest<Full<Bytes>>, address: SocketAddr) -> Result<u16, String> {
        let mut request =
            Request::builder().method(&self.method).uri(&self.path).header("host", address.to_string());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::from(self.body.clone())).map_err(|problem| problem.to_string())?;
        let answer =
            sender.send_request(request).await.map_err(|problem| format!("no answer: {problem:?}"))?;
        let status = answer.status().as_u16();
        answer.into_body().collect().await.map_err(|problem| format!("cut: {problem:?}"))?;
        Ok(status)
    }
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, String> {
    let stream = TcpStream::connect(address).await.map_err(|problem| problem.to_string())?;
    stream.set_nodelay(true).map_err(|problem| problem.to_string())?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|problem| problem.to_string())?;
    tokio::spawn(connection);
    Ok(sender)
}

impl Clients {
    /// Lets each finish its request.
    pub async fn stop(mut self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        while let Some(one) = self.tasks.join_next().await {
            let one = one.expect("a client does not panic");
            all.answered += one.answered;
            all.failures.extend(one.failures);
        }
        all
    }
}

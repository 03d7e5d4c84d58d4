//! A plain connection on which a client may say anything, at any pace.

use serde_json::Value;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Nothing that is waited for here takes longer.
const HEAR_MS_MAX: u64 = 15_000;

/// The connection.
pub struct Line {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// An answer of HTTP/1.1.
#[derive(Debug)]
pub struct Heard {
    /// The status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as long as the head says.
    pub body: Vec<u8>,
    /// From the call that waited for it.
    pub after: Duration,
}

impl Line {
    /// Connects.
    ///
    /// # Panics
    /// When nobody listens.
    pub async fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("somebody listens");
        stream.set_nodelay(true).expect("loopback has no delay");
        Line { stream, unread: Vec::new() }
    }

    /// Sends bytes; whether the other side still took them.
    pub async fn say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Reads the next answer; `has_body` is false for the answer to HEAD.
    ///
    /// # Panics
    /// When there is none.
    pub async fn hear(&mut self, has_body: bool) -> Heard {
        let began = Instant::now();
        let head = loop {
            if let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break self.unread.drain(..end + 4).collect::<Vec<u8>>();
            }
            assert!(self.more().await, "closed inside a head: {:?}", String::from_utf8_lossy(&self.unread));
        };
        let head = String::from_utf8(head).expect("a head is text");
        let mut lines = head.trim_end().lines();
        let status = lines.next().and_then(|line| line.get(9..12)?.parse().ok()).expect("a status line");
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut heard = Heard { status, headers, body: Vec::new(), after: began.elapsed() };
        if has_body {
            heard.body = self.body(&heard).await;
        }
        heard
    }

    async fn body(&mut self, head: &Heard) -> Vec<u8> {
        if head.header("transfer-encoding").is_some() {
            return self.chunks().await;
        }
        let length: usize = head.header("content-length").map_or(0, |text| text.parse().expect("a length"));
        self.exactly(length).await
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                if let Some(end) = self.unread.windows(2).position(|two| two == b"\r\n") {
                    break self.unread.drain(..end + 2).collect::<Vec<u8>>();
                }
                assert!(self.more().await, "closed inside a chunk");
            };
            let size = String::from_utf8_lossy(&line);
            let size = usize::from_str_radix(size.trim(), 16).expect("a chunk's size");
            body.extend(self.exactly(size).await);
            self.exactly(2).await;
            if size == 0 {
                return body;
            }
        }
    }

    async fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length {
            assert!(self.more().await, "closed inside a body");
        }
        self.unread.drain(..length).collect()
    }

    /// Reads once; whether there was anything.
    async fn more(&mut self) -> bool {
        let mut buffer = vec![0; 64 << 10];
        let read = tokio::time::timeout(Duration::from_millis(HEAR_MS_MAX), self.stream.read(&mut buffer));
        let count = read.await.expect("nothing comes").unwrap_or(0);
        self.unread.extend_from_slice(&buffer[..count]);
        count > 0
    }

    /// Waits until the other side closes; what came meanwhile is forgotten. Gives the time that it took.
    pub async fn until_closed(&mut self) -> Duration {
        let began = Instant::now();
        while self.more().await {
            self.unread.clear();
        }
        began.elapsed()
    }
}

impl Heard {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Checks that it is a refusal in the one envelope, with the request's id in head and body.
    ///
    /// # Panics
    /// When it is anything else.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        assert_eq!((self.status, body["code"].as_str()), (status, Some(code)), "{self:?} {}", self.text());
        assert_eq!(body["isSuccess"], false);
        assert_eq!(body["requestId"].as_str(), self.header("x-request-id"), "{self:?}");
        assert!(self.header("x-request-id").is_some_and(|id| !id.is_empty()));
        assert_eq!(self.header("content-type"), Some("application/json; charset=utf-8"));
    }
}

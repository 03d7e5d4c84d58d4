//! What a component prints: each line of its standard output and error is one event of target `guest`.
//!
//! A guest can print as much as it likes; what is logged is bounded per line and per second and component.

use crate::guest_level::level_named_in;
use crate::rate::{Rate, Verdict};
use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::io::AsyncWrite;
use tracing::Level;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Bytes that a guest may hand over in one write.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// Bounds of what guests log.
#[derive(Clone, Copy, Debug)]
pub struct GuestLogSettings {
    /// Bytes of one line; the rest of a longer one is cut and counted.
    pub line_bytes_max: usize,
    /// Lines of one component per second, all its instances together; the rest is dropped and counted.
    pub component_lines_per_second_max: u32,
}

impl Default for GuestLogSettings {
    fn default() -> Self {
        Self { line_bytes_max: 4_096, component_lines_per_second_max: 200 }
    }
}

/// Which of a guest's two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestStream {
    /// Logged at `info`.
    Stdout,
    /// Logged at the `level=` that the line itself names, otherwise at `warn`.
    Stderr,
}

/// The logs of all components; made once per host, cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct GuestLogs(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    settings: GuestLogSettings,
    rates: Mutex<HashMap<String, Arc<Mutex<Rate>>>>,
    lines: Counter,
    dropped: Counter,
}

impl GuestLogs {
    /// Logs within these bounds.
    pub fn new(settings: GuestLogSettings) -> Self {
        Self(Arc::new(Shared { settings, ..Shared::default() }))
    }

    /// Adds the counters (`guest_log_*`) to `registry`.
    pub fn register_metrics(&self, registry: &mut Registry) {
        registry.register(
            "guest_log_lines",
            "Lines that components printed and that were logged",
            self.0.lines.clone(),
        );
        registry.register(
            "guest_log_dropped_lines",
            "Lines that components printed beyond what they may log per second",
            self.0.dropped.clone(),
        );
    }

    /// One stream of one instance of `component`, for `WasiCtxBuilder::stdout` and `stderr`.
    pub fn stream(&self, component: &str, stream: GuestStream) -> GuestLog {
        let now = Instant::now();
        let mut rates = lock(&self.0.rates);
        let rate = match rates.get(component) {
            Some(rate) => Arc::clone(rate),
            None => {
                let rate =
                    Arc::new(Mutex::new(Rate::new(self.0.settings.component_lines_per_second_max, now)));
                rates.insert(component.to_owned(), Arc::clone(&rate));
                rate
            }
        };
        drop(rates);
        GuestLog(Arc::new(Mutex::new(Lines {
            shared: Arc::clone(&self.0),
            component: component.to_owned(),
            stream,
            rate,
            line: Vec::new(),
            cut_bytes: 0,
        })))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A guest's standard output or error. A line is logged in the span in which its end is written; what is left without
/// an end is logged when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct GuestLog(Arc<Mutex<Lines>>);

#[derive(Debug)]
struct Lines {
    shared: Arc<Shared>,
    component: String,
    stream: GuestStream,
    rate: Arc<Mutex<Rate>>,
    /// The beginning of a line whose end was not written yet.
    line: Vec<u8>,
    cut_bytes: usize,
}

impl Lines {
    fn write(&mut self, mut bytes: &[u8]) {
        while let Some(at) = bytes.iter().position(|byte| *byte == b'\n') {
            self.add(&bytes[..at]);
            self.end_line();
            bytes = &bytes[at + 1..];
        }
        self.add(bytes);
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = self.shared.settings.line_bytes_max.saturating_sub(self.line.len());
        let fits = bytes.len().min(room);
        self.line.extend_from_slice(&bytes[..fits]);
        self.cut_bytes += bytes.len() - fits;
    }

    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        let cut_bytes = std::mem::take(&mut self.cut_bytes);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if line.is_empty() && cut_bytes == 0 {
            return;
        }
        let verdict = lock(&self.rate).take(Instant::now());
        let Verdict::Pass { turned_away } = verdict else {
            self.shared.dropped.inc();
            return;
        };
        self.shared.lines.inc();
        let component = self.component.as_str();
        if turned_away > 0 {
            tracing::warn!(target: "guest", component, dropped_lines = turned_away, "lines dropped: printed too fast");
        }
        let text = String::from_utf8_lossy(&line);
        let cut_bytes = (cut_bytes > 0).then_some(cut_bytes);
        match self.stream {
            GuestStream::Stdout => {
                tracing::info!(target: "guest", component, stream = "stdout", cut_bytes, "{text}")
            }
            GuestStream::Stderr => log_error_line(component, cut_bytes, &text),
        }
        // The buffer serves the next line.
        line.clear();
        self.line = line;
    }
}

/// A level belongs to the place in the code that logs: hence one place for each.
fn log_error_line(component: &str, cut_bytes: Option<usize>, text: &str) {
    macro_rules! log_at {
        ($level:expr) => {
            tracing::event!(target: "guest", $level, component, stream = "stderr", cut_bytes, "{text}")
        };
    }
    match level_named_in(text) {
        Some(Level::ERROR) => log_at!(Level::ERROR),
        Some(Level::INFO) => log_at!(Level::INFO),
        Some(Level::DEBUG | Level::TRACE) => log_at!(Level::DEBUG),
        Some(Level::WARN) | None => log_at!(Level::WARN),
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.end_line();
    }
}

impl IsTerminal for GuestLog {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestLog {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for GuestLog {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        lock(&self.0).write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[async_trait::async_trait]
impl Pollable for GuestLog {
    async fn ready(&mut self) {}
}

impl OutputStream for GuestLog {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        lock(&self.0).write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

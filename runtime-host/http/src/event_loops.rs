//! One event loop per core: a connection, the instances that answer it and the sessions that they use stay on one
//! thread, so that a request is handed from task to task without waking another core.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// How long a loop waits for what its blocking threads still do when the host goes away.
const END_MS_MAX: u64 = 500;

/// The loops; they end when this is dropped, and with them whatever still runs there.
pub(crate) struct EventLoops(Vec<EventLoop>);

struct EventLoop {
    handle: Handle,
    connections: Arc<AtomicUsize>,
    _running: oneshot::Sender<()>,
}

/// A connection's place on a loop.
pub(crate) struct OnLoop(Arc<AtomicUsize>);

impl Drop for OnLoop {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl EventLoops {
    /// Starts `count` loops (at least one), each on a thread of its own.
    pub(crate) fn start(count: usize) -> io::Result<Self> {
        (0..count.max(1)).map(EventLoop::start).collect::<io::Result<_>>().map(EventLoops)
    }

    /// The loop with the fewest connections, one more on it from now on.
    pub(crate) fn least_busy(&self) -> (&Handle, OnLoop) {
        let busy = |one: &&EventLoop| one.connections.load(Ordering::Relaxed);
        let chosen = self.0.iter().min_by_key(busy).unwrap_or(&self.0[0]);
        chosen.connections.fetch_add(1, Ordering::Relaxed);
        (&chosen.handle, OnLoop(chosen.connections.clone()))
    }
}

impl EventLoop {
    fn start(number: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (running, ended) = oneshot::channel();
        std::thread::Builder::new().name(format!("loop-{number}")).spawn(move || {
            // Ends with the sender, which says nothing.
            let _ = runtime.block_on(ended);
            runtime.shutdown_timeout(Duration::from_millis(END_MS_MAX));
        })?;
        Ok(EventLoop { handle, connections: Arc::default(), _running: running })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_spread_and_a_closed_one_makes_room_on_its_loop() {
        let loops = EventLoops::start(2).unwrap();
        let (first, on_first) = loops.least_busy();
        let (second, _on_second) = loops.least_busy();
        assert_ne!(first.id(), second.id());
        drop(on_first);
        assert_eq!(loops.least_busy().0.id(), first.id());
    }

    #[test]
    fn a_task_stays_on_its_loops_thread() {
        let loops = EventLoops::start(1).unwrap();
        let (handle, _on_loop) = loops.least_busy();
        let name = || std::thread::current().name().map(str::to_owned);
        let told = handle.spawn(async move {
            let inner = tokio::spawn(async move { name() }).await.unwrap();
            (name(), inner)
        });
        let runtime = Builder::new_current_thread().build().unwrap();
        let (outer, inner) = runtime.block_on(told).unwrap();
        assert_eq!((outer.as_deref(), inner.as_deref()), (Some("loop-0"), Some("loop-0")));
    }
}

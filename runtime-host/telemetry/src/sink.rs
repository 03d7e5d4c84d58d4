//! From line to standard error, on a thread of its own: a full pipe holds up no request.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Lines that wait to be written; beyond this they are lost and counted.
const QUEUE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long lines gather after a write: one wake-up and one write for all requests of that time.
const GATHER_MS: u64 = 5;
/// How long a flush waits for a reader that does not read.
const FLUSH_MS_MAX: u64 = 2_000;

#[derive(Default)]
struct Queue {
    waiting: Vec<u8>,
    lost_lines: u64,
    /// The writer has taken lines and not written them yet.
    writing: bool,
    /// The writer sleeps until it is woken; otherwise it looks by itself soon.
    asleep: bool,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    /// There is something to write, or nothing will come any more.
    filled: Condvar,
    /// Everything was written.
    emptied: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes whole lines; clones share the queue. The writer ends with the last of them.
#[derive(Clone)]
pub(crate) struct Sink(Arc<Handle>);

struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.filled.notify_one();
    }
}

impl Sink {
    /// `lost` makes the line that tells how many lines were lost.
    pub(crate) fn start(
        writer: Box<dyn Write + Send>,
        lost: impl Fn(u64) -> String + Send + 'static,
    ) -> io::Result<Self> {
        let shared =
            Arc::new(Shared { queue: Mutex::default(), filled: Condvar::new(), emptied: Condvar::new() });
        let of_writer = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || write_until_closed(&of_writer, writer, lost))?;
        Ok(Self(Arc::new(Handle(shared))))
    }

    /// Queues one line, which ends with a newline. Never blocks on the reader.
    pub(crate) fn write(&self, line: &str) {
        let mut queue = self.0.0.lock();
        if queue.waiting.len() + line.len() > QUEUE_BYTES_MAX {
            queue.lost_lines += 1;
            return;
        }
        queue.waiting.extend_from_slice(line.as_bytes());
        let asleep = std::mem::take(&mut queue.asleep);
        drop(queue);
        if asleep {
            self.0.0.filled.notify_one();
        }
    }

    /// Waits until everything is written, at most two seconds.
    pub(crate) fn flush(&self) {
        let until = Instant::now() + Duration::from_millis(FLUSH_MS_MAX);
        let mut queue = self.0.0.lock();
        while queue.writing || !queue.waiting.is_empty() || queue.lost_lines > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            self.0.0.filled.notify_one();
            queue = self.0.0.emptied.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn write_until_closed(shared: &Shared, mut writer: Box<dyn Write + Send>, lost: impl Fn(u64) -> String) {
    let mut taken = Vec::new();
    loop {
        let mut queue = shared.lock();
        queue.writing = false;
        while queue.waiting.is_empty() && queue.lost_lines == 0 {
            shared.emptied.notify_all();
            if queue.closed {
                return;
            }
            queue.asleep = true;
            queue = shared.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.asleep = false;
        taken.clear();
        std::mem::swap(&mut taken, &mut queue.waiting);
        let lost_lines = std::mem::take(&mut queue.lost_lines);
        queue.writing = true;
        drop(queue);
        if lost_lines > 0 {
            taken.extend_from_slice(lost(lost_lines).as_bytes());
        }
        // There is no other place to tell that the log cannot be written.
        drop(writer.write_all(&taken).and_then(|()| writer.flush()));
        std::thread::sleep(Duration::from_millis(GATHER_MS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Hands every write to the test, and waits until the test lets it go on.
    struct Gate {
        seen: mpsc::Sender<Vec<u8>>,
        go_on: mpsc::Receiver<()>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.seen.send(bytes.to_vec()).unwrap();
            self.go_on.recv().unwrap();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stops_reading_costs_lines_and_not_time() {
        let (seen, written) = mpsc::channel();
        let (gate, go_on) = mpsc::channel();
        let sink = Sink::start(Box::new(Gate { seen, go_on }), |lost| format!("lost {lost}\n")).unwrap();
        sink.write("first\n");
        assert_eq!(written.recv().unwrap(), b"first\n");
        let line = format!("{}\n", "x".repeat(1024 * 1024 - 1));
        for _ in 0..7 {
            sink.write(&line);
        }
        gate.send(()).unwrap();
        let batch = written.recv().unwrap();
        assert_eq!(batch.len(), 4 * line.len() + "lost 3\n".len());
        assert!(batch.ends_with(b"lost 3\n"));
        gate.send(()).unwrap();
        sink.flush();
    }

    #[test]
    fn a_flush_does_not_wait_for_ever() {
        let (seen, written) = mpsc::channel();
        let (gate, go_on) = mpsc::channel();
        let sink = Sink::start(Box::new(Gate { seen, go_on }), |_| String::new()).unwrap();
        sink.write("stuck\n");
        written.recv().unwrap();
        let started = Instant::now();
        sink.flush();
        assert!(started.elapsed() >= Duration::from_millis(FLUSH_MS_MAX));
        drop(gate);
    }
}

//! Logs into memory, for one test.

use host_telemetry::{Format, Guard, Settings, subscriber};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tracing::Dispatch;

/// A writer whose text the test can read.
#[derive(Clone, Default)]
pub(crate) struct Text(Arc<Mutex<Vec<u8>>>);

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A log of one test's own.
pub(crate) struct Log {
    pub(crate) dispatch: Dispatch,
    guard: Guard,
    text: Text,
}

impl Log {
    pub(crate) fn start(settings: Settings) -> Self {
        let text = Text::default();
        let (subscriber, guard) = subscriber(settings, Box::new(text.clone()), false).unwrap();
        Self { dispatch: Dispatch::new(subscriber), guard, text }
    }

    pub(crate) fn json() -> Self {
        Self::start(Settings { format: Format::Json, ..Settings::default() })
    }

    pub(crate) fn run(&self, work: impl FnOnce()) {
        tracing::dispatcher::with_default(&self.dispatch, work);
    }

    pub(crate) fn text(&self) -> String {
        self.guard.flush();
        String::from_utf8(self.text.0.lock().unwrap().clone()).unwrap()
    }

    /// Every line as JSON; a line that is not is a failure.
    pub(crate) fn lines(&self) -> Vec<serde_json::Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

//! Ctrl-C and SIGTERM: the first asks to go down in good order, the second means now.

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// What a shell reports for a program ended by SIGINT.
const INTERRUPTED: i32 = 130;

/// The two signals, caught from the moment this is made.
pub(crate) struct StopSignals {
    told: watch::Receiver<bool>,
}

impl StopSignals {
    /// From now on the second of them ends the process at once, whatever it is doing.
    pub(crate) fn catch() -> Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (first, told) = watch::channel(false);
        tokio::spawn(async move {
            let mut next = async || {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            };
            next().await;
            first.send_replace(true);
            next().await;
            std::process::exit(INTERRUPTED);
        });
        Ok(StopSignals { told })
    }

    /// Waits for the first; at once when it was there already.
    pub(crate) async fn first(&self) {
        // The sender goes only with the process.
        let _ = self.told.clone().wait_for(|told| *told).await;
    }

    /// What `work` gives, or nothing when the first signal comes before, or was there already.
    pub(crate) async fn or<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.first() => None,
            done = work => Some(done),
        }
    }
}

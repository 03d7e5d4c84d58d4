//! Going down in good order: not ready, then no new connections, then no new requests, then gone.

use tokio::sync::watch;

/// How far the way down is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Serving.
    Up,
    /// `/readyz` says no, everything else goes on.
    Leaving,
    /// No new connection; open ones end with the request they are serving.
    Draining,
    /// What is left is cut off.
    Stopped,
}

/// Sees and moves the phase; clones share it.
#[derive(Clone, Debug)]
pub struct Drain(watch::Sender<Phase>);

impl Default for Drain {
    fn default() -> Self {
        Drain(watch::Sender::new(Phase::Up))
    }
}

impl Drain {
    /// Goes on to `phase`; never back.
    pub fn advance(&self, phase: Phase) {
        self.0.send_if_modified(|now| {
            let later = phase > *now;
            *now = (*now).max(phase);
            later
        });
    }

    /// The phase now.
    pub fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    /// Waits for `phase` or a later one.
    pub async fn reached(&self, phase: Phase) {
        // The sender is in `self`, so the channel cannot close.
        let _ = self.0.subscribe().wait_for(|now| *now >= phase).await;
    }
}

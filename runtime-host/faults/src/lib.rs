//! Fault switches: how a test makes one capability fail without touching the process behind it.
//!
//! A capability asks its switch before each call that would leave the host. In production no one ever sets a switch.

use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a capability does instead of its work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: calls go through.
    #[default]
    None,
    /// Every call fails at once, as if the server behind it were away.
    Unavailable,
    /// So many more calls go through, then every one fails: the server goes away in the middle of something.
    UnavailableAfter(u32),
    /// Every call waits this long first.
    Slow(Duration),
}

/// The fault that a test injected, as the capability sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injected;

impl std::fmt::Display for Injected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("unavailable (injected fault)")
    }
}

impl std::error::Error for Injected {}

/// One capability's switch; clones share it.
#[derive(Clone, Debug, Default)]
pub struct FaultSwitch(Arc<Mutex<Fault>>);

impl FaultSwitch {
    /// Sets the fault for all calls from now on.
    pub fn set(&self, fault: Fault) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = fault;
    }

    /// Lets a call through, late or not at all.
    pub async fn pass(&self) -> Result<(), Injected> {
        let fault = {
            let mut fault = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let before = *fault;
            if let Fault::UnavailableAfter(calls) = &mut *fault {
                *calls = calls.saturating_sub(1);
            }
            before
        };
        match fault {
            Fault::None | Fault::UnavailableAfter(1..) => Ok(()),
            Fault::Unavailable | Fault::UnavailableAfter(0) => Err(Injected),
            Fault::Slow(wait) => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
        }
    }
}

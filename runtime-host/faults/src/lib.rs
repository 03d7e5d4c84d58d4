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
        let fault = *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match fault {
            Fault::None => Ok(()),
            Fault::Unavailable => Err(Injected),
            Fault::Slow(wait) => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
        }
    }
}

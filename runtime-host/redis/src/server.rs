//! One address as the whole app sees it: a few shared connections, a bound on what waits for them, and its outage.

use crate::address::Address;
use crate::link::Link;
use crate::metrics::{Counted, Metrics};
use crate::outage::Outage;
use crate::{CallError, Settings};
use prometheus_client::metrics::gauge::Gauge;
use redis::{Cmd, Value};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Shared by every session on the same address.
pub(crate) struct Server {
    address: Address,
    shown: String,
    settings: Arc<Settings>,
    tls: Arc<rustls::ClientConfig>,
    metrics: Metrics,
    slots: Box<[Slot]>,
    places: Semaphore,
    connecting: tokio::sync::Mutex<()>,
    outage: Outage,
}

/// The place of one shared connection.
#[derive(Default)]
struct Slot {
    link: Mutex<Option<Arc<Link>>>,
    sessions: AtomicUsize,
}

impl Slot {
    fn live(&self) -> Option<Arc<Link>> {
        let link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        link.as_ref().filter(|link| link.is_live()).cloned()
    }

    fn keep(&self, link: &Arc<Link>) {
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) = Some(link.clone());
    }

    /// Forgets `broken`, unless another took its place meanwhile.
    fn discard(&self, broken: &Arc<Link>) {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        if link.as_ref().is_some_and(|link| Arc::ptr_eq(link, broken)) {
            *link = None;
        }
    }
}

impl Server {
    pub(crate) fn new(
        address: Address,
        settings: Arc<Settings>,
        tls: Arc<rustls::ClientConfig>,
        metrics: Metrics,
    ) -> Self {
        Self {
            shown: address.to_string(),
            slots: (0..settings.shared_connections.max(1)).map(|_| Slot::default()).collect(),
            places: Semaphore::new(settings.calls_in_flight_max.max(1)),
            connecting: tokio::sync::Mutex::new(()),
            outage: Outage::default(),
            address,
            settings,
            tls,
            metrics,
        }
    }

    /// The shared connection with the fewest sessions among those of this event loop and those not yet made; one session stays on one, so that its calls keep their order.
    pub(crate) fn lease(self: &Arc<Self>) -> Lease {
        let rank = |slot: &Slot| {
            let is_elsewhere = slot.live().is_some_and(|link| link.is_elsewhere());
            (is_elsewhere, slot.sessions.load(Ordering::Relaxed))
        };
        let slot = self.slots.iter().enumerate().min_by_key(|(_, slot)| rank(slot)).map_or(0, |(at, _)| at);
        self.slots[slot].sessions.fetch_add(1, Ordering::Relaxed);
        Lease { server: self.clone(), slot }
    }

    /// True while any session is on it.
    pub(crate) fn is_used(&self) -> bool {
        self.slots.iter().any(|slot| slot.sessions.load(Ordering::Relaxed) > 0)
    }

    /// A connection for one session alone.
    pub(crate) async fn dedicated_link(&self) -> Result<Link, CallError> {
        self.outage.gate(Instant::now())?;
        self.connect(&self.metrics.dedicated_connections).await
    }

    /// Asks for a sign of life over any of the shared connections.
    pub(crate) async fn ping(&self) -> Result<(), String> {
        let made = self.slots.iter().position(|slot| slot.live().is_some()).unwrap_or(0);
        let answer = self.call(made, &redis::cmd("PING")).await;
        match answer {
            Ok(_) | Err(CallError::Server(_)) => Ok(()),
            Err(error) => Err(format!("{}: {error}", self.shown)),
        }
    }

    async fn call(&self, slot: usize, command: &Cmd) -> Result<Value, CallError> {
        let _place = self.place().await?;
        let link = self.link(slot).await?;
        let _in_flight = Counted::new(&self.metrics.calls_in_flight);
        let reply = link.call(command, self.settings.call_ms).await;
        if reply.as_ref().is_err_and(CallError::ends_connection) {
            self.slots[slot].discard(&link);
        }
        reply
    }

    async fn place(&self) -> Result<SemaphorePermit<'_>, CallError> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let wait = Duration::from_millis(self.settings.place_wait_ms);
        match tokio::time::timeout(wait, self.places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(CallError::TooMany("calls wait for an answer")),
        }
    }

    /// The slot's connection, made when there is none. One caller connects, those who come meanwhile wait for it;
    /// in an outage they do not wait.
    async fn link(&self, slot: usize) -> Result<Arc<Link>, CallError> {
        let slot = &self.slots[slot];
        if let Some(link) = slot.live() {
            return Ok(link);
        }
        self.outage.gate(Instant::now())?;
        let _turn = match self.connecting.try_lock() {
            Ok(turn) => turn,
            Err(_) => match self.outage.reason() {
                Some(reason) => return Err(reason),
                None => self.connecting.lock().await,
            },
        };
        if let Some(link) = slot.live() {
            return Ok(link);
        }
        self.outage.gate(Instant::now())?;
        let link = Arc::new(self.connect(&self.metrics.shared_connections).await?);
        slot.keep(&link);
        Ok(link)
    }

    async fn connect(&self, gauge: &Gauge) -> Result<Link, CallError> {
        let opened = Link::open(&self.address, &self.settings, &self.tls, &self.metrics, gauge).await;
        match &opened {
            Ok(_) => self.outage.over(&self.shown, Instant::now()),
            Err(reason) if reason.ends_connection() => {
                self.outage.failed(&self.shown, reason, Instant::now(), &self.settings, &self.metrics);
            }
            // The server answered, though not as hoped (a wrong password): no outage.
            Err(_) => {}
        }
        opened
    }
}

/// A session's place on one of the shared connections.
pub(crate) struct Lease {
    server: Arc<Server>,
    slot: usize,
}

impl Lease {
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Makes sure that there is a connection.
    pub(crate) async fn connected(&self) -> Result<(), CallError> {
        self.server.link(self.slot).await.map(|_| ())
    }

    /// Sends `command` over the shared connection.
    pub(crate) async fn call(&self, command: &Cmd) -> Result<Value, CallError> {
        self.server.call(self.slot, command).await
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.server.slots[self.slot].sessions.fetch_sub(1, Ordering::Relaxed);
    }
}

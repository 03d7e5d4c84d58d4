//! The way to one database: resolve, dial, negotiate TLS, authenticate, set the session's bounds; and the memory of an
//! outage, so that a server that is away is not asked again by every call.

use crate::address::{Address, Target};
use crate::counters::Counters;
use crate::error::{cannot_connect, chain, connection_failed, reason};
use crate::interface::Error;
use crate::session::Session;
use crate::settings::Settings;
use crate::silence::Voice;
use crate::tls::CaRoot;
use host_faults::FaultSwitch;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;

/// First pause after a failed connect; doubled with each further failure.
const BACKOFF_MS_MIN: u64 = 50;
/// Longest pause.
const BACKOFF_MS_MAX: u64 = 1_000;
/// A peer that leaves sent bytes unacknowledged for this long is gone.
const UNACKNOWLEDGED_MS_MAX: u32 = 5_000;
/// An idle connection is asked for life after this, and again in steps of [`KEEPALIVE_STEP_S`].
const KEEPALIVE_IDLE_S: u64 = 30;
const KEEPALIVE_STEP_S: u64 = 5;
const KEEPALIVE_PROBES_MAX: u32 = 3;
/// How often a busy server looks whether its client is still there (`client_connection_check_interval`).
const CLIENT_CHECK_MS: u64 = 1_000;

/// One database, as one address and one trusted authority name it.
pub(crate) struct Server {
    pub(crate) address: Address,
    pub(crate) ca_root: Option<CaRoot>,
    pub(crate) label: String,
    pub(crate) settings: Arc<Settings>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) faults: FaultSwitch,
    tls: MakeRustlsConnect,
    outage: Mutex<Option<Outage>>,
    was_reached: AtomicBool,
    pub(crate) voice: Voice,
}

struct Outage {
    error: Error,
    pause_ms: u64,
    until: Instant,
}

impl Server {
    pub(crate) fn new(
        address: Address,
        ca_root: Option<CaRoot>,
        settings: Arc<Settings>,
        counters: Arc<Counters>,
        faults: FaultSwitch,
    ) -> Result<Self, Error> {
        let tls = crate::tls::connector(ca_root.as_ref()).map_err(connection_failed)?;
        let label = address.label();
        Ok(Self {
            address,
            ca_root,
            label,
            settings,
            counters,
            faults,
            tls,
            outage: Mutex::new(None),
            was_reached: AtomicBool::new(false),
            voice: Voice::default(),
        })
    }

    /// A new session, ready for use; or why there is none, at once while the pause after a failure lasts.
    pub(crate) async fn connect(self: &Arc<Self>) -> Result<Arc<Session>, Error> {
        self.faults.pass().await.map_err(connection_failed)?;
        if let Some(error) = self.recent_failure() {
            return Err(error);
        }
        let bound = Duration::from_millis(self.settings.connect_ms);
        let opened = match tokio::time::timeout(bound, self.open()).await {
            Ok(opened) => opened,
            Err(_) => Err(connection_failed(format_args!(
                "{}: no connection within {} ms",
                self.label, self.settings.connect_ms
            ))),
        };
        match &opened {
            Ok(_) => self.note_success(),
            Err(error) => self.note_failure(error),
        }
        opened
    }

    async fn open(self: &Arc<Self>) -> Result<Arc<Session>, Error> {
        let mut failure = connection_failed("the address names no host");
        for target in &self.address.targets {
            match self.open_target(target).await {
                Ok(session) => return Ok(session),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    async fn open_target(self: &Arc<Self>, target: &Target) -> Result<Arc<Session>, Error> {
        let stream = self.dial(target).await?;
        let tls = self.tls_to(target)?;
        let (client, connection) =
            self.address.config.connect_raw(stream, tls).await.map_err(|error| cannot_connect(&error))?;
        let session = Session::start(client, connection, Arc::clone(self), target.clone());
        let messages = session
            .client
            .simple_query(&self.session_bounds_sql())
            .await
            .map_err(|error| cannot_connect(&error))?;
        let is_read_only = messages.iter().any(|message| match message {
            SimpleQueryMessage::Row(row) => row.try_get("read_only").ok().flatten() == Some("on"),
            _ => false,
        });
        if self.address.accepts(is_read_only) {
            Ok(session)
        } else {
            Err(connection_failed("the server is not of the kind that target_session_attrs asks for"))
        }
    }

    /// A socket to the target: its first address that answers.
    pub(crate) async fn dial(&self, target: &Target) -> Result<TcpStream, Error> {
        let addresses = self
            .settings
            .address_policy
            .resolve(&target.dial, target.port)
            .await
            .map_err(|error| connection_failed(chain(&error)))?;
        let mut failure = connection_failed("the host has no address");
        for address in addresses {
            match TcpStream::connect(address).await.and_then(|stream| {
                tune(&stream)?;
                Ok(stream)
            }) {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = connection_failed(format_args!("{address}: {error}")),
            }
        }
        Err(failure)
    }

    pub(crate) fn tls_to(
        &self,
        target: &Target,
    ) -> Result<<MakeRustlsConnect as MakeTlsConnect<TcpStream>>::TlsConnect, Error> {
        MakeTlsConnect::<TcpStream>::make_tls_connect(&mut self.tls.clone(), &target.certified)
            .map_err(|error| connection_failed(chain(&error)))
    }

    /// Bounds that the server keeps by itself, set where role, database and address set none or a wider one; and
    /// whether the session is read-only. Not sent as start-up options: poolers in between refuse those.
    pub(crate) fn session_bounds_sql(&self) -> String {
        let Settings { call_ms, idle_in_transaction_ms, .. } = *self.settings;
        // OFFSET 0 keeps the planner from casting other settings to numbers.
        format!(
            "SELECT pg_catalog.set_config(name, bound.value::text, false) \
             FROM (VALUES ('statement_timeout', {call_ms}), \
                          ('idle_in_transaction_session_timeout', {idle_in_transaction_ms}), \
                          ('client_connection_check_interval', {CLIENT_CHECK_MS})) AS bound (name, value) \
             JOIN (SELECT name, setting::bigint AS now FROM pg_catalog.pg_settings \
                   WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', \
                                  'client_connection_check_interval') OFFSET 0) AS present USING (name) \
             WHERE now = 0 OR now > bound.value; \
             SELECT pg_catalog.current_setting('transaction_read_only') AS read_only"
        )
    }

    /// Why the database could not be reached lately; `None` when it is time to try again.
    pub(crate) fn recent_failure(&self) -> Option<Error> {
        let outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        outage.as_ref().filter(|outage| Instant::now() < outage.until).map(|outage| outage.error.clone())
    }

    /// Whether the server says anything at all to a newcomer, be it that it has no place, within `bound`.
    pub(crate) async fn answers(&self, bound: Duration) -> bool {
        let said = async {
            for target in &self.address.targets {
                let Ok(stream) = self.dial(target).await else { continue };
                let Ok(tls) = self.tls_to(target) else { continue };
                match self.address.config.connect_raw(stream, tls).await {
                    Ok(_) => return true,
                    Err(error) if error.as_db_error().is_some() => return true,
                    Err(_) => {}
                }
            }
            false
        };
        tokio::time::timeout(bound, said).await.unwrap_or(false)
    }

    /// A session was opened once.
    pub(crate) fn was_reached(&self) -> bool {
        self.was_reached.load(Ordering::Relaxed)
    }

    fn note_success(&self) {
        self.counters.connects.add();
        self.was_reached.store(true, Ordering::Relaxed);
        let ended = self.outage.lock().unwrap_or_else(PoisonError::into_inner).take();
        if ended.is_some() {
            tracing::info!(database = %self.label, "database is back");
        }
    }

    /// An outage is logged when it begins, and counted each time.
    pub(crate) fn note_failure(&self, error: &Error) {
        self.counters.connect_errors.add();
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        let pause_ms = match &*outage {
            Some(before) => (before.pause_ms * 2).min(BACKOFF_MS_MAX),
            None => {
                tracing::warn!(database = %self.label, reason = reason(error), "database cannot be reached");
                BACKOFF_MS_MIN
            }
        };
        let until = Instant::now() + Duration::from_millis(pause_ms);
        *outage = Some(Outage { error: error.clone(), pause_ms, until });
    }
}

fn tune(stream: &TcpStream) -> std::io::Result<()> {
    use rustix::net::sockopt;
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, Duration::from_secs(KEEPALIVE_IDLE_S))?;
    sockopt::set_tcp_keepintvl(stream, Duration::from_secs(KEEPALIVE_STEP_S))?;
    sockopt::set_tcp_keepcnt(stream, KEEPALIVE_PROBES_MAX)?;
    #[cfg(target_os = "linux")]
    sockopt::set_tcp_user_timeout(stream, UNACKNOWLEDGED_MS_MAX)?;
    Ok(())
}

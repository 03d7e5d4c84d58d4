//! The front door: HTTP/1.1 and HTTP/2 in, components behind it, and an admin port beside it.
//!
//! It bounds everything that a client can make large or slow, answers what no component answers in the one envelope,
//! writes one log line per request, and goes down without losing one. It runs no guest code (`host-engine` does) and
//! knows nothing of what the routes mean.
//!
//! Where to look next: `front_door` (a request's way), `places` and `beginning` (what a slow client may hold),
//! `connection`, `activity` and `client_io` (a client's way), `event_loops` (the threads), `drain` (the way down),
//! `admin` (probes and metrics).

mod activity;
mod admin;
mod answer;
mod beginning;
mod body;
mod client_io;
mod connection;
mod drain;
mod envelope;
mod event_loops;
mod front_door;
mod listener;
mod metrics;
mod places;
mod request_id;
mod request_line;
mod settings;
mod spin_headers;
mod streams;
mod well_known;

pub use admin::Dependency;
pub use drain::{Drain, Phase};
pub use envelope::HostError;
pub use request_id::RequestId;
pub use request_line::TARGET as REQUEST_LOG_TARGET;
pub use settings::Settings;

use admin::Admin;
use anyhow::{Context, Result, ensure};
use event_loops::EventLoops;
use front_door::FrontDoor;
use host_engine::App;
use listener::Bound;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Both ports, taken but not yet open: whatever else fails at start fails before a client sees anything.
pub struct Ports {
    app: Bound,
    admin: Bound,
}

impl Ports {
    /// Takes the ports of `settings`; a port in use is one clear sentence.
    pub fn take(settings: &Settings) -> Result<Self> {
        Self::take_for(settings, "--listen")
    }

    /// [`Ports::take`] for an app whose address another flag chooses.
    pub fn take_for(settings: &Settings, flag: &'static str) -> Result<Self> {
        let app = Bound::take(settings.listen, flag)?;
        let admin = Bound::take(settings.admin_listen, "--admin-listen")?;
        Ok(Ports { app, admin })
    }

    /// The app's address, with the port that the system chose for 0.
    pub fn app_address(&self) -> SocketAddr {
        self.app.address()
    }

    /// The admin address, likewise.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin.address()
    }

    /// Opens the admin port: from now on `/livez` says yes and `/readyz` says that the host is starting.
    pub fn probes(self) -> Result<Starting> {
        let Ports { app, admin } = self;
        let (drain, state) = (Drain::default(), Arc::default());
        admin::serve(Arc::clone(&state), drain.clone(), admin.open()?)?;
        Ok(Starting { app: Some(app), drain, admin: state })
    }
}

/// A host on its way up: its probes answer, its app's port is still closed. Dropped, it closes the admin port too.
pub struct Starting {
    app: Option<Bound>,
    drain: Drain,
    admin: Arc<OnceLock<Admin>>,
}

impl Drop for Starting {
    fn drop(&mut self) {
        if self.app.is_some() {
            self.drain.advance(Phase::Stopped);
        }
    }
}

/// A running front door.
pub struct Server {
    door: Arc<FrontDoor>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Opens the port and serves `app`.
    pub fn start(
        settings: Settings,
        mut starting: Starting,
        app: Arc<App>,
        dependencies: Vec<Dependency>,
        mut metrics: host_telemetry::Metrics,
    ) -> Result<Self> {
        let figures = metrics::Metrics::new(metrics.registry_mut());
        let door = Arc::new(FrontDoor::new(settings, app, starting.drain.clone(), figures));
        let main = tokio::runtime::Handle::current();
        let loops = EventLoops::start(door.settings.event_loops).context("starting the event loops")?;
        let port = starting.app.take().context("a host starts once")?.open()?;
        let admin = Admin { door: door.clone(), dependencies, metrics, main };
        ensure!(starting.admin.set(admin).is_ok(), "a host starts once");
        let accepting = tokio::spawn(listener::accept(door.clone(), port, loops));
        Ok(Server { door, accepting })
    }

    /// Serves `app` from the next request on; requests under way end where they began.
    pub fn swap(&self, app: Arc<App>) {
        self.door.swap(app);
    }

    /// The way down, for whoever waits for it.
    pub fn drain(&self) -> Drain {
        self.door.drain.clone()
    }

    /// Goes down in good order: not ready, no new connections, requests under way end, then what is left is cut off
    /// after `drain_ms_max`. Returns whether all ended by themselves.
    pub async fn stop(self) -> bool {
        let settings = &self.door.settings;
        let drain = &self.door.drain;
        drain.advance(Phase::Leaving);
        tokio::time::sleep(Duration::from_millis(settings.drain_notice_ms)).await;
        drain.advance(Phase::Draining);
        let mut accepting = self.accepting;
        let in_time =
            tokio::time::timeout(Duration::from_millis(settings.drain_ms_max), &mut accepting).await.is_ok();
        drain.advance(Phase::Stopped);
        if !in_time {
            // Connections see the last phase and end; a second is plenty for that.
            let _ = tokio::time::timeout(Duration::from_secs(1), accepting).await;
        }
        in_time
    }
}

//! One live connection to a Redis server, and how it is made.
//!
//! The socket is opened here rather than by the client library so that every address is checked before it is dialled
//! and the end of the connection is known the moment it comes, without a call having to fail first.

use crate::address::Address;
use crate::{CallError, Metrics, Settings, metrics::Counted};
use prometheus_client::metrics::gauge::Gauge;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, Value};
use rustls_pki_types::ServerName;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;

/// A pipelined connection; closed when dropped, whatever is still unanswered on it.
#[derive(Debug)]
pub(crate) struct Link {
    connection: MultiplexedConnection,
    driver: AbortHandle,
    home: runtime::Id,
    _counted: Counted,
}

impl Link {
    /// Resolves, dials, logs in and asks for a sign of life, all within `connect_ms`.
    pub(crate) async fn open(
        address: &Address,
        settings: &Settings,
        tls: &Arc<rustls::ClientConfig>,
        metrics: &Metrics,
        gauge: &Gauge,
    ) -> Result<Self, CallError> {
        let within = Duration::from_millis(settings.connect_ms);
        let link = tokio::time::timeout(within, async {
            let stream = dial(address, settings).await?;
            if !address.tls {
                return Self::start(address, settings, stream, gauge).await;
            }
            let name = ServerName::try_from(address.host.clone()).map_err(|_| CallError::InvalidAddress)?;
            let stream = TlsConnector::from(tls.clone()).connect(name, stream).await;
            let stream = stream.map_err(|error| CallError::Unavailable(format!("TLS: {error}")))?;
            Self::start(address, settings, stream, gauge).await
        });
        let link = link.await.map_err(|_| {
            CallError::Unavailable(format!("no connection within {} ms", settings.connect_ms))
        })??;
        metrics.connects.inc();
        Ok(link)
    }

    async fn start(
        address: &Address,
        settings: &Settings,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        gauge: &Gauge,
    ) -> Result<Self, CallError> {
        // Deadlines are the callers': the library's own would hold for blocking commands too.
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_connection_timeout(None)
            .set_pipeline_buffer_size(settings.calls_in_flight_max);
        let (connection, driver) = MultiplexedConnection::new_with_config(&address.login, stream, config)
            .await
            .map_err(|error| CallError::from_redis(&error))?;
        let driver = tokio::spawn(driver).abort_handle();
        let home = runtime::Handle::current().id();
        let link = Self { connection, driver, home, _counted: Counted::new(gauge) };
        match link.send(&redis::cmd("PING")).await {
            // A server that wants a log-in first, or forbids PING, is alive all the same.
            Ok(_) | Err(CallError::Server(_)) => Ok(link),
            Err(error) => Err(error),
        }
    }

    /// Whether another event loop than the one that asks drives it: then each call wakes that one's thread.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.home != runtime::Handle::current().id()
    }

    /// False once the server, the network or this host ended it.
    pub(crate) fn is_live(&self) -> bool {
        !self.driver.is_finished()
    }

    /// Sends `command` and waits for its reply for at most `within_ms`. Dropping the future gives up the reply only.
    pub(crate) async fn call(&self, command: &Cmd, within_ms: u64) -> Result<Value, CallError> {
        match tokio::time::timeout(Duration::from_millis(within_ms), self.send(command)).await {
            Ok(reply) => reply,
            Err(_) => Err(CallError::Deadline(within_ms)),
        }
    }

    async fn send(&self, command: &Cmd) -> Result<Value, CallError> {
        let reply = self.connection.clone().send_packed_command(command).await;
        reply.and_then(Value::extract_error).map_err(|error| CallError::from_redis(&error))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

async fn dial(address: &Address, settings: &Settings) -> Result<TcpStream, CallError> {
    let mut failure = None;
    for target in settings.addresses.resolve(&address.host, address.port).await? {
        match TcpStream::connect(target).await.and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = Some(error),
        }
    }
    Err(CallError::Unavailable(match failure {
        Some(error) => error.to_string(),
        None => "the name has no address".to_owned(),
    }))
}

/// TLS as browsers do it: the usual public authorities, no client certificate.
pub(crate) fn public_tls() -> Arc<rustls::ClientConfig> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the ring provider has cipher suites for TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

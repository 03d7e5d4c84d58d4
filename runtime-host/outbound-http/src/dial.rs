//! From a name to a connection: resolve, judge every address, dial one that was judged, speak TLS.
//!
//! Judging happens inside the connector, on the very addresses it then dials: a name server that answers differently
//! the second time (DNS rebinding) is never asked a second time.

use crate::metrics::InFlight;
use futures::future::BoxFuture;
use host_egress::{AddressPolicy, Refused};
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use prometheus_client::metrics::gauge::Gauge;
use rustls::pki_types::CertificateDer;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tower_service::Service;
use wasmtime_wasi_http::Error;

/// After this long without an acknowledged byte an idle connection is probed.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// How names become addresses.
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of `host`, in the order in which they should be tried.
    fn resolve(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's own resolver (`getaddrinfo`).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let host = host.to_owned();
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((host, 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }
}

/// Why there is no connection, as far as it was not the network.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    #[error("no connection within the deadline")]
    Timeout,
    #[error("name lookup: {0}")]
    Lookup(io::Error),
    #[error("the name has no address")]
    NoAddress,
    #[error(transparent)]
    Blocked(#[from] Refused),
}

impl DialError {
    /// What the guest is told. The resolver's words stay in the log: they may tell about the network.
    pub(crate) fn failure(&self) -> Error {
        match self {
            Self::Timeout => Error::ConnectionTimeout,
            Self::Lookup(error) => {
                tracing::debug!(%error, "name lookup failed");
                Error::DnsError { rcode: Some("address not available".to_owned()), info_code: None }
            }
            Self::NoAddress => {
                Error::DnsError { rcode: Some("address not available".to_owned()), info_code: None }
            }
            Self::Blocked(_) => Error::DestinationIpProhibited,
        }
    }
}

/// Resolves, and passes on only what may be dialled.
#[derive(Clone)]
struct JudgingResolver {
    resolver: Arc<dyn Resolve>,
    policy: AddressPolicy,
}

impl Service<Name> for JudgingResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = DialError;
    type Future = BoxFuture<'static, Result<Self::Response, DialError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let addresses = self.resolver.resolve(name.as_str());
        let policy = self.policy.clone();
        Box::pin(async move {
            let mut blocked = None;
            let mut allowed = Vec::new();
            for address in addresses.await.map_err(DialError::Lookup)? {
                match policy.check(address) {
                    Ok(()) => allowed.push(SocketAddr::new(address, 0)),
                    Err(refused) => blocked = Some(refused),
                }
            }
            match (allowed.is_empty(), blocked) {
                (false, _) => Ok(allowed.into_iter()),
                (true, Some(refused)) => {
                    tracing::warn!(host = name.as_str(), "outbound HTTP request refused: {refused}");
                    Err(DialError::Blocked(refused))
                }
                (true, None) => Err(DialError::NoAddress),
            }
        })
    }
}

/// The connector of the pooled client.
#[derive(Clone)]
pub(crate) struct Dialer {
    inner: HttpsConnector<HttpConnector<JudgingResolver>>,
    policy: AddressPolicy,
    connect: Duration,
    open: Gauge,
}

impl Dialer {
    /// Errors when one of `extra_roots` is not a certificate.
    pub(crate) fn new(
        resolver: Arc<dyn Resolve>,
        policy: AddressPolicy,
        connect: Duration,
        extra_roots: Vec<CertificateDer<'static>>,
        open: Gauge,
    ) -> Result<Self, rustls::Error> {
        let mut tcp = HttpConnector::new_with_resolver(JudgingResolver { resolver, policy: policy.clone() });
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_connect_timeout(Some(connect));
        let inner = HttpsConnectorBuilder::new()
            .with_tls_config(tls(extra_roots)?)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        Ok(Self { inner, policy, connect, open })
    }
}

fn tls(extra_roots: Vec<CertificateDer<'static>>) -> Result<rustls::ClientConfig, rustls::Error> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for root in extra_roots {
        roots.add(root)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

impl Service<Uri> for Dialer {
    type Response = Dialled;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Dialled, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // The connector below dials a literal address without asking the resolver.
        if let Some(address) = literal(&uri)
            && let Err(refused) = self.policy.check(address)
        {
            tracing::warn!("outbound HTTP request refused: {refused}");
            return Box::pin(async move { Err(DialError::Blocked(refused).into()) });
        }
        let connecting = tokio::time::timeout(self.connect, self.inner.call(uri));
        let open = self.open.clone();
        Box::pin(async move {
            let stream = connecting.await.map_err(|_| DialError::Timeout)??;
            Ok(Dialled { stream, _open: InFlight::count(&open) })
        })
    }
}

fn literal(uri: &Uri) -> Option<IpAddr> {
    let host = uri.host()?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.parse().ok()
}

/// An open connection, counted for as long as it lives.
pub(crate) struct Dialled {
    stream: MaybeHttpsStream<TokioIo<TcpStream>>,
    _open: InFlight,
}

impl Connection for Dialled {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}

impl Read for Dialled {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl Write for Dialled {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }
}

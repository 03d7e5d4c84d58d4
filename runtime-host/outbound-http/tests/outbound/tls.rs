//! HTTPS: whom the host trusts, and HTTP/2 where the server offers it.

use crate::origin::{Origin, StubResolver, body_text, get, granted, text};
use host_outbound_http::{Error, OutboundHttp, Settings, WasiBody};
use http::{Response, Version};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server for `secure.example` with a certificate of its own making.
struct SecureOrigin {
    address: SocketAddr,
    certificate: CertificateDer<'static>,
    accepted: Arc<AtomicUsize>,
}

async fn start(protocols: &[&[u8]]) -> SecureOrigin {
    let made = rcgen::generate_simple_self_signed(["secure.example".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = service_fn(|request: http::Request<_>| async move {
                    let host = request.headers().contains_key("host");
                    let text = text(&format!("{:?} {} host:{host}", request.version(), request.uri()));
                    Ok::<Response<WasiBody>, Infallible>(Response::new(text))
                });
                let server = auto::Builder::new(TokioExecutor::new());
                drop(server.serve_connection(TokioIo::new(stream), service).await);
            });
        }
    });
    SecureOrigin { address, certificate, accepted }
}

fn outbound(extra_roots: Vec<CertificateDer<'static>>) -> OutboundHttp {
    OutboundHttp::builder(Settings { extra_roots, ..Settings::default() })
        .resolver(StubResolver::new(&[&["127.0.0.1"]]))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let origin = start(&[b"http/1.1"]).await;
    let outbound = outbound(Vec::new());
    let url = format!("https://secure.example:{}/", origin.address.port());
    let failed = granted(&outbound, &["https://secure.example:*"]).hooks().send(get(&url), None).await;
    assert!(matches!(failed, Err(Error::TlsCertificateError)), "{:?}", failed.err());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let origin = start(&[b"http/1.1"]).await;
    let outbound = outbound(vec![origin.certificate.clone()]);
    let url = format!("https://other.example:{}/", origin.address.port());
    let failed = granted(&outbound, &["https://other.example:*"]).hooks().send(get(&url), None).await;
    assert!(matches!(failed, Err(Error::TlsCertificateError)), "{:?}", failed.err());
}

#[tokio::test]
async fn a_server_without_tls_on_an_https_url_is_a_tls_error() {
    let origin = Origin::start(|_| async { Response::new(text("plain")) }).await;
    let outbound = outbound(Vec::new());
    let url = format!("https://secure.example:{}/", origin.port());
    let failed = granted(&outbound, &["https://secure.example:*"]).hooks().send(get(&url), None).await;
    assert!(matches!(failed, Err(Error::TlsProtocolError)), "{:?}", failed.err());
}

#[tokio::test]
async fn http_2_is_used_where_offered_and_many_requests_share_its_connection() {
    let origin = start(&[b"h2", b"http/1.1"]).await;
    let outbound = outbound(vec![origin.certificate.clone()]);
    let url = format!("https://secure.example:{}/x", origin.address.port());
    let mut instance = granted(&outbound, &["https://secure.example:*"]);
    let first = instance.hooks().send(get(&url), None).await.unwrap();
    assert_eq!(first.version(), Version::HTTP_2);
    assert_eq!(body_text(first).await.unwrap(), format!("HTTP/2.0 {url} host:false"));
    let calls = (0..32).map(|_| instance.hooks().send(get(&url), None));
    for answer in futures::future::join_all(calls.collect::<Vec<_>>()).await {
        assert!(body_text(answer.unwrap()).await.is_ok());
    }
    assert_eq!(origin.accepted.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn http_1_is_used_over_tls_where_nothing_else_is_offered() {
    let origin = start(&[b"http/1.1"]).await;
    let outbound = outbound(vec![origin.certificate.clone()]);
    let url = format!("https://secure.example:{}/x", origin.address.port());
    let answer =
        granted(&outbound, &["https://secure.example:*"]).hooks().send(get(&url), None).await.unwrap();
    assert_eq!(body_text(answer).await.unwrap(), "HTTP/1.1 /x host:true");
}

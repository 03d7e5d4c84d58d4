//! Certificates: whom a server's TLS certificate may come from.

use crate::error::chain;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// A certificate authority that a component trusts beyond the public ones, as PEM; equal texts are the same authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaRoot {
    pem: Arc<str>,
}

impl CaRoot {
    /// Errors when the text holds no certificate that can be an authority.
    pub fn from_pem(text: String) -> Result<Self, String> {
        add_certificates(&text, &mut RootCertStore::empty())?;
        Ok(Self { pem: text.into() })
    }
}

fn add_certificates(pem: &str, roots: &mut RootCertStore) -> Result<(), String> {
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.map_err(|error| chain(&error))?).map_err(|error| chain(&error))?;
        found = true;
    }
    if found { Ok(()) } else { Err("no certificate in the text".to_owned()) }
}

/// A connector that verifies the server's certificate and its name against the public authorities and `ca_root`.
pub(crate) fn connector(ca_root: Option<&CaRoot>) -> Result<MakeRustlsConnect, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(ca_root) = ca_root {
        add_certificates(&ca_root.pem, &mut roots)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| chain(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

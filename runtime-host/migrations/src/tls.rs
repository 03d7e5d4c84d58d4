//! Encryption as the address's `sslmode` asks. A certificate is always checked, against the public authorities or
//! the one given, and so is the host's name: `require` means here what `verify-full` means elsewhere.

use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::MigrateError;

/// What makes encrypted connections; it is used only when `sslmode` and the server ask for one.
pub(crate) fn connector(authority: Option<&Path>) -> Result<MakeRustlsConnect, MigrateError> {
    let mut roots = RootCertStore::empty();
    match authority {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let failed = |error: &dyn std::fmt::Display| {
                MigrateError::Connect(format!("the authority's certificate {}: {error}", file.display()))
            };
            for certificate in CertificateDer::pem_file_iter(file).map_err(|error| failed(&error))? {
                let certificate = certificate.map_err(|error| failed(&error))?;
                roots.add(certificate).map_err(|error| failed(&error))?;
            }
            if roots.is_empty() {
                return Err(failed(&"no certificate in it"));
            }
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| MigrateError::Connect(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// The driver knows `require` only; both stricter modes are what `require` does here.
pub(crate) fn with_known_ssl_mode(url: &str) -> String {
    url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_file_without_a_certificate_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let refused = connector(Some(file.path())).err().unwrap().to_string();
        assert!(refused.contains("no certificate in it"), "{refused}");
        assert!(connector(None).is_ok());
    }

    #[test]
    fn stricter_ssl_modes_are_understood() {
        assert_eq!(
            with_known_ssl_mode("postgres://h/d?sslmode=verify-full"),
            "postgres://h/d?sslmode=require"
        );
    }
}

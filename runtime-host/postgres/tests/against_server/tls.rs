//! TLS modes: whom we talk to is verified.

use crate::server::{TestServer, connection_failure, number, shared};
use host_postgres::{CaRoot, Settings};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::process::Command;

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap() }
    }

    /// A server's certificate and key as PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn root(&self) -> CaRoot {
        CaRoot::from_pem(self.issuer.pem()).unwrap()
    }
}

#[tokio::test]
async fn a_certificate_is_verified_with_its_name() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("localhost");
    let mut server = TestServer::start(&[]).unwrap();
    server.kill();
    let data = server.folder().join("data");
    std::fs::write(data.join("server.crt"), certificate).unwrap();
    std::fs::write(data.join("server.key"), key).unwrap();
    for file in ["server.crt", "server.key"] {
        let path = data.join(file);
        assert!(Command::new("chmod").arg("600").arg(&path).status().unwrap().success());
        assert!(Command::new("chown").arg("--reference").arg(&data).arg(&path).status().unwrap().success());
    }
    std::fs::write(data.join("postgresql.auto.conf"), "ssl = on\n").unwrap();
    server.restart().unwrap();
    let host = server.host(Settings::default());
    let at = |name: &str, mode: &str| {
        format!("postgres://moalog@{name}:{}/postgres?sslmode={mode}", server.port())
    };
    let is_encrypted = "SELECT count(*) FROM pg_stat_ssl WHERE ssl AND pid = pg_backend_pid()";

    for mode in ["require", "verify-full", "prefer"] {
        let connection = host.instance.open(&at("localhost", mode), Some(authority.root())).await.unwrap();
        assert_eq!(number(&connection, is_encrypted).await, 1, "{mode}");
        let reason =
            connection_failure(host.instance.open(&at("localhost", mode), None).await.err().unwrap());
        assert!(reason.contains("UnknownIssuer"), "{mode}: {reason}");
        let wrong_name = host.instance.open(&at("127.0.0.1", mode), Some(authority.root())).await;
        let reason = connection_failure(wrong_name.err().unwrap());
        assert!(reason.contains("not valid for name"), "{mode}: {reason}");
        let other = host.instance.open(&at("localhost", mode), Some(Authority::new().root())).await;
        connection_failure(other.err().unwrap());
    }
    let connection = host.instance.open(&at("localhost", "disable"), None).await.unwrap();
    assert_eq!(number(&connection, is_encrypted).await, 0);
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_it_is_required() {
    let host = shared().host(Settings::default());
    let at = |mode: &str| format!("postgres://moalog@127.0.0.1:{}/postgres?sslmode={mode}", shared().port());
    let reason = connection_failure(host.instance.open(&at("require"), None).await.err().unwrap());
    assert!(reason.contains("does not support TLS"), "{reason}");
    host.instance.open(&at("prefer"), None).await.unwrap();
}

#[test]
fn text_without_a_certificate_is_no_authority() {
    assert!(CaRoot::from_pem("nothing".to_owned()).is_err());
    assert!(CaRoot::from_pem(KeyPair::generate().unwrap().serialize_pem()).is_err());
}

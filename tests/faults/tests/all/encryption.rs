//! PostgreSQL's TLS modes as a component meets them: whom it talks to is verified.

use hyper::Method;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tests_faults::{Host, Launch, Whole, ask, run};

const IS_ENCRYPTED: &str = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

async fn asked(host: &Host, address: &str, ca_root: Option<&str>) -> Value {
    let mut order = json!({ "address": address, "steps": [{ "query": IS_ENCRYPTED }] });
    if let Some(pem) = ca_root {
        order["caRoot"] = pem.into();
    }
    ask(Method::POST, &host.at("/postgres/run"), None, Some(&order)).await.body
}

fn is_encrypted(said: &Value) -> bool {
    said["ok"][0]["ok"]["rows"][0][0]["value"].as_bool().unwrap_or_else(|| panic!("{said}"))
}

#[test]
fn each_mode_is_what_it_says() {
    run(async {
        let whole = Whole::start().await.unwrap();
        let plain = whole.database.database_url.replace("127.0.0.1", "localhost");
        let authority_and_place = plain.split('@').nth(1).unwrap().split('/').next().unwrap().to_owned();
        let host = Launch::components()
            .variable("database_origin", format!("postgres://{authority_and_place}"))
            .start()
            .await
            .unwrap();
        let at = |mode: &str| plain.replace("sslmode=disable", &format!("sslmode={mode}"));
        assert!(!is_encrypted(&asked(&host, &at("disable"), None).await));
        assert!(!is_encrypted(&asked(&host, &at("prefer"), None).await), "the server offers none");
        let refused = asked(&host, &at("require"), None).await;
        assert_eq!(refused["err"]["kind"], "connection-failed", "{refused}");

        let (issuer, key) = (authority(), KeyPair::generate().unwrap());
        let certificate =
            CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        whole.stack.encrypt_database(&certificate.pem(), &key.serialize_pem()).await.unwrap();
        let root = issuer.pem();
        for mode in ["require", "verify-full", "prefer"] {
            assert!(is_encrypted(&asked(&host, &at(mode), Some(&root)).await), "{mode}");
            for (who, pem) in [("the public authorities", None), ("a stranger", Some(authority().pem()))] {
                let refused = asked(&host, &at(mode), pem.as_deref()).await;
                assert_eq!(refused["err"]["kind"], "connection-failed", "{mode}, {who}: {refused}");
            }
        }
        assert!(!is_encrypted(&asked(&host, &at("disable"), None).await));
        let password = plain.split(':').nth(2).unwrap().split('@').next().unwrap();
        assert!(!host.log().contains(password), "a password in the log");
    });
}

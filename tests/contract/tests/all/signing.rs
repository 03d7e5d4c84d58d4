//! Everybody who signs computes the same: the service, the shell, k6, and the page that tells how.

use std::{fs, process::Command};

use rules_payment::signature::{Signed, body_sha256, secret_of};

const BODY: &str = r#"{"merchantId":"M-1001","amount":10000,"currency":"KRW","idempotencyKey":"order-1"}"#;
const PATH: &str = "/api/payments/authorize?trace=a%20b";
const NONCE: &str = "3f1c9a7e5b2d4860";
const TIMESTAMP: &str = "1767225600";

#[test]
fn the_worked_example_is_the_same_wherever_it_stands() {
    let secret = secret_of(b"master-key-for-the-worked-example", "mk_example");
    let hash = body_sha256(BODY.as_bytes());
    let signed = Signed {
        method: "POST",
        path_and_query: PATH,
        timestamp: TIMESTAMP,
        nonce: NONCE,
        body_sha256: &hash,
    };
    let signature = signed.sign(secret.as_bytes());
    for file in ["docs/request-signing.md", "k6/lib/sign.js", "scripts/signed-curl"] {
        let text = fs::read_to_string(tests_checkout::top().join(file)).unwrap();
        for part in [secret.as_str(), signature.as_str(), BODY, PATH, NONCE, TIMESTAMP] {
            assert!(text.contains(part), "{file} does not name {part}");
        }
    }
}

#[test]
fn the_shell_computes_the_worked_example() {
    let output = Command::new("sh")
        .arg(tests_checkout::top().join("scripts/signed-curl"))
        .arg("--self-test")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

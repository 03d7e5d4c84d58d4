use super::*;

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "http://127.0.0.1:3000/cb";

fn fault_of(challenge: Option<&str>, provider: Provider, form: &str) -> Option<OauthError> {
    let grant = Grant {
        provider: "google".into(),
        client_id: "app".into(),
        redirect_uri: REDIRECT.into(),
        challenge: challenge.map(str::to_owned),
        nonce: None,
        person: Person::with_email("minseo.kim@sandbox.test").unwrap(),
    };
    fault(&grant, provider, &Client::for_tests("app", "secret"), &Form::parse(form.as_bytes()))
}

fn with_verifier(verifier: &str) -> String {
    format!("redirect_uri={REDIRECT}&code_verifier={verifier}")
}

#[test]
fn the_verifier_of_the_rfc_fits_its_challenge() {
    assert_eq!(fault_of(Some(CHALLENGE), Provider::Google, &with_verifier(VERIFIER)), None);
}

#[test]
fn a_wrong_missing_or_unasked_verifier_is_an_invalid_grant() {
    let wrong = VERIFIER.replace('d', "e");
    for (challenge, form) in [
        (Some(CHALLENGE), with_verifier(&wrong)),
        (Some(CHALLENGE), format!("redirect_uri={REDIRECT}")),
        (None, with_verifier(VERIFIER)),
    ] {
        assert!(
            matches!(fault_of(challenge, Provider::Google, &form), Some(OauthError::InvalidGrant(_))),
            "{form}"
        );
    }
}

#[test]
fn a_code_is_bound_to_provider_and_redirect_uri() {
    let good = with_verifier(VERIFIER);
    assert!(fault_of(Some(CHALLENGE), Provider::Kakao, &good).is_some());
    let elsewhere = good.replace("/cb", "/other");
    assert!(fault_of(Some(CHALLENGE), Provider::Google, &elsewhere).is_some());
}

#[test]
fn only_a_token_with_its_end_has_a_key() {
    assert!(key_of("code/", "no-end").is_none());
    assert!(key_of("code/", "").is_none());
    let key = key_of("code/", "000000000042-abc").unwrap();
    assert!(key.starts_with("code/000000000042-"));
    assert!(!key.contains("abc-"));
}

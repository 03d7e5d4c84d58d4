use super::*;
use crate::client::Client;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn read(change: &[(&str, &str)]) -> Result<AuthorizeRequest, Refused> {
    let mut parameters = vec![
        ("client_id", "app"),
        ("redirect_uri", "http://127.0.0.1:3000/cb?kept=1"),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("state", "s t"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in change {
        parameters.retain(|(kept, _)| kept != name);
        parameters.push((name, value));
    }
    let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    AuthorizeRequest::read(&Form::parse(encoded.as_bytes()), &Client::for_tests("app", "secret"))
}

fn told_there(change: &[(&str, &str)]) -> String {
    match read(change) {
        Err(Refused::There(to)) => to.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_grant_keeps_the_redirect_uris_own_query_and_gives_the_state_back() {
    let to = read(&[]).unwrap().granted("c0de");
    assert_eq!(to.as_str(), "http://127.0.0.1:3000/cb?kept=1&code=c0de&state=s+t");
}

#[test]
fn a_wrong_client_or_redirect_uri_is_never_redirected() {
    for change in [("client_id", "other"), ("redirect_uri", "https://evil.example/")] {
        assert!(matches!(read(&[change]), Err(Refused::Here(_))), "{change:?}");
    }
}

#[test]
fn other_faults_are_told_to_the_application() {
    assert!(told_there(&[("response_type", "token")]).contains("error=unsupported_response_type"));
    assert!(told_there(&[("scope", "email")]).contains("error=invalid_scope"));
    assert!(told_there(&[("code_challenge_method", "plain")]).contains("error=invalid_request"));
    assert!(told_there(&[("code_challenge", "short")]).contains("error=invalid_request"));
    assert!(told_there(&[("code_challenge", "short")]).contains("state=s+t"));
}

#[test]
fn pkce_may_be_left_out_but_not_in_half() {
    assert!(read(&[("code_challenge", ""), ("code_challenge_method", "")]).is_ok());
    assert!(told_there(&[("code_challenge", "")]).contains("error=invalid_request"));
}

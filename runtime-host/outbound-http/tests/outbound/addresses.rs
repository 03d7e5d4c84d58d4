//! What a name resolves to is judged, and the judged address is the one that is dialled.

use crate::origin::{Origin, StubResolver, body_text, get, granted, text};
use host_egress::AddressPolicy;
use host_outbound_http::{Error, OutboundHttp, Settings};
use http::Response;
use std::sync::Arc;
use std::sync::atomic::Ordering;

fn outbound(blocked: &[&str], resolver: &Arc<StubResolver>) -> OutboundHttp {
    OutboundHttp::builder(Settings { connect_ms: 500, ..Settings::default() })
        .addresses(AddressPolicy::blocking(blocked.iter().copied()).unwrap())
        .resolver(Arc::clone(resolver) as Arc<_>)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_name_that_resolves_to_a_blocked_address_is_not_dialled() {
    let origin = Origin::start(|_| async { Response::new(text("reached")) }).await;
    let resolver = StubResolver::new(&[&["127.0.0.1"]]);
    let outbound = outbound(&["private"], &resolver);
    let url = format!("http://rebound.example:{}/", origin.port());
    let refused = granted(&outbound, &["http://rebound.example:*"]).hooks().send(get(&url), None).await;
    assert!(matches!(refused, Err(Error::DestinationIpProhibited)), "{:?}", refused.err());
    assert_eq!(origin.accepted(), 0);
}

#[tokio::test]
async fn a_name_that_changes_its_answer_after_being_judged_is_not_asked_again() {
    let origin = Origin::start(|_| async { Response::new(text("reached")) }).await;
    // First a public address (of a network that is reserved for documents, so nobody answers), then the loopback one.
    let resolver = StubResolver::new(&[&["192.0.2.1"], &["127.0.0.1"]]);
    let outbound = outbound(&["127.0.0.0/8"], &resolver);
    let url = format!("http://rebound.example:{}/", origin.port());
    let mut instance = granted(&outbound, &["http://rebound.example:*"]);
    assert!(instance.hooks().send(get(&url), None).await.is_err());
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 1);
    // The next request asks again, and is judged again.
    let refused = instance.hooks().send(get(&url), None).await;
    assert!(matches!(refused, Err(Error::DestinationIpProhibited)), "{:?}", refused.err());
    assert_eq!(origin.accepted(), 0);
}

#[tokio::test]
async fn a_blocked_address_among_others_is_left_out() {
    let origin = Origin::start(|_| async { Response::new(text("reached")) }).await;
    let resolver = StubResolver::new(&[&["10.1.2.3", "127.0.0.1"]]);
    let outbound = outbound(&["10.0.0.0/8"], &resolver);
    let url = format!("http://mixed.example:{}/", origin.port());
    let answer = granted(&outbound, &["http://mixed.example:*"]).hooks().send(get(&url), None).await.unwrap();
    assert_eq!(body_text(answer).await.unwrap(), "reached");
}

#[tokio::test]
async fn an_address_in_the_url_itself_is_judged_too() {
    let origin = Origin::start(|_| async { Response::new(text("reached")) }).await;
    let resolver = StubResolver::new(&[&["192.0.2.1"]]);
    let outbound = outbound(&["private"], &resolver);
    let grants = ["http://127.0.0.1:*", "http://[::1]:*", "http://[::ffff:127.0.0.1]:*"];
    for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{}/", origin.port());
        let refused = granted(&outbound, &grants).hooks().send(get(&url), None).await;
        assert!(matches!(refused, Err(Error::DestinationIpProhibited)), "{host}: {:?}", refused.err());
    }
    assert_eq!(origin.accepted(), 0);
}

#[tokio::test]
async fn a_name_without_an_address_is_a_dns_error() {
    let resolver = StubResolver::new(&[&[]]);
    let outbound = outbound(&[], &resolver);
    let failed = granted(&outbound, &["http://nowhere.example"])
        .hooks()
        .send(get("http://nowhere.example/"), None)
        .await;
    assert!(matches!(failed, Err(Error::DnsError { .. })), "{:?}", failed.err());
}

#[tokio::test]
async fn a_closed_port_is_a_refused_connection() {
    let resolver = StubResolver::new(&[&["127.0.0.1"]]);
    let outbound = outbound(&[], &resolver);
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("http://closed.example:{port}/");
    let failed = granted(&outbound, &["http://closed.example:*"]).hooks().send(get(&url), None).await;
    assert!(matches!(failed, Err(Error::ConnectionRefused)), "{:?}", failed.err());
}

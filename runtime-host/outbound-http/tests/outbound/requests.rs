//! One request at a time: grants, redirects, pooling, streaming, chaining.

use crate::origin::{Origin, body_text, get, granted, nothing, outbound, shop, text};
use bytes::Bytes;
use futures::future::BoxFuture;
use host_faults::Fault;
use host_outbound_http::{Callee, Chain, Error, OutboundHttp, Settings, WasiBody};
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn a_granted_request_is_answered_and_carries_the_host_that_was_judged() {
    let origin = Origin::start(|request| async move {
        let host = request.headers().get("host").unwrap().to_str().unwrap().to_owned();
        Response::new(text(&format!("{} {} {host}", request.method(), request.uri())))
    })
    .await;
    let outbound = outbound(Settings::default());
    let mut request = get(&origin.url("/a?b=c"));
    request.headers_mut().insert("host", "elsewhere.example".parse().unwrap());
    let answer = shop(&outbound).hooks().send(request, None).await.unwrap();
    assert_eq!(body_text(answer).await.unwrap(), format!("GET /a?b=c {}", origin.address));
}

#[tokio::test]
async fn a_request_that_is_not_granted_opens_no_connection() {
    let origin = Origin::start(|_| async { Response::new(text("reached")) }).await;
    let outbound = outbound(Settings::default());
    let other_port = format!("http://127.0.0.1:{}", origin.port() ^ 1);
    let mut instance = granted(&outbound, &[&other_port]);
    let refused = instance.hooks().send(get(&origin.url("/")), None).await;
    assert!(matches!(refused, Err(Error::HttpRequestDenied)));
    assert_eq!(origin.accepted(), 0);
    assert!(metrics(&outbound).contains(r#"outbound_http_requests_total{outcome="denied"} 1"#));
}

#[tokio::test]
async fn a_redirect_is_handed_to_the_guest_and_following_it_is_judged_again() {
    let elsewhere = Origin::start(|_| async { Response::new(text("reached")) }).await;
    let to = elsewhere.url("/secret");
    let origin = Origin::start(move |_| {
        let to = to.clone();
        async move {
            let found = Response::builder().status(StatusCode::FOUND).header("location", to);
            found.body(nothing()).unwrap()
        }
    })
    .await;
    let outbound = outbound(Settings::default());
    let mut instance = granted(&outbound, &[&origin.url("")]);
    let answer = instance.hooks().send(get(&origin.url("/")), None).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let followed = instance.hooks().send(get(&location), None).await;
    assert!(matches!(followed, Err(Error::HttpRequestDenied)));
    assert_eq!(elsewhere.accepted(), 0);
}

#[tokio::test]
async fn requests_one_after_another_share_a_connection() {
    let origin = Origin::start(|_| async { Response::new(text("hello")) }).await;
    let outbound = outbound(Settings::default());
    for _ in 0..20 {
        // A new instance each time: the pool belongs to the host.
        let answer = shop(&outbound).hooks().send(get(&origin.url("/")), None).await.unwrap();
        assert_eq!(body_text(answer).await.unwrap(), "hello");
    }
    // A connection may be handed back just after the next request looked for one.
    assert!(origin.accepted() <= 3, "{} connections for 20 requests", origin.accepted());
    assert!(metrics(&outbound).contains(r#"outbound_http_requests_total{outcome="answered"} 20"#));
}

#[tokio::test]
async fn an_answer_that_is_dropped_unread_frees_its_connection_and_its_place() {
    let origin = Origin::start(|_| async {
        let endless = futures::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok(Frame::data(Bytes::from_static(b"more"))), ()))
        });
        Response::new(StreamBody::new(endless).boxed_unsync())
    })
    .await;
    let outbound = outbound(Settings { component_requests_max: 1, ..Settings::default() });
    for _ in 0..3 {
        let answer = shop(&outbound).hooks().send(get(&origin.url("/")), None).await.unwrap();
        drop(answer);
    }
    let freed = async {
        while origin.closed() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), freed).await.expect("all three connections closed");
}

#[tokio::test]
async fn a_request_body_streams_while_the_answer_already_streams_back() {
    let origin = Origin::start(|request| async move { Response::new(echo(request)) }).await;
    let outbound = outbound(Settings::default());
    let (mut sender, body) = http_body_util::channel::Channel::<Bytes, Error>::new(1);
    let request = Request::post(origin.url("/")).body(body.boxed_unsync()).unwrap();
    let sending = shop(&outbound).hooks().send(request, None);
    sender.send_data(Bytes::from_static(b"first")).await.unwrap();
    let mut answer = sending.await.unwrap().into_body();
    assert_eq!(&answer.frame().await.unwrap().unwrap().into_data().unwrap()[..], b"first");
    sender.send_data(Bytes::from_static(b"second")).await.unwrap();
    assert_eq!(&answer.frame().await.unwrap().unwrap().into_data().unwrap()[..], b"second");
    drop(sender);
    assert!(answer.frame().await.is_none());
}

fn echo(request: Request<hyper::body::Incoming>) -> WasiBody {
    request.into_body().map_err(|_| Error::HttpProtocolError).boxed_unsync()
}

#[tokio::test]
async fn an_injected_fault_is_a_refused_connection_and_goes_away_again() {
    let origin = Origin::start(|_| async { Response::new(text("hello")) }).await;
    let outbound = outbound(Settings::default());
    outbound.faults().set(Fault::Unavailable);
    let failed = shop(&outbound).hooks().send(get(&origin.url("/")), None).await;
    assert!(matches!(failed, Err(Error::ConnectionRefused)));
    outbound.faults().set(Fault::None);
    assert!(shop(&outbound).hooks().send(get(&origin.url("/")), None).await.is_ok());
}

#[tokio::test]
async fn trace_headers_are_the_hosts_to_write_also_where_the_guest_has_some() {
    let origin = Origin::start(|request: Request<_>| async move {
        Response::new(text(request.headers()["traceparent"].to_str().unwrap()))
    })
    .await;
    let outbound = OutboundHttp::builder(Settings::default())
        .trace_headers(Arc::new(|_, headers| {
            let told = headers.get("traceparent").map_or("nothing", |told| told.to_str().unwrap());
            let passed_on = format!("{told}, passed on").parse().unwrap();
            drop(headers.insert("traceparent", passed_on));
        }))
        .build()
        .unwrap();
    let answer = shop(&outbound).hooks().send(get(&origin.url("/")), None).await.unwrap();
    assert_eq!(body_text(answer).await.unwrap(), "nothing, passed on");
    let mut request = get(&origin.url("/"));
    request.headers_mut().insert("traceparent", "of-the-guest".parse().unwrap());
    let answer = shop(&outbound).hooks().send(request, None).await.unwrap();
    assert_eq!(body_text(answer).await.unwrap(), "of-the-guest, passed on");
}

/// An app whose components answer with who was asked.
struct App;

impl Chain for App {
    fn call(
        &self,
        callee: Callee,
        request: Request<WasiBody>,
    ) -> BoxFuture<'static, Result<Response<WasiBody>, Error>> {
        Box::pin(async move { Ok(Response::new(text(&format!("{callee:?} {}", request.uri())))) })
    }
}

#[tokio::test]
async fn a_chained_request_goes_to_the_component_and_needs_a_grant() {
    let outbound = outbound(Settings::default());
    let mut instance = granted(&outbound, &["http://mail.spin.internal", "http://self"]);
    let unset = instance.hooks().send(get("http://mail.spin.internal/x"), None).await;
    assert!(matches!(unset, Err(Error::DestinationNotFound)));

    let app: Arc<dyn Chain> = Arc::new(App);
    outbound.set_chain(Arc::downgrade(&app));
    let answer = instance.hooks().send(get("http://mail.spin.internal/x"), None).await.unwrap();
    assert_eq!(body_text(answer).await.unwrap(), r#"Component("mail") http://mail.spin.internal/x"#);
    let answer = instance.hooks().send(get("http://self.alt/y"), None).await.unwrap();
    assert_eq!(body_text(answer).await.unwrap(), "App http://self.alt/y");
    let refused = instance.hooks().send(get("http://pay.spin.internal/x"), None).await;
    assert!(matches!(refused, Err(Error::HttpRequestDenied)));

    // A fault of the network does not reach what never leaves the host.
    outbound.faults().set(Fault::Unavailable);
    assert!(instance.hooks().send(get("http://self.alt/y"), None).await.is_ok());
    drop(app);
    let gone = instance.hooks().send(get("http://self.alt/y"), None).await;
    assert!(matches!(gone, Err(Error::DestinationNotFound)));
}

fn metrics(outbound: &OutboundHttp) -> String {
    let mut registry = prometheus_client::registry::Registry::default();
    outbound.register_metrics(&mut registry);
    let mut rendered = String::new();
    prometheus_client::encoding::text::encode(&mut rendered, &registry).unwrap();
    rendered
}

//! Every function of the interface against a real server.

use crate::support::RedisServer;
use host_egress::Grants;
use host_redis::{CallError, Parameter, Redis, RedisResult, Session, Settings};

fn everywhere() -> Grants {
    Grants::parse(["redis://127.0.0.1:*", "rediss://localhost:*"]).unwrap()
}

async fn open(server: &RedisServer) -> Session {
    Redis::new(Settings::default()).open(&everywhere(), &server.url()).await.unwrap()
}

fn words(line: &str) -> Vec<Parameter> {
    line.split_whitespace().map(|word| Parameter::Binary(word.as_bytes().to_vec())).collect()
}

async fn execute(session: &Session, line: &str) -> Result<Vec<RedisResult>, CallError> {
    let (command, arguments) = line.split_once(' ').unwrap_or((line, ""));
    session.execute(command, &words(arguments)).await
}

async fn shown(session: &Session, line: &str) -> String {
    format!("{:?}", execute(session, line).await.unwrap()).replace("RedisResult::", "")
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

#[tokio::test]
async fn keys_hold_any_bytes_and_are_counted_when_deleted() {
    let server = RedisServer::start();
    let session = open(&server).await;
    assert_eq!(session.get("k").await.unwrap(), None);
    session.set("k", &[0, 255, b'\r', b'\n']).await.unwrap();
    assert_eq!(session.get("k").await.unwrap(), Some(vec![0, 255, b'\r', b'\n']));
    session.set("k", b"").await.unwrap();
    assert_eq!(session.get("k").await.unwrap(), Some(vec![]));
    assert_eq!(session.del(&list(&["k", "none"])).await.unwrap(), 1);
    assert!(matches!(session.del(&[]).await, Err(CallError::Server(text)) if text.contains("wrong number")));
}

#[tokio::test]
async fn a_set_counts_what_is_new_and_what_is_gone() {
    let server = RedisServer::start();
    let session = open(&server).await;
    assert_eq!(session.sadd("s", &list(&["a", "b", "ä"])).await.unwrap(), 3);
    assert_eq!(session.sadd("s", &list(&["a", "c"])).await.unwrap(), 1);
    assert_eq!(session.srem("s", &list(&["b", "x"])).await.unwrap(), 1);
    let mut members = session.smembers("s").await.unwrap();
    members.sort();
    assert_eq!(members, ["a", "c", "ä"]);
    assert_eq!(session.smembers("none").await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_key_of_another_type_is_a_type_error_in_every_function() {
    let server = RedisServer::start();
    let session = open(&server).await;
    session.sadd("set", &list(&["a"])).await.unwrap();
    session.set("text", b"abc").await.unwrap();
    session.set("most", i64::MAX.to_string().as_bytes()).await.unwrap();
    assert!(matches!(session.get("set").await, Err(CallError::WrongType)));
    assert!(matches!(session.incr("set").await, Err(CallError::WrongType)));
    assert!(matches!(session.incr("text").await, Err(CallError::WrongType)));
    assert!(matches!(session.smembers("text").await, Err(CallError::WrongType)));
    assert!(matches!(session.sadd("text", &list(&["a"])).await, Err(CallError::WrongType)));
    assert!(matches!(session.srem("text", &list(&["a"])).await, Err(CallError::WrongType)));
    assert!(matches!(execute(&session, "LPUSH text a").await, Err(CallError::WrongType)));
    assert!(matches!(session.incr("most").await, Err(CallError::Server(text)) if text.contains("overflow")));
}

#[tokio::test]
async fn a_published_message_reaches_a_subscriber() {
    let server = RedisServer::start();
    let (publisher, subscriber) = (open(&server).await, open(&server).await);
    assert_eq!(
        shown(&subscriber, "SUBSCRIBE news").await,
        r"[Binary([115, 117, 98, 115, 99, 114, 105, 98, 101]), Binary([110, 101, 119, 115]), Int64(1)]"
    );
    publisher.publish("news", b"hello").await.unwrap();
    assert_eq!(shown(&publisher, "PUBSUB NUMSUB news").await, "[Binary([110, 101, 119, 115]), Int64(1)]");
    drop(subscriber);
    wait_until(async || shown(&publisher, "PUBSUB NUMSUB news").await.ends_with("Int64(0)]")).await;
}

#[tokio::test]
async fn execute_flattens_every_shape_of_reply() {
    let server = RedisServer::start();
    let session = open(&server).await;
    assert_eq!(shown(&session, "SET k v").await, "[Status(\"OK\")]");
    assert_eq!(shown(&session, "PING").await, "[Status(\"PONG\")]");
    assert_eq!(shown(&session, "GET none").await, "[Nil]");
    assert_eq!(shown(&session, "STRLEN k").await, "[Int64(1)]");
    assert_eq!(shown(&session, "MGET k none k").await, "[Binary([118]), Nil, Binary([118])]");
    assert_eq!(shown(&session, "HSET h f 1").await, "[Int64(1)]");
    assert_eq!(shown(&session, "HGETALL h").await, "[Binary([102]), Binary([49])]");
    assert_eq!(shown(&session, "LRANGE none 0 -1").await, "[]");
    assert_eq!(
        shown(&session, "EVAL return{1,{2,{3}},'x'} 0").await,
        "[Int64(1), Int64(2), Int64(3), Binary([120])]"
    );
    assert_eq!(
        session
            .execute("INCRBY", &[Parameter::Binary(b"n".to_vec()), Parameter::Int64(-7)])
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(shown(&session, "GET n").await, "[Binary([45, 55])]");
    assert!(
        matches!(execute(&session, "NOSUCH x").await, Err(CallError::Server(text)) if text.contains("unknown command"))
    );
    assert!(matches!(
        execute(&session, "EVAL return{1,{err='BAD_thing'}} 0").await,
        Err(CallError::Server(_))
    ));
}

#[tokio::test]
async fn maps_of_resp3_are_not_representable_and_the_session_lives_on() {
    let server = RedisServer::start();
    let session = open(&server).await;
    execute(&session, "HSET h f 1").await.unwrap();
    assert!(matches!(execute(&session, "HELLO 3").await, Err(CallError::Unsupported("map"))));
    assert!(matches!(execute(&session, "HGETALL h").await, Err(CallError::Unsupported("map"))));
    assert_eq!(shown(&session, "GET none").await, "[Nil]");
}

#[tokio::test]
async fn a_database_number_and_a_password_belong_to_the_address() {
    let server = RedisServer::start_with(&["--requirepass", "planted"]);
    let redis = Redis::new(Settings::default());
    let at = async |rest: &str| {
        redis.open(&everywhere(), &format!("redis://{rest}@127.0.0.1:{}/1", server.port)).await
    };
    let session = at(":planted").await.unwrap();
    session.set("k", b"v").await.unwrap();
    let other =
        redis.open(&everywhere(), &format!("redis://:planted@127.0.0.1:{}/0", server.port)).await.unwrap();
    assert_eq!(other.get("k").await.unwrap(), None);
    let refused = at(":wrong").await.err().unwrap();
    assert!(matches!(&refused, CallError::Server(text) if !text.contains("wrong@")), "{refused}");
    let silent = redis.open(&everywhere(), &server.url()).await.unwrap();
    assert!(matches!(silent.get("k").await, Err(CallError::Server(text)) if text.starts_with("NOAUTH")));
}

#[tokio::test]
async fn what_is_not_granted_or_no_address_is_refused_before_anything_is_dialled() {
    let redis = Redis::new(Settings::default());
    let grants = Grants::parse(["redis://127.0.0.1:6379"]).unwrap().with_component("shop");
    let refused = redis.open(&grants, "redis://127.0.0.1:6380").await.err().unwrap();
    assert!(refused.to_string().contains("add \"redis://127.0.0.1:6380\""), "{refused}");
    let refused = redis.open(&grants, "rediss://127.0.0.1:6379").await.err().unwrap();
    assert!(matches!(refused, CallError::Refused(_)));
    assert!(matches!(redis.open(&grants, "127.0.0.1:6379").await.err().unwrap(), CallError::InvalidAddress));
}

#[tokio::test]
async fn tls_is_verified_against_the_given_roots() {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (cert_file, key_file) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert_file, cert.pem()).unwrap();
    std::fs::write(&key_file, signing_key.serialize_pem()).unwrap();
    let (tls_port, cert_file, key_file) =
        (crate::support::free_port().to_string(), cert_file.to_str().unwrap(), key_file.to_str().unwrap());
    let _server = RedisServer::start_with(&[
        "--tls-port",
        &tls_port,
        "--tls-cert-file",
        cert_file,
        "--tls-key-file",
        key_file,
        "--tls-auth-clients",
        "no",
        "--tls-ca-cert-file",
        cert_file,
    ]);
    let address = format!("rediss://localhost:{tls_port}");
    let distrusting = Redis::new(Settings::default()).open(&everywhere(), &address).await.err().unwrap();
    assert!(matches!(&distrusting, CallError::Unavailable(text) if text.starts_with("TLS")), "{distrusting}");

    let mut roots = rustls::RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let redis = Redis::new(Settings { tls: Some(tls.into()), ..Settings::default() });
    let session = redis.open(&everywhere(), &address).await.unwrap();
    assert_eq!(session.incr("n").await.unwrap(), 1);
}

async fn wait_until(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("not within 2 s");
}

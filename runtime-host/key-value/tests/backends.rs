//! One body of tests, run on every backend; then what only one of them has.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "written for the Redis capability's tests, which use all of it")]
#[path = "../../redis/tests/real_server/support.rs"]
mod support;

use host_key_value::{Backend, KeyValue, Settings, Store, StoreError};
use host_redis::Redis;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::RedisServer;

fn stores<const N: usize>(stores: [(&str, Backend); N]) -> Settings {
    let stores =
        stores.into_iter().map(|(label, backend)| (label.to_owned(), backend)).collect::<BTreeMap<_, _>>();
    let bounds = Settings { page_keys: 7, value_bytes_max: 1_000, key_bytes_max: 100, ..Settings::default() };
    Settings { stores, list_bytes_max: 10_000, ..bounds }
}

fn open(settings: Settings) -> KeyValue {
    KeyValue::new(settings, &Redis::new(host_redis::Settings::default())).unwrap()
}

fn embedded(folder: &Path) -> Backend {
    Backend::Embedded(folder.join("kv.redb"))
}

/// What holds on every backend for the stores `a` and `b`.
async fn behaves(key_value: &KeyValue) {
    key_value.ready().await.unwrap();
    let (a, b) = (key_value.store("a").unwrap(), key_value.store("b").unwrap());
    reads_what_was_written(&a, &b).await;
    lists_every_key(&a, &b).await;
    keeps_to_its_bounds(&a).await;
}

async fn reads_what_was_written(a: &Store, b: &Store) {
    assert_eq!(a.get("k").await.unwrap(), None);
    assert!(!a.exists("k").await.unwrap());
    a.delete("k").await.unwrap();
    a.set("k", vec![0, 255, 10]).await.unwrap();
    a.set("", b"empty key".to_vec()).await.unwrap();
    a.set("leer", Vec::new()).await.unwrap();
    assert_eq!(a.get("k").await.unwrap(), Some(vec![0, 255, 10]));
    assert_eq!(a.get("").await.unwrap(), Some(b"empty key".to_vec()));
    assert_eq!(a.get("leer").await.unwrap(), Some(Vec::new()));
    assert!(a.exists("leer").await.unwrap());
    a.set("k", b"second".to_vec()).await.unwrap();
    assert_eq!(a.get("k").await.unwrap(), Some(b"second".to_vec()));
    assert_eq!(b.get("k").await.unwrap(), None, "labels are apart");
    for key in ["k", "", "leer"] {
        a.delete(key).await.unwrap();
        assert!(!a.exists(key).await.unwrap());
    }
}

async fn lists_every_key(a: &Store, b: &Store) {
    assert_eq!(a.keys().await.unwrap(), Vec::<String>::new());
    let names: BTreeSet<String> = (0..50).map(|n| format!("schlüssel-{n}*")).collect();
    for name in &names {
        a.set(name, b"v".to_vec()).await.unwrap();
    }
    b.set("other", b"v".to_vec()).await.unwrap();
    let listed: BTreeSet<String> = a.keys().await.unwrap().into_iter().collect();
    assert_eq!(listed, names);
    assert_eq!(b.keys().await.unwrap(), ["other"]);
}

async fn keeps_to_its_bounds(a: &Store) {
    a.set(&"k".repeat(100), vec![0; 1_000]).await.unwrap();
    for n in 0..100 {
        a.set(&format!("{n:0>100}"), Vec::new()).await.unwrap();
    }
    let long_list = a.keys().await.unwrap_err();
    assert_eq!(long_list, StoreError::TooLarge { what: "list of keys", bytes_max: 10_000 });
    for n in 0..100 {
        a.delete(&format!("{n:0>100}")).await.unwrap();
    }
    let long_key = a.get(&"k".repeat(101)).await.unwrap_err();
    assert_eq!(long_key, StoreError::TooLarge { what: "key", bytes_max: 100 });
    let long_value = a.set("k", vec![0; 1_001]).await.unwrap_err();
    assert_eq!(long_value, StoreError::TooLarge { what: "value", bytes_max: 1_000 });
}

#[tokio::test]
async fn an_embedded_store_behaves_and_its_contents_outlive_the_host() {
    let folder = tempfile::tempdir().unwrap();
    let settings = stores([("a", embedded(folder.path())), ("b", embedded(folder.path()))]);
    let key_value = open(settings.clone());
    behaves(&key_value).await;
    drop(key_value);
    let until = Instant::now() + Duration::from_secs(2);
    let again = loop {
        // The writing thread lets go of the file a moment after the last handle is dropped.
        match KeyValue::new(settings.clone(), &Redis::new(host_redis::Settings::default())) {
            Ok(again) => break again,
            Err(failure) => assert!(Instant::now() < until, "{failure}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(again.store("b").unwrap().exists("other").await.unwrap());
}

#[tokio::test]
async fn a_store_in_redis_behaves_and_touches_no_other_keys() {
    let server = RedisServer::start();
    let redis = Redis::new(host_redis::Settings::default());
    let grants = host_egress::Grants::parse(["redis://127.0.0.1:*"]).unwrap();
    let session = redis.open(&grants, &server.url()).await.unwrap();
    session.set("kv:a", b"not the store's").await.unwrap();
    session.set("k", b"not the store's").await.unwrap();
    behaves(&open(stores([("a", Backend::Redis(server.url())), ("b", Backend::Redis(server.url()))]))).await;
    assert_eq!(session.get("kv:b:other").await.unwrap().unwrap(), b"v");
    assert_eq!(session.get("k").await.unwrap().unwrap(), b"not the store's");
}

#[tokio::test]
async fn a_store_in_redis_survives_a_restart_of_the_server() {
    let mut server = RedisServer::start();
    let key_value = open(stores([("a", Backend::Redis(server.url()))]));
    let store = key_value.store("a").unwrap();
    store.set("k", b"v".to_vec()).await.unwrap();
    server.kill();
    assert!(matches!(store.get("k").await, Err(StoreError::Unavailable(_))));
    assert!(key_value.ready().await.unwrap_err().contains("\"a\""));
    server.restart();
    let until = Instant::now() + Duration::from_secs(3);
    while store.set("k", b"v".to_vec()).await.is_err() {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    key_value.ready().await.unwrap();
}

fn commits(key_value: &KeyValue) -> u64 {
    let mut registry = prometheus_client::registry::Registry::default();
    key_value.register_metrics(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let line = text.lines().find(|line| line.starts_with("key_value_commits_total")).unwrap();
    line.split_whitespace().last().unwrap().parse().unwrap()
}

#[tokio::test]
async fn concurrent_writes_share_commits_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let key_value = open(stores([("a", embedded(folder.path()))]));
    let mut writes = tokio::task::JoinSet::new();
    for n in 0..200 {
        let store = key_value.store("a").unwrap();
        writes.spawn(async move { store.set(&format!("{n}"), vec![1; 100]).await.unwrap() });
    }
    writes.join_all().await;
    assert_eq!(key_value.store("a").unwrap().keys().await.unwrap().len(), 200);
    assert!(commits(&key_value) <= 20, "{} commits for 200 writes", commits(&key_value));
}

#[tokio::test]
async fn a_full_store_refuses_to_grow_but_shrinks_and_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { store_bytes_max: 2_000, ..stores([("a", embedded(folder.path()))]) };
    let key_value = open(settings);
    let store = key_value.store("a").unwrap();
    store.set("1", vec![0; 999]).await.unwrap();
    store.set("2", vec![0; 999]).await.unwrap();
    assert_eq!(store.set("3", Vec::new()).await, Err(StoreError::Full(2_000)));
    store.set("2", vec![1; 999]).await.unwrap();
    store.delete("1").await.unwrap();
    store.delete("1").await.unwrap();
    store.set("3", vec![0; 999]).await.unwrap();
    assert_eq!(store.set("4", Vec::new()).await, Err(StoreError::Full(2_000)));
}

#[tokio::test]
async fn a_write_that_is_given_up_leaves_the_store_usable() {
    let folder = tempfile::tempdir().unwrap();
    let key_value = open(stores([("a", embedded(folder.path()))]));
    let store = key_value.store("a").unwrap();
    for n in 0..50 {
        let key = format!("{n}");
        let given_up = store.set(&key, b"v".to_vec());
        tokio::select! { biased; _ = given_up => {}, () = std::future::ready(()) => {} }
    }
    store.set("last", b"v".to_vec()).await.unwrap();
    assert!(store.exists("last").await.unwrap());
}

#[tokio::test]
async fn an_instance_opens_what_it_is_granted_and_no_more_than_its_bound() {
    let folder = tempfile::tempdir().unwrap();
    let settings = stores([("a", embedded(folder.path())), ("b", embedded(folder.path()))]);
    let key_value = open(Settings { open_per_instance_max: 2, ..settings });
    assert_eq!(key_value.labels().collect::<Vec<_>>(), ["a", "b"]);
    let mut instance = key_value.instance(Arc::new(BTreeSet::from(["a".to_owned(), "missing".to_owned()])));
    assert!(instance.open("a").is_ok());
    assert_eq!(instance.open("b").err(), Some(StoreError::AccessDenied));
    assert_eq!(instance.open("nowhere").err(), Some(StoreError::AccessDenied));
    assert_eq!(instance.open("missing").err(), Some(StoreError::NoSuchStore));
    assert!(instance.open("a").is_ok());
    assert_eq!(instance.open("a").err(), Some(StoreError::TableFull));
}

#[tokio::test]
async fn an_injected_fault_is_an_outage_until_the_switch_is_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let key_value = open(stores([("a", embedded(folder.path()))]));
    let store = key_value.store("a").unwrap();
    key_value.faults().set(host_faults::Fault::Unavailable);
    assert!(matches!(store.get("k").await, Err(StoreError::Unavailable(_))));
    assert!(key_value.ready().await.is_err());
    key_value.faults().set(host_faults::Fault::None);
    assert_eq!(store.get("k").await, Ok(None));
}

//! Instances: reused, shared by concurrent requests, or one per request, as the host's settings say.

use std::collections::BTreeSet;

use futures::future::join_all;
use moalog::Reuse;
use serde_json::Value;
use tests_capabilities::{Bed, bed, run};

#[test]
fn an_instance_serves_many_requests_and_then_makes_room() {
    run(async {
        let bed = bed().await;
        let mut names = BTreeSet::new();
        let mut last = 0;
        for _ in 0..200 {
            let answer = bed.get_json("/echo/instance").await;
            names.insert(answer["instance"].as_str().unwrap().to_owned());
            last = last.max(answer["request"].as_u64().unwrap());
        }
        assert!(last > 1, "no instance was used twice");
        assert!(last <= 128, "an instance served {last} requests");
        assert!(names.len() >= 2, "one instance served all 200");
    });
}

#[test]
fn concurrent_requests_share_an_instance_up_to_the_bound() {
    run(async {
        let bed = bed().await;
        let answers = join_all((0..32).map(|_| bed.get_json("/echo/wait?ms=300"))).await;
        let mut shared = std::collections::BTreeMap::<&str, usize>::new();
        for answer in &answers {
            *shared.entry(answer["instance"].as_str().unwrap()).or_default() += 1;
        }
        assert!(shared.len() >= 2, "32 at once need more than one instance");
        assert!(shared.values().any(|requests| *requests > 1), "no instance was shared: {shared:?}");
        assert!(shared.values().all(|requests| *requests <= 16), "more than 16 at once in one: {shared:?}");
    });
}

#[test]
fn isolated_instances_remember_nothing() {
    run(async {
        let bed = Bed::start(|start| start.engine.reuse = Reuse::Isolated).await.unwrap();
        for word in ["first", "second", "third"] {
            let answer = bed.get_json(&format!("/echo/remember?word={word}")).await;
            assert_eq!(answer["before"], Value::Null);
        }
        bed.running.stop().await;
    });
}

#[test]
fn a_serial_instance_serves_one_request_at_a_time() {
    run(async {
        let bed = Bed::start(|start| start.engine.reuse = Reuse::Serial { requests_max: 4 }).await.unwrap();
        let answers = join_all((0..6).map(|_| bed.get_json("/echo/wait?ms=200"))).await;
        let names: BTreeSet<_> = answers.iter().map(|answer| answer["instance"].to_string()).collect();
        assert_eq!(names.len(), 6, "two at once shared an instance");
        for _ in 0..20 {
            assert!(bed.get_json("/echo/instance").await["request"].as_u64().unwrap() <= 4);
        }
        bed.running.stop().await;
    });
}

/// A host with room for few instances, each of which serves one request at a time.
async fn cramped(instances_max: u32) -> Bed {
    let bed = Bed::start(|start| {
        start.engine.instances_max = instances_max;
        start.engine.reuse = Reuse::Serial { requests_max: 100 };
    });
    bed.await.unwrap()
}

#[test]
fn instances_at_rest_make_room_for_another_component() {
    run(async {
        let bed = cramped(6).await;
        let many = join_all((0..6).map(|_| bed.get_json("/echo/wait?ms=200"))).await;
        let names: BTreeSet<_> = many.iter().map(|answer| answer["instance"].to_string()).collect();
        assert_eq!(names.len(), 6, "all places are taken");
        for _ in 0..3 {
            assert_eq!(bed.get("/misbehaving/fine").await.status(), 200);
            assert_eq!(bed.get("/echo/info").await.status(), 200);
        }
        bed.running.stop().await;
    });
}

#[test]
fn without_an_instance_at_rest_a_request_waits_a_little_and_is_then_refused() {
    run(async {
        let bed = cramped(4).await;
        let wait = async |ms: u32| bed.get_json(&format!("/echo/wait?ms={ms}")).await;
        let busy = |ms: u32| join_all([wait(ms), wait(ms), wait(ms), wait(ms)]);
        let late = async || {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            bed.get("/misbehaving/fine").await
        };
        let (_, answer) = futures::join!(busy(400), late());
        assert_eq!(answer.status(), 200, "a place was free in time");
        let (_, answer) = futures::join!(busy(3_000), late());
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        assert_eq!(bed.get("/misbehaving/fine").await.status(), 200, "it goes on afterwards");
        bed.running.stop().await;
    });
}

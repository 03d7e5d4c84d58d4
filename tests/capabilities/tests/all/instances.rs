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

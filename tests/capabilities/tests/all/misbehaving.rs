//! Components that loop, eat memory, trap, never answer or flood: one bad answer each, and neighbours that notice nothing.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use serde_json::Value;
use tests_capabilities::{Bed, run};

const REQUEST_MS_MAX: u64 = 1_500;
const CPU_MS_MAX: u64 = 400;

async fn strict() -> Bed {
    Bed::start(|start| {
        start.engine.request_ms_max = REQUEST_MS_MAX;
        start.engine.cpu_ms_max = CPU_MS_MAX;
        start.engine.memory_bytes_max = 32 << 20;
    })
    .await
    .unwrap()
}

/// Calls `path` while a neighbour is served; every answer of the neighbour must be right and in time, and one of them
/// must come after the call began.
async fn beside_a_neighbour(bed: &Bed, path: &str) -> reqwest::Response {
    let (done, served, before) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let neighbour = async {
        while !done.load(Ordering::SeqCst) || served.load(Ordering::SeqCst) == before.load(Ordering::SeqCst) {
            let began = Instant::now();
            let answer = bed.get("/echo/info").await;
            assert_eq!(answer.status(), 200, "{path} disturbed its neighbour");
            assert!(began.elapsed() < Duration::from_millis(1_000), "{path} held its neighbour up");
            served.fetch_add(1, Ordering::SeqCst);
        }
    };
    let culprit = async {
        while served.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        before.store(served.load(Ordering::SeqCst), Ordering::SeqCst);
        let answer = bed.get(path).await;
        done.store(true, Ordering::SeqCst);
        answer
    };
    let (answer, ()) = futures::join!(culprit, neighbour);
    assert_eq!(bed.get("/misbehaving/fine").await.status(), 200, "the next request after {path}");
    answer
}

async fn ends_with(bed: &Bed, path: &str, status: u16) {
    let answer = beside_a_neighbour(bed, path).await;
    assert_eq!(answer.status(), status, "{path}");
    let request_id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let envelope: Value = answer.json().await.unwrap();
    assert_eq!(envelope["isSuccess"], false, "{path}: {envelope}");
    assert!(envelope.to_string().contains(&request_id), "{path}: no request id in {envelope}");
}

#[test]
fn traps_and_panics_are_one_500_each() {
    run(async {
        let bed = strict().await;
        for path in ["trap", "panic", "overflow", "exit"] {
            ends_with(&bed, &format!("/misbehaving/{path}"), 500).await;
        }
        bed.running.stop().await;
    });
}

#[test]
fn a_memory_bomb_is_a_500() {
    run(async {
        let bed = strict().await;
        ends_with(&bed, "/misbehaving/memory", 500).await;
        assert_eq!(
            bed.get("/misbehaving/memory?mib=8").await.status(),
            200,
            "what is within the bound is granted"
        );
        bed.running.stop().await;
    });
}

#[test]
fn an_endless_loop_is_stopped_when_its_cpu_time_is_spent() {
    run(async {
        let bed = strict().await;
        let began = Instant::now();
        ends_with(&bed, "/misbehaving/loop", 504).await;
        assert!(began.elapsed() < Duration::from_millis(REQUEST_MS_MAX + 1_000), "{:?}", began.elapsed());
        bed.running.stop().await;
    });
}

#[test]
fn who_never_answers_is_a_504_in_time() {
    run(async {
        let bed = strict().await;
        let began = Instant::now();
        ends_with(&bed, "/misbehaving/sleep", 504).await;
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(REQUEST_MS_MAX), "{took:?}");
        assert!(took < Duration::from_millis(REQUEST_MS_MAX + 1_500), "{took:?}");
        // Who waits for nothing at all can never go on: the engine sees it at once.
        ends_with(&bed, "/misbehaving/never", 500).await;
        bed.running.stop().await;
    });
}

#[test]
fn a_huge_answer_streams_through_and_may_be_left() {
    run(async {
        let bed = strict().await;
        let whole = bed.get("/misbehaving/huge?mib=100").await.bytes().await.unwrap();
        assert_eq!(whole.len(), 100 << 20);
        for _ in 0..5 {
            let mut left = bed.get("/misbehaving/huge?mib=100000").await.bytes_stream();
            assert!(left.next().await.unwrap().is_ok());
        }
        assert_eq!(bed.get("/misbehaving/fine").await.status(), 200);
        bed.running.stop().await;
    });
}

#[test]
fn a_slow_answer_arrives_piece_by_piece() {
    run(async {
        let bed = strict().await;
        let began = Instant::now();
        let mut pieces = bed.get("/misbehaving/drip?pieces=5&ms=200").await.bytes_stream();
        let first = pieces.next().await.unwrap().unwrap();
        assert_eq!(first, "drip 0\n");
        assert!(began.elapsed() < Duration::from_millis(900), "the first piece waited for the others");
        let rest: Vec<_> = pieces.map(Result::unwrap).collect().await;
        assert_eq!(rest.concat(), b"drip 1\ndrip 2\ndrip 3\ndrip 4\n");
        bed.running.stop().await;
    });
}

#[test]
fn an_answer_that_breaks_off_is_seen_to_break_off() {
    run(async {
        let bed = strict().await;
        let answer = beside_a_neighbour(&bed, "/misbehaving/trap-midway").await;
        assert_eq!(answer.status(), 200);
        assert!(answer.bytes().await.is_err(), "trap-midway looked complete");
        // So short an answer may break off before its head is out.
        let whole = match bed.client.get(bed.url("/misbehaving/short")).send().await {
            Ok(answer) => answer.bytes().await.is_ok(),
            Err(_) => false,
        };
        assert!(!whole, "short looked complete");
        bed.running.stop().await;
    });
}

#[test]
fn headers_beyond_any_bound_never_reach_the_client() {
    run(async {
        let bed = strict().await;
        let answer = beside_a_neighbour(&bed, "/misbehaving/headers?count=5000&bytes=1000").await;
        assert!(answer.status().is_server_error(), "{}", answer.status());
        bed.running.stop().await;
    });
}

#[test]
fn a_flood_of_log_lines_does_not_hold_requests_up() {
    run(async {
        let bed = strict().await;
        let answer = beside_a_neighbour(&bed, "/misbehaving/log?bytes=100000&lines=50").await;
        assert_eq!(answer.status(), 200);
        bed.running.stop().await;
    });
}

#[test]
fn a_loop_after_the_answer_is_stopped_too() {
    run(async {
        let bed = strict().await;
        let answer = beside_a_neighbour(&bed, "/misbehaving/loop-after-answer").await;
        assert_eq!(answer.text().await.unwrap(), "answered");
        tokio::time::sleep(Duration::from_millis(CPU_MS_MAX * 3)).await;
        assert_eq!(bed.get("/misbehaving/fine").await.status(), 200);
        bed.running.stop().await;
    });
}

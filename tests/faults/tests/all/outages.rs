//! PostgreSQL and Redis killed and frozen under the whole app: a clear answer within a second, and no restart needed.

use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::{Value, json};
use tests_faults::{Host, Launch, Said, Whole, ask, run, token};
use tokio_postgres::NoTls;

const BACK_BOUND: Duration = Duration::from_secs(15);

struct Inside {
    host: Host,
    token: String,
}

impl Inside {
    async fn of(whole: &Whole) -> Self {
        let host = whole.host().await.unwrap();
        let token = token(&host.at(""), "inside").await;
        let inside = Inside { host, token };
        assert_eq!(inside.me().await.status, 200);
        inside
    }

    async fn me(&self) -> Said {
        ask(Method::GET, &self.host.at("/api/v1/members/me"), Some(&self.token), None).await
    }

    async fn rename(&self, nickname: &str) -> Said {
        let body = json!({ "nickname": nickname });
        ask(Method::PATCH, &self.host.at("/api/v1/members/me"), Some(&self.token), Some(&body)).await
    }

    /// Asks until it is served again; nothing else than "away" may be said meanwhile.
    async fn until_back(&self) {
        let began = Instant::now();
        loop {
            let said = self.me().await;
            // Throwaway data is not synced: a sign-in may be gone with the crash, and the app says so.
            if matches!(said.status, 200 | 401) {
                return;
            }
            said.is_away();
            assert!(began.elapsed() < BACK_BOUND, "not back: {said:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn connected(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[test]
fn a_killed_database_is_told_at_once_and_back_by_itself() {
    run(async {
        let whole = Whole::start().await.unwrap();
        let inside = Inside::of(&whole).await;
        whole.stack.kill_database().await.unwrap();
        let began = Instant::now();
        // The server's processes are gone a moment after their parent.
        while inside.me().await.status == 200 {
            assert!(began.elapsed() < Duration::from_secs(2));
        }
        for _ in 0..5 {
            inside.me().await.is_away();
            inside.rename("nobody").await.is_away();
        }
        let page = reqwest::get(inside.host.at("/")).await.unwrap();
        assert_eq!(page.status(), 200, "what needs no database is served");
        let (status, dependencies) = inside.host.ready().await.unwrap();
        assert_eq!(status, 503);
        assert!(dependencies["postgres"].as_str().unwrap().contains("127.0.0.1"), "{dependencies}");
        assert_eq!(inside.host.probe("/livez").await.unwrap().0, 200, "a restart would not help");
        whole.stack.restart_database().await.unwrap();
        inside.until_back().await;
        inside.host.until_ready_is(200, BACK_BOUND).await;
        let told = inside.host.log().matches("database cannot be reached").count();
        assert_eq!(told, 1, "an outage is told once\n{}", inside.host.log());
    });
}

#[test]
fn a_frozen_database_is_told_within_a_second_and_back_by_itself() {
    run(async {
        let whole = Whole::start().await.unwrap();
        let inside = Inside::of(&whole).await;
        whole.stack.pause_database().await.unwrap();
        let at_once: Vec<Said> = futures::future::join_all((0..12).map(|_| inside.me())).await;
        at_once.iter().for_each(Said::is_away);
        for _ in 0..5 {
            inside.me().await.is_away();
            inside.rename("nobody").await.is_away();
        }
        assert_eq!(inside.host.ready().await.unwrap().0, 503);
        whole.stack.resume_database().await.unwrap();
        inside.until_back().await;
        inside.host.until_ready_is(200, BACK_BOUND).await;
    });
}

#[test]
fn a_statement_that_takes_its_time_is_not_taken_for_an_outage() {
    run(async {
        let whole = Whole::start().await.unwrap();
        let inside = Inside::of(&whole).await;
        let mut owner = connected(&whole.database.owner_url).await;
        let held = owner.transaction().await.unwrap();
        held.execute("SELECT FROM retro.member FOR UPDATE", &[]).await.unwrap();
        let release = async {
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            held.rollback().await.unwrap();
        };
        let (said, ()) = tokio::join!(inside.rename("patient"), release);
        assert_eq!(said.status, 200, "{said:?}");
        assert!(said.after > Duration::from_millis(2_000), "{said:?}");
    });
}

#[test]
fn a_connection_killed_inside_a_statement_leaves_nothing_behind() {
    run(async {
        let whole = Whole::start().await.unwrap();
        let inside = Inside::of(&whole).await;
        let mut owner = connected(&whole.database.owner_url).await;
        // Only the app's own role may see what its sessions wait for.
        let other = connected(&whole.database.database_url).await;
        let held = owner.transaction().await.unwrap();
        held.execute("SELECT FROM retro.member FOR UPDATE", &[]).await.unwrap();
        let kill = async {
            let waiting = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                           WHERE usename = 'moalog_app' AND wait_event_type = 'Lock'";
            while other.query(waiting, &[]).await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Instant::now()
        };
        // Without a key a write is never sent twice: the client hears that its outcome is not known.
        let (said, killed) = tokio::join!(inside.rename("halfway"), kill);
        assert_eq!((said.status, said.body["code"].as_str()), (503, Some("COMMON503")), "{said:?}");
        assert!(killed.elapsed() < Duration::from_secs(1));
        held.rollback().await.unwrap();
        let me = inside.me().await;
        assert_eq!(me.status, 200, "{me:?}");
        assert_ne!(me.body["result"]["nickname"], "halfway");
        assert_eq!(inside.rename("afterwards").await.status, 200);
        let open = "SELECT count(*) FROM pg_stat_activity \
                    WHERE usename = 'moalog_app' AND pid <> pg_backend_pid() AND state LIKE 'idle in%'";
        assert_eq!(other.query_one(open, &[]).await.unwrap().get::<_, i64>(0), 0);
    });
}

#[test]
fn redis_may_vanish_under_the_app_and_comes_back_by_itself() {
    run(async {
        let whole = Whole::start().await.unwrap();
        let inside = Inside::of(&whole).await;
        inside.host.until_ready_is(200, BACK_BOUND).await;
        for frozen in [false, true] {
            if frozen {
                whole.stack.pause_redis().await.unwrap();
            } else {
                whole.stack.kill_redis().await.unwrap();
            }
            let dependencies = inside.host.until_ready_is(503, BACK_BOUND).await;
            assert_eq!(dependencies["postgres"], "ready", "{dependencies}");
            assert_ne!(dependencies["key-value"], "ready", "{dependencies}");
            assert_eq!(inside.me().await.status, 200, "the app keeps in Redis only what may vanish");
            if frozen {
                whole.stack.resume_redis().await.unwrap();
            } else {
                whole.stack.restart_redis().await.unwrap();
            }
            inside.host.until_ready_is(200, BACK_BOUND).await;
        }
    });
}

async fn increment(host: &Host) -> (Value, Duration) {
    let began = Instant::now();
    let order = json!({ "steps": [{ "op": "incr", "key": "faults" }] });
    let said = ask(Method::POST, &host.at("/redis/run"), None, Some(&order)).await;
    (said.body, began.elapsed())
}

#[test]
fn a_component_is_told_within_a_second_that_redis_is_away() {
    run(async {
        let whole = Whole::start().await.unwrap();
        let host = components(&whole).start().await.unwrap();
        assert_eq!(increment(&host).await.0["ok"][0]["ok"], 1);
        for frozen in [false, true] {
            if frozen {
                whole.stack.pause_redis().await.unwrap();
            } else {
                whole.stack.kill_redis().await.unwrap();
            }
            for _ in 0..4 {
                let (said, after) = increment(&host).await;
                assert!(said.to_string().contains("\"err\""), "{said}");
                assert!(after <= Duration::from_millis(1_000), "{after:?}");
            }
            if frozen {
                whole.stack.resume_redis().await.unwrap();
            } else {
                whole.stack.restart_redis().await.unwrap();
            }
            let began = Instant::now();
            while increment(&host).await.0["ok"][0]["ok"].is_null() {
                assert!(began.elapsed() < BACK_BOUND);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    });
}

fn components(whole: &Whole) -> Launch {
    let origin = |address: &str, scheme: &str| {
        let authority = address.rsplit('@').next().unwrap().split(['/', '?']).next().unwrap().to_owned();
        format!("{scheme}://{authority}")
    };
    let redis = whole.stack.redis_url();
    Launch::components()
        .variable("database_url", &whole.database.database_url)
        .variable("database_origin", origin(&whole.database.database_url, "postgres"))
        .variable("redis_origin", origin(&redis, "redis"))
        .variable("redis_url", redis)
}

#[test]
fn a_full_pool_is_a_typed_error_within_a_second_and_free_again_after() {
    run(async {
        let whole = Whole::start().await.unwrap();
        let host = components(&whole).start().await.unwrap();
        let begin = |seconds: f64| {
            let sleep = format!("SELECT pg_sleep({seconds})");
            json!({ "steps": [{ "execute": "BEGIN" }, { "query": sleep }, { "execute": "ROLLBACK" }] })
        };
        let url = host.at("/postgres/run");
        let long = begin(4.0);
        let users = futures::future::join_all((0..16).map(|_| ask(Method::POST, &url, None, Some(&long))));
        let late = async {
            host.until_metric_is("moalog_postgres_dedicated_used", 16, Duration::from_secs(4)).await;
            let one = json!({ "steps": [{ "execute": "BEGIN" }] });
            ask(Method::POST, &url, None, Some(&one)).await
        };
        let (users, late) = tokio::join!(users, late);
        assert!(late.after <= Duration::from_millis(1_000), "{late:?}");
        let error = &late.body["ok"][0]["err"];
        assert_eq!(error["kind"], "connection-failed", "{late:?}");
        assert!(error["text"].as_str().unwrap().starts_with("busy"), "{late:?}");
        assert!(users.iter().all(|said| said.body["ok"][2].get("ok").is_some()), "{users:?}");
        let after = ask(Method::POST, &url, None, Some(&begin(0.0))).await;
        assert!(after.body["ok"][2].get("ok").is_some(), "{after:?}");
    });
}

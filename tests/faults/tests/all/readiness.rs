//! `/readyz` says yes only when the servers that the app is configured with answer, whether or not anybody asked yet.

use std::time::{Duration, Instant};

use hyper::Method;
use tests_faults::{Launch, Whole, ask, run};

const BOUND: Duration = Duration::from_secs(15);

fn origin(address: &str) -> String {
    let authority = address.rsplit('@').next().unwrap().split(['/', '?']).next().unwrap().to_owned();
    format!("{}://{authority}", address.split(':').next().unwrap())
}

#[test]
fn servers_that_are_away_at_the_start_are_named_until_they_are_there() {
    run(async {
        let whole = Whole::start().await.unwrap();
        whole.stack.kill_database().await.unwrap();
        whole.stack.kill_redis().await.unwrap();
        let (database, redis) = (whole.database.database_url.clone(), whole.stack.redis_url());
        let host = Launch::components()
            .variable("database_origin", origin(&database))
            .variable("database_url", &database)
            .variable("redis_origin", origin(&redis))
            .variable("redis_url", &redis)
            .start()
            .await
            .unwrap();
        let (status, dependencies) = host.ready().await.unwrap();
        assert_eq!(status, 503, "{dependencies}");
        let place = origin(&database).replace("postgres://", "");
        assert!(dependencies["postgres"].as_str().unwrap().contains(&place), "{dependencies}");
        assert!(dependencies["redis"].as_str().unwrap().contains(&origin(&redis)), "{dependencies}");
        let secret = database.split(':').nth(2).unwrap().split('@').next().unwrap();
        assert!(!dependencies.to_string().contains(secret), "a password in {dependencies}");
        whole.stack.restart_database().await.unwrap();
        whole.stack.restart_redis().await.unwrap();
        host.until_ready_is(200, BOUND).await;
        let order = serde_json::json!({ "steps": [{ "query": "SELECT 1" }] });
        let said = ask(Method::POST, &host.at("/postgres/run"), None, Some(&order)).await;
        assert!(said.body["ok"][0].get("ok").is_some(), "{said:?}");
    });
}

#[test]
fn an_address_that_a_component_may_not_reach_is_no_dependency() {
    run(async {
        let host = Launch::components()
            .variable("database_url", "postgres://app:secret@127.0.0.1:1/none")
            .variable("redis_url", "redis://127.0.0.1:1")
            .start()
            .await
            .unwrap();
        // The origins, and with them the grants, are the defaults: other ports.
        let (status, dependencies) = host.ready().await.unwrap();
        assert_eq!(status, 200, "{dependencies}");
    });
}

#[test]
fn probes_answer_while_the_app_is_being_loaded() {
    run(async {
        let mut seen = false;
        let host = Launch::components().spawn().unwrap();
        let began = Instant::now();
        while tokio::net::TcpStream::connect(host.address()).await.is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "{}", host.log());
            if let Ok((status, text)) = host.probe("/readyz").await {
                let loading = status == 503 && text.contains("starting");
                seen |= loading && host.probe("/livez").await.is_ok_and(|(status, _)| status == 200);
            }
        }
        assert!(seen, "the probes answered only after the app");
    });
}

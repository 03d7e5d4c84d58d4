//! What people write and what proves who they are is in no log line, no metric and no span, however much is logged.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tests_faults::{Collector, Host, Whole, run};

/// In every text that a person of this test writes.
const PLANTED: &str = "planted7words";

/// A browser that remembers everything that it was given.
struct Browser {
    client: reqwest::Client,
    origin: String,
    secrets: Vec<String>,
}

impl Browser {
    fn new(host: &Host) -> Self {
        let client =
            reqwest::Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none());
        Browser { client: client.build().unwrap(), origin: host.at(""), secrets: Vec::new() }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> (u16, Value, String) {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        for cookie in answer.headers().get_all("set-cookie") {
            let value =
                cookie.to_str().unwrap().split(';').next().unwrap().split('=').nth(1).unwrap_or_default();
            self.note(value);
        }
        let location =
            answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        let body: Value = answer.json().await.unwrap_or_default();
        for name in ["accessToken", "refreshToken", "signupToken", "inviteCode"] {
            self.note(body["result"][name].as_str().unwrap_or_default());
        }
        (status, body, location)
    }

    fn note(&mut self, secret: &str) {
        if secret.len() >= 8 {
            self.secrets.push(secret.to_owned());
        }
    }

    async fn ask(&mut self, method: Method, path: &str, body: Value) -> Value {
        let mut request = self.client.request(method, format!("{}{path}", self.origin));
        if !body.is_null() {
            request = request.json(&body);
        }
        self.send(request).await.1
    }

    /// Through the sandbox's provider and back.
    async fn sign_up(&mut self, person: &str, nickname: &str) {
        let begin = self.client.get(format!("{}/api/v1/auth/google/login?returnTo=/rooms", self.origin));
        let (status, _, there) = self.send(begin).await;
        assert_eq!(status, 302);
        let provider =
            self.client.post(&there).header("accept", "application/json").form(&[("person", person)]);
        let back = self.send(provider).await.1["redirectTo"].as_str().unwrap().to_owned();
        for part in back.split(['?', '&']).filter_map(|pair| pair.split_once('=')) {
            if matches!(part.0, "code" | "state") {
                self.note(part.1);
            }
        }
        let (status, said, _) = self.send(self.client.get(&back)).await;
        assert_eq!(status, 302, "{said}");
        let said = self.ask(Method::POST, "/api/v1/auth/signup", json!({ "nickname": nickname })).await;
        assert_eq!(said["isSuccess"], true, "{said}");
    }
}

fn in_a_week() -> String {
    (Utc::now() + TimeDelta::days(7)).format("%Y-%m-%d").to_string()
}

async fn retrospect(owner: &mut Browser) {
    let room = owner.ask(Method::POST, "/api/v1/retro-rooms", json!({ "title": PLANTED })).await;
    let room = room["result"]["retroRoomId"].clone();
    let plan = json!({
        "retroRoomId": room, "projectName": PLANTED, "retrospectDate": in_a_week(), "retrospectTime": "15:00",
        "retrospectMethod": "KPT", "referenceUrls": [format!("https://example.org/{PLANTED}")],
    });
    let made = owner.ask(Method::POST, "/api/v1/retrospects", plan).await;
    let id = made["result"]["retrospectId"].as_i64().unwrap_or_else(|| panic!("{made}"));
    let at = |rest: &str| format!("/api/v1/retrospects/{id}/{rest}");
    owner.ask(Method::POST, &at("participants"), json!({})).await;
    let draft = json!({ "drafts": [{ "questionNumber": 1, "content": PLANTED }], "version": 0 });
    let said = owner.ask(Method::PUT, &at("drafts"), draft.clone()).await;
    assert_eq!(said["isSuccess"], true, "{said}");
    // Refused with both texts in the answer.
    owner.ask(Method::PUT, &at("drafts"), draft).await;
    let answers: Vec<Value> = (1..=5)
        .map(|number| json!({ "questionNumber": number, "content": format!("{PLANTED} {number}") }))
        .collect();
    let said = owner.ask(Method::POST, &at("submit"), json!({ "answers": answers })).await;
    assert_eq!(said["isSuccess"], true, "{said}");
    owner.ask(Method::GET, &at("responses?category=ALL"), Value::Null).await;
}

/// Requests that end badly tell more than those that end well.
async fn mishaps(browser: &mut Browser, whole: &Whole) {
    for body in
        [format!("{{\"title\": \"{PLANTED}"), format!("[\"{PLANTED}\"]"), format!("{{\"{PLANTED}\": 1}}")]
    {
        let request = browser.client.post(format!("{}/api/v1/retro-rooms", browser.origin));
        browser.send(request.header("content-type", "application/json").body(body)).await;
    }
    let forged = browser.client.get(format!("{}/api/v1/members/me", browser.origin));
    browser.send(forged.bearer_auth(format!("{PLANTED}.{PLANTED}.{PLANTED}"))).await;
    browser.ask(Method::POST, "/api/v1/auth/token/refresh", json!({ "refreshToken": PLANTED })).await;
    browser.ask(Method::GET, &format!("/api/v1/nowhere/{PLANTED}?token={PLANTED}"), Value::Null).await;
    whole.stack.kill_database().await.unwrap();
    browser.ask(Method::POST, "/api/v1/retro-rooms", json!({ "title": PLANTED })).await;
    whole.stack.restart_database().await.unwrap();
}

#[test]
fn words_tokens_and_secrets_are_in_no_log_no_metric_and_no_span() {
    run(async {
        let whole = Whole::start().await.unwrap();
        let collector = Collector::start().await;
        let address = tests_faults::free_address();
        let launch = whole.launch(&format!("http://{address}")).on(address);
        let host = launch
            .flag("--otlp-endpoint", collector.url())
            .environment("RUST_LOG", "trace,tokio_postgres=trace,hyper=trace,h2=trace")
            .start()
            .await
            .unwrap();
        let mut owner = Browser::new(&host);
        owner.sign_up(&format!("{PLANTED}@sandbox.test"), PLANTED).await;
        retrospect(&mut owner).await;
        owner.ask(Method::POST, "/api/v1/auth/token/refresh", json!({})).await;
        mishaps(&mut owner, &whole).await;
        assert!(owner.secrets.len() >= 6, "tokens, cookies, codes: {:?}", owner.secrets.len());

        let password = |url: &str| url.split(':').nth(2).unwrap().split('@').next().unwrap().to_owned();
        let mut secrets =
            vec![PLANTED.to_owned(), "planted-signing-key".to_owned(), "sandbox-client-secret".to_owned()];
        secrets.extend([&whole.database.database_url, &whole.database.owner_url].map(|url| password(url)));
        secrets.push(password(&whole.stack.redis_url()));
        secrets.append(&mut owner.secrets);
        let began = Instant::now();
        while collector.requests().is_empty() {
            assert!(began.elapsed() < Duration::from_secs(15), "no span is exported");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let spans: Vec<u8> = collector.requests().iter().flat_map(|(_, body)| body.to_vec()).collect();
        let places = [
            ("the log", host.log()),
            ("the terminal", host.told()),
            ("the metrics", host.probe("/metrics").await.unwrap().1),
            ("readiness", host.probe("/readyz").await.unwrap().1),
            ("the spans", String::from_utf8_lossy(&spans).into_owned()),
        ];
        let requests = places[0].1.matches("\"target\":\"request\"").count();
        assert!(requests >= 15, "the log holds {requests} requests: {}", places[0].1);
        for (place, text) in places {
            for secret in &secrets {
                let found = text.lines().find(|line| line.contains(secret.as_str()));
                assert!(found.is_none(), "{secret:?} in {place}: {found:?}");
            }
        }
    });
}

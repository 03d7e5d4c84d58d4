//! Signing in, up, out and away.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests_journeys::{go_to_provider, unique};
use tests_support::{Answer, App, Person, app, run};

const TOKENS: &str = "application/vnd.moalog.tokens+json";

fn location(answer: &Answer) -> &str {
    answer.headers["location"].to_str().unwrap()
}

/// Signs somebody new in for development, tokens in hand, no cookies used.
async fn tokens(app: &App, email: &str) -> (String, String) {
    let result = app.stranger().post("/api/v1/auth/dev-login", &json!({ "email": email })).await.ok();
    (result["accessToken"].as_str().unwrap().into(), result["refreshToken"].as_str().unwrap().into())
}

async fn with_bearer(app: &App, method: Method, path: &str, token: &str) -> Answer {
    let person = app.stranger();
    let request = person.request(method, path).header("authorization", format!("Bearer {token}"));
    person.send(request).await
}

async fn refresh(app: &App, token: &str) -> Answer {
    let person = app.stranger();
    let request = person.request(Method::POST, "/api/v1/auth/token/refresh").header("accept", TOKENS);
    person.send(request.json(&json!({ "refreshToken": token }))).await
}

async fn signs_up_and_is_known(provider: &str) {
    let app = app().await;
    let person = format!("{}@sandbox.test", unique("p"));
    let browser = app.stranger();
    let back = go_to_provider(&browser, provider, &person).await.go(&browser).await;
    assert_eq!((back.status, location(&back)), (302, "/rooms?tab=all&signIn=signup"));
    browser.get("/api/v1/members/me").await.refused(401, "AUTH4001");
    let nickname = unique("새");
    let result = browser.post("/api/v1/auth/signup", &json!({ "nickname": nickname })).await.ok();
    assert_eq!(result, json!({ "isNewMember": false }), "no token is shown to scripts");
    let me = browser.get("/api/v1/members/me").await.ok();
    assert_eq!((&me["nickname"], &me["email"]), (&json!(nickname), &json!(person)));
    assert_eq!(me["providers"], json!([provider.to_uppercase()]));

    let other_browser = app.stranger();
    let back = go_to_provider(&other_browser, provider, &person).await.go(&other_browser).await;
    assert_eq!(location(&back), "/rooms?tab=all&signIn=done");
    assert_eq!(other_browser.get("/api/v1/members/me").await.ok()["memberId"], me["memberId"]);
}

#[test]
fn somebody_signs_up_with_google_and_is_known_the_next_time() {
    run(signs_up_and_is_known("google"));
}

#[test]
fn somebody_signs_up_with_kakao_and_is_known_the_next_time() {
    run(signs_up_and_is_known("kakao"));
}

#[test]
fn who_says_no_at_the_provider_comes_back_without_an_account() {
    run(async {
        let browser = app().await.stranger();
        let back = go_to_provider(&browser, "google", "denies@sandbox.test").await.go(&browser).await;
        assert_eq!((back.status, location(&back)), (302, "/rooms?tab=all&signIn=denied"));
    });
}

#[test]
fn an_id_token_that_is_not_right_signs_nobody_in() {
    run(async {
        let app = app().await;
        for person in ["wrong-nonce", "wrong-issuer", "expired", "unsigned"] {
            let browser = app.stranger();
            let back = go_to_provider(&browser, "google", &format!("{person}@sandbox.test")).await;
            back.go(&browser).await.refused(401, "AUTH4002");
            browser.get("/api/v1/members/me").await.refused(401, "AUTH4001");
        }
    });
}

#[test]
fn a_provider_that_is_down_is_said_so_and_retried_later() {
    run(async {
        let browser = app().await.stranger();
        let back = go_to_provider(&browser, "google", "token-down@sandbox.test").await.go(&browser).await;
        assert!(back.headers.contains_key("retry-after"));
        back.refused(503, "COMMON503");
    });
}

#[test]
fn a_sign_in_belongs_to_the_browser_that_began_it_and_works_once() {
    run(async {
        let app = app().await;
        let (mine, victim) = (app.stranger(), app.stranger());
        let back = go_to_provider(&mine, "google", "attacker@sandbox.test").await;
        back.go(&victim).await.refused(401, "AUTH4002");
        let _begun = go_to_provider(&victim, "google", "victim@sandbox.test").await;
        back.go(&victim).await.refused(401, "AUTH4002");
        assert_eq!(back.go(&mine).await.status, 302);
        back.go(&mine).await.refused(401, "AUTH4002");
    });
}

#[test]
fn a_sign_in_never_leads_to_another_site() {
    run(async {
        let browser = app().await.stranger();
        for to in ["//evil.example", "https://evil.example", "/%5Cevil.example"] {
            browser.get(&format!("/api/v1/auth/google/login?returnTo={to}")).await.refused(400, "COMMON400");
        }
        browser.get("/api/v1/auth/naver/login").await.refused(404, "COMMON404");
    });
}

#[test]
fn an_app_brings_its_own_code_and_keeps_its_own_tokens() {
    run(async {
        let app = app().await;
        let person = app.stranger();
        let ask = format!(
            "{}/oauth/kakao/authorize?response_type=code&client_id=moalog-sandbox&redirect_uri=http%3A%2F%2F127.0.0.1%2Fapp&scope=openid&state=s",
            app.sandbox_url
        );
        let asked = person.client.post(&ask).header("accept", "application/json");
        let granted = person.send(asked.form(&[("person", &format!("{}@sandbox.test", unique("a")))])).await;
        let body = json!({ "provider": "KaKaO", "code": granted.body["code"], "redirectUri": "http://127.0.0.1/app" });
        let login =
            || person.request(Method::POST, "/api/v1/auth/social-login").header("accept", TOKENS).json(&body);
        let new = person.send(login()).await;
        assert_eq!(new.body["code"], "AUTH2001");
        assert!(!new.headers.contains_key("set-cookie"));
        let new = new.ok();
        assert_eq!(new["isNewMember"], true);
        let ticket = new["signupToken"].as_str().unwrap().to_owned();
        person.send(login()).await.refused(401, "AUTH4002");

        let sign_up = |nickname: String, key: &'static str| {
            let request = person.request(Method::POST, "/api/v1/auth/signup").header("accept", TOKENS);
            let request = request.header("idempotency-key", key).bearer_auth(&ticket);
            person.send(request.json(&json!({ "nickname": nickname })))
        };
        sign_up("no spaces".into(), "k1").await.refused(400, "COMMON400");
        let nickname = unique("app");
        let made = sign_up(nickname.clone(), "k1").await.ok();
        let me = with_bearer(app, Method::GET, "/api/v1/members/me", made["accessToken"].as_str().unwrap())
            .await
            .ok();
        let again = sign_up(nickname, "k1").await.ok();
        let same =
            with_bearer(app, Method::GET, "/api/v1/members/me", again["accessToken"].as_str().unwrap()).await;
        assert_eq!(same.ok()["memberId"], me["memberId"]);
        sign_up(unique("app"), "k2").await.refused(401, "AUTH4001");
    });
}

#[test]
fn a_social_login_names_every_field_that_is_wrong() {
    run(async {
        let body = json!({ "provider": "naver", "code": "", "redirectUri": "x", "codeVerifier": "short" });
        let answer = app().await.stranger().post("/api/v1/auth/social-login", &body).await;
        let fields: Vec<&Value> =
            answer.body["result"]["fieldErrors"].as_array().unwrap().iter().map(|e| &e["field"]).collect();
        assert_eq!(fields, ["provider", "code", "codeVerifier"]);
        answer.refused(400, "COMMON400");
    });
}

#[test]
fn of_refreshes_at_once_one_wins_and_the_sign_in_lives_on() {
    run(async {
        let app = app().await;
        let (access, first) = tokens(app, &format!("{}@x.test", unique("r"))).await;
        let answers = join_all((0..12).map(|_| refresh(app, &first))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 11));
        lost.into_iter().for_each(|answer| answer.refused(401, "AUTH4004"));
        assert_eq!(with_bearer(app, Method::GET, "/api/v1/members/me", &access).await.status, 200);

        let second = won.into_iter().next().unwrap().ok()["refreshToken"].as_str().unwrap().to_owned();
        let third = refresh(app, &second).await.ok()["refreshToken"].as_str().unwrap().to_owned();
        // The first one is two rotations old: a copy. The whole sign-in ends, access tokens included.
        refresh(app, &first).await.refused(401, "AUTH4004");
        refresh(app, &third).await.refused(401, "AUTH4004");
        with_bearer(app, Method::GET, "/api/v1/members/me", &access).await.refused(401, "AUTH4005");
    });
}

#[test]
fn a_refresh_without_or_with_a_wrong_token_is_told_apart() {
    run(async {
        let app = app().await;
        let (access, token) = tokens(app, &format!("{}@x.test", unique("r"))).await;
        app.stranger()
            .send(app.stranger().request(Method::POST, "/api/v1/auth/token/refresh"))
            .await
            .refused(400, "AUTH4003");
        refresh(app, &access).await.refused(401, "AUTH4004");
        refresh(app, &format!("{token}x")).await.refused(401, "AUTH4004");
        with_bearer(app, Method::GET, "/api/v1/members/me", &token).await.refused(401, "AUTH4001");
    });
}

#[test]
fn a_browser_refreshes_by_cookie() {
    run(async {
        let member = app().await.member().await;
        let request = member.request(Method::POST, "/api/v1/auth/token/refresh");
        assert_eq!(member.send(request).await.ok(), json!({}));
        assert_eq!(member.get("/api/v1/members/me").await.status, 200);
    });
}

#[test]
fn logging_out_ends_this_sign_in_and_logging_out_everywhere_ends_all() {
    run(async {
        let app = app().await;
        let email = format!("{}@x.test", unique("l"));
        let (one, _) = tokens(app, &email).await;
        let (two, refresh_two) = tokens(app, &email).await;
        let (three, _) = tokens(app, &email).await;
        with_bearer(app, Method::POST, "/api/v1/auth/logout", &one).await.ok();
        with_bearer(app, Method::GET, "/api/v1/members/me", &one).await.refused(401, "AUTH4005");
        with_bearer(app, Method::POST, "/api/v1/auth/logout-all", &one).await.refused(401, "AUTH4005");
        with_bearer(app, Method::POST, "/api/v1/auth/logout-all", &two).await.ok();
        with_bearer(app, Method::GET, "/api/v1/members/me", &three).await.refused(401, "AUTH4005");
        refresh(app, &refresh_two).await.refused(401, "AUTH4004");
    });
}

#[test]
fn who_withdraws_is_gone_at_once_and_may_come_back_as_somebody_new() {
    run(async {
        let app = app().await;
        let email = format!("{}@x.test", unique("w"));
        let (access, token) = tokens(app, &email).await;
        let before = with_bearer(app, Method::GET, "/api/v1/members/me", &access).await.ok();
        let gone = with_bearer(app, Method::POST, "/api/v1/members/withdraw", &access).await;
        assert_eq!(gone.headers.get_all("set-cookie").iter().count(), 3);
        assert_eq!(gone.ok(), Value::Null);
        with_bearer(app, Method::GET, "/api/v1/members/me", &access).await.refused(401, "AUTH4005");
        refresh(app, &token).await.refused(401, "AUTH4004");
        let (access, _) = tokens(app, &email).await;
        let after = with_bearer(app, Method::GET, "/api/v1/members/me", &access).await.ok();
        assert_ne!(before["memberId"], after["memberId"]);
        assert_eq!(before["nickname"], after["nickname"], "the name was free again");
    });
}

#[test]
fn a_nickname_is_unique_without_regard_to_case() {
    run(async {
        let app = app().await;
        let (one, two) = (app.member().await, app.member().await);
        let name = unique("Mina");
        let rename = async |who: &Person, name: String| {
            who.patch("/api/v1/members/me", &json!({ "nickname": name })).await
        };
        assert_eq!(rename(&one, name.clone()).await.ok()["nickname"], json!(name));
        rename(&two, name.to_uppercase()).await.refused(409, "MEMBER4092");
        assert_eq!(rename(&one, name.to_uppercase()).await.ok()["nickname"], json!(name.to_uppercase()));
    });
}

#[test]
fn the_old_load_scripts_still_sign_in() {
    run(async {
        let person = app().await.stranger();
        let result =
            person.post("/api/auth/login/email", &json!({ "email": "Load.Test@Example.com" })).await.ok();
        assert!(result["accessToken"].is_string());
        assert_eq!(person.get("/api/v1/members/me").await.ok()["email"], "load.test@example.com");
    });
}

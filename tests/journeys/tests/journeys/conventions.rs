//! What every route keeps: envelope, languages, methods, bodies, origins, repeated writes.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use tests_journeys::unique;
use tests_support::{app, run};

const ME: &str = "/api/v1/members/me";

#[test]
fn a_message_is_korean_unless_english_is_asked_for_and_the_code_never_changes() {
    run(async {
        let person = app().await.stranger();
        for (language, expected) in
            [("", "인증 정보가 유효하지 않습니다."), ("en-US,en;q=0.9", "A valid sign-in is required.")]
        {
            let answer =
                person.send(person.request(Method::GET, ME).header("accept-language", language)).await;
            assert_eq!(answer.body["message"], expected);
            answer.refused(401, "AUTH4001");
        }
    });
}

#[test]
fn a_malformed_header_is_refused_even_beside_a_good_cookie() {
    run(async {
        let member = app().await.member().await;
        assert_eq!(member.get(ME).await.status, 200);
        for header in ["Bearer", "Bearer x", "Basic abc", "garbage"] {
            member
                .send(member.request(Method::GET, ME).header("authorization", header))
                .await
                .refused(401, "AUTH4001");
        }
    });
}

#[test]
fn bodies_are_checked_for_type_size_and_shape() {
    run(async {
        let member = app().await.member().await;
        let send = |content_type: &'static str, body: String| {
            member.send(member.request(Method::PATCH, ME).header("content-type", content_type).body(body))
        };
        send("text/plain", "{}".into()).await.refused(415, "COMMON415");
        send("application/json", format!("{{\"nickname\":\"{}\"}}", "a".repeat(70_000)))
            .await
            .refused(413, "COMMON413");
        for body in [
            "",
            "{",
            "[]",
            "[\"a\"]",
            "null",
            "{\"nickname\":1}",
            "{\"nickname\":\"a\"} x",
            "{\"nickname\":\"a\",\"nickname\":\"b\"}",
        ] {
            send("application/json", body.into()).await.refused(400, "COMMON400");
        }
        let answer = send("application/json; charset=utf-8", "{}".into()).await;
        assert_eq!(answer.body["result"]["fieldErrors"][0]["field"], "nickname");
    });
}

#[test]
fn a_development_sign_in_takes_an_object_with_an_address() {
    run(async {
        let person = app().await.stranger();
        let url = "/api/v1/auth/dev-login";
        person.post(url, &json!({ "email": "a\u{0}@b.c" })).await.refused(400, "COMMON400");
        person.post(url, &json!(["q@x.org"])).await.refused(400, "COMMON400");
        person.get(ME).await.refused(401, "AUTH4001");
    });
}

#[test]
fn methods_are_told_apart() {
    run(async {
        let member = app().await.member().await;
        let wrong = member.delete(ME).await;
        assert_eq!(wrong.headers["allow"], "GET, HEAD, PATCH, OPTIONS");
        wrong.refused(405, "COMMON405");
        let head = member.send(member.request(Method::HEAD, ME)).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""));
        let options = member.send(member.request(Method::OPTIONS, ME)).await;
        assert_eq!(
            (options.status, &options.headers["allow"]),
            (204, &"GET, HEAD, PATCH, OPTIONS".parse().unwrap())
        );
        assert!(!options.headers.contains_key("access-control-allow-origin"));
    });
}

#[test]
fn every_answer_is_marked_and_secured() {
    run(async {
        let person = app().await.stranger();
        let answer = person.send(person.request(Method::GET, ME).header("x-request-id", "my-id_1.2")).await;
        assert_eq!(answer.headers["x-request-id"], "my-id_1.2");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.headers[name], value);
        }
        let long = "a".repeat(65);
        let answer = person.send(person.request(Method::GET, ME).header("x-request-id", &long)).await;
        assert_ne!(answer.headers["x-request-id"], long.as_str());
    });
}

#[test]
fn a_foreign_page_can_neither_write_with_a_cookie_nor_read() {
    run(async {
        let member = app().await.member().await;
        let body = json!({ "nickname": unique("n") });
        let write = |origin: &str| member.request(Method::PATCH, ME).header("origin", origin).json(&body);
        for origin in ["https://evil.example", "null", "http://127.0.0.1"] {
            member.send(write(origin)).await.refused(403, "COMMON403");
        }
        let read =
            member.send(member.request(Method::GET, ME).header("origin", "https://evil.example")).await;
        assert!(!read.headers.contains_key("access-control-allow-origin"));
        let own = app().await.url.clone();
        assert_eq!(member.send(write(&own)).await.status, 200);
    });
}

#[test]
fn a_write_repeated_with_its_key_answers_the_same_bytes_and_happens_once() {
    run(async {
        let member = app().await.member().await;
        let first_name = unique("first");
        let write = |name: &str, key: &str| {
            let request = member.request(Method::PATCH, ME).header("x-idempotency-key", key);
            member.send(request.json(&json!({ "nickname": name })))
        };
        let first = write(&first_name, "key-1").await;
        assert!(!first.headers.contains_key("idempotent-replay"));
        write(&unique("second"), "key-2").await.ok();
        let again = write(&first_name, "key-1").await;
        assert_eq!((again.status, &again.text), (first.status, &first.text));
        assert_eq!(again.headers["idempotent-replay"], "true");
        assert_ne!(
            member.get(ME).await.ok()["nickname"],
            json!(first_name),
            "the repeated one changed nothing"
        );
        write(&unique("third"), "key-1").await.refused(409, "COMMON409");
        write(&first_name, "spaces are no key").await.refused(400, "COMMON400");

        let name = unique("burst");
        let burst = join_all((0..16).map(|_| write(&name, "key-3"))).await;
        let replayed = burst.iter().filter(|answer| answer.headers.contains_key("idempotent-replay")).count();
        assert_eq!(replayed, 15);
        assert!(burst.iter().all(|answer| answer.status == 200 && answer.text == burst[0].text));
    });
}

#[test]
fn an_unknown_address_is_told_in_the_envelope() {
    run(async {
        let stranger = app().await.stranger();
        for path in ["/nothing-here", "/api/v1/nothing-here", "/api/v1/retro-rooms/1/nothing/here"] {
            stranger.get(path).await.refused(404, "COMMON404");
            stranger.post(path, &json!({})).await.refused(404, "COMMON404");
        }
    });
}

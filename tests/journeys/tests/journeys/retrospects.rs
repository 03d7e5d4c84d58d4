//! Retrospects: planning, drafts, handing in and taking back, reading without learning who.

use futures::future::join_all;
use serde_json::{Value, json};
use tests_journeys::{Team, answers, day_ahead, number, submit};
use tests_support::{Person, app, run};

async fn drafts(person: &Person, retrospect: i64, version: Option<i64>, text: &str) -> tests_support::Answer {
    let body = json!({ "drafts": [{ "questionNumber": 1, "content": text }], "version": version });
    person.put(&format!("/api/v1/retrospects/{retrospect}/drafts"), &body).await
}

#[test]
fn a_team_holds_a_retrospect_from_plan_to_answers() {
    run(async {
        let team = Team::of(app().await, 2).await;
        let (mina, joon) = (&team.people[0], &team.people[1]);
        let mut plan = team.plan();
        plan["referenceUrls"] = json!(["https://moalog.example/스프린트"]);
        let made = mina.post("/api/v1/retrospects", &plan).await.ok();
        assert_eq!((&made["retroRoomId"], &made["projectName"]), (&json!(team.room), &plan["projectName"]));
        let retrospect = number(&made["retrospectId"]);
        let path = format!("/api/v1/retrospects/{retrospect}");

        let joined = joon.post(&format!("{path}/participants"), &json!({})).await.ok();
        let me = joon.get("/api/v1/members/me").await.ok();
        assert_eq!((&joined["memberId"], &joined["nickname"]), (&me["memberId"], &me["nickname"]));
        joon.post(&format!("{path}/participants"), &json!({})).await.refused(409, "RETRO4093");
        submit(mina, retrospect, "x").await.refused(403, "RETRO4031");

        let request = joon.request(reqwest::Method::GET, &path).header("accept-language", "en");
        let detail = joon.send(request).await.ok();
        assert_eq!(detail["startTime"], format!("{}T15:00:00+09:00", day_ahead()));
        assert_eq!((&detail["retroCategory"], &detail["own"]["status"]), (&json!("KPT"), &json!("JOINED")));
        assert_eq!(
            detail["questions"][0],
            json!({ "index": 1, "content": "What went well and should be kept?" })
        );
        assert_eq!(detail["questions"].as_array().unwrap().len(), 5);

        let saved = drafts(joon, retrospect, Some(0), "half a thought").await.ok();
        assert_eq!(saved["version"], 1);
        let own = joon.get(&path).await.ok()["own"].clone();
        assert_eq!(own["drafts"], json!([{ "questionNumber": 1, "content": "half a thought" }]));
        assert!(!mina.get(&path).await.text.contains("half a thought"), "a draft is for its author alone");

        let submitted = submit(joon, retrospect, "완료").await.ok();
        assert_eq!(submitted["status"], "SUBMITTED");
        submit(joon, retrospect, "again").await.refused(403, "RETRO4033");
        drafts(joon, retrospect, None, "late").await.refused(403, "RETRO4033");

        let page = mina.get(&format!("{path}/responses?category=QUESTION_2")).await.ok();
        let row = &page["responses"][0];
        assert_eq!((&row["userName"], &row["content"]), (&me["nickname"], &json!("완료 2")));
        assert_eq!((&row["likeCount"], &row["commentCount"]), (&json!(0), &json!(0)));
        assert_eq!(page["responses"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_save_on_an_older_version_is_refused_with_both_texts() {
    run(async {
        let team = Team::of(app().await, 1).await;
        let (me, retrospect) = (&team.people[0], team.retrospect("NAMED").await);
        drafts(me, retrospect, Some(0), "from the phone").await.ok();
        let refused = drafts(me, retrospect, Some(0), "from the laptop").await;
        refused.refused(409, "COMMON409");
        assert_eq!(
            refused.body["result"],
            json!({
                "storedVersion": 1, "storedDrafts": [{ "questionNumber": 1, "content": "from the phone" }],
                "sentVersion": 0, "sentDrafts": [{ "questionNumber": 1, "content": "from the laptop" }],
            })
        );
        assert_eq!(drafts(me, retrospect, Some(1), "from the laptop").await.ok()["version"], 2);
    });
}

#[test]
fn a_plan_that_does_not_fit_is_refused_by_field() {
    run(async {
        let team = Team::of(app().await, 1).await;
        let long = format!("https://a.example/{}", "a".repeat(2_048));
        for (field, value, code) in [
            ("projectName", json!(""), "RETRO4001"),
            ("projectName", json!("p".repeat(21)), "RETRO4001"),
            ("retrospectDate", json!("2020-01-01"), "COMMON400"),
            ("retrospectDate", json!("2020-02-30"), "COMMON400"),
            ("retrospectTime", json!("25:00"), "COMMON400"),
            ("retrospectMethod", json!("kpt"), "RETRO4005"),
            ("referenceUrls", json!(["ftp://a.example/"]), "RETRO4006"),
            ("referenceUrls", json!(["https://a.example/", "https://A.example"]), "RETRO4006"),
            ("referenceUrls", json!([long]), "RETRO4006"),
            ("identityMode", json!("SECRET"), "COMMON400"),
            ("revealAt", json!("2020-01-01T00:00:00Z"), "COMMON400"),
        ] {
            let mut plan = team.plan();
            plan[field] = value;
            let refused = team.people[0].post("/api/v1/retrospects", &plan).await;
            refused.refused(400, code);
            let named = refused.body["result"]["fieldErrors"][0]["field"].as_str().unwrap();
            assert!(named.starts_with(field), "{named} for {field}");
        }
    });
}

#[test]
fn answers_that_do_not_fit_are_refused_and_nothing_is_kept() {
    run(async {
        let team = Team::of(app().await, 1).await;
        let (me, retrospect) = (&team.people[0], team.retrospect("NAMED").await);
        let path = format!("/api/v1/retrospects/{retrospect}");
        let five = answers("x");
        let with = |index: usize, content: &str| {
            let mut changed = five.clone();
            changed[index]["content"] = content.into();
            changed
        };
        let four: Value = five.as_array().unwrap()[..4].to_vec().into();
        let mut sixth = five.clone();
        sixth[4]["questionNumber"] = 6.into();
        for (answers, status, code) in [
            (with(2, " \n"), 400, "RETRO4007"),
            (with(2, "\u{200b}"), 400, "RETRO4007"),
            (with(2, &"가".repeat(1_001)), 400, "RETRO4003"),
            (four, 400, "RETRO4010"),
            (sixth, 404, "RETRO4043"),
        ] {
            me.post(&format!("{path}/submit"), &json!({ "answers": answers })).await.refused(status, code);
        }
        let wish = json!({ "answers": five, "anonymous": true });
        me.post(&format!("{path}/submit"), &wish).await.refused(400, "COMMON400");
        let page = me.get(&format!("{path}/responses")).await.ok();
        assert_eq!(page["responses"], json!([]));
        let full = with(0, &"가".repeat(1_000));
        me.post(&format!("{path}/submit"), &json!({ "answers": full })).await.ok();
        me.get(&format!("{path}/responses?category=all")).await.refused(400, "RETRO4004");
        me.get(&format!("{path}/responses?category=QUESTION_6")).await.refused(404, "RETRO4043");
    });
}

#[test]
fn a_submission_can_be_taken_back_and_its_words_are_drafts_again() {
    run(async {
        let team = Team::of(app().await, 1).await;
        let (me, retrospect) = (&team.people[0], team.retrospect("ANONYMOUS").await);
        let path = format!("/api/v1/retrospects/{retrospect}");
        me.delete(&format!("{path}/submit")).await.refused(409, "COMMON409");
        submit(me, retrospect, "words").await.ok();
        me.delete(&format!("{path}/participants")).await.refused(403, "RETRO4033");
        let taken = me.delete(&format!("{path}/submit")).await.ok();
        assert_eq!(taken["status"], "JOINED");
        let detail = me.get(&path).await.ok();
        assert_eq!((&detail["own"]["status"], &detail["submittedCount"]), (&json!("JOINED"), &json!(0)));
        assert_eq!(detail["own"]["drafts"], answers("words"));
        assert_eq!(me.get(&format!("{path}/responses")).await.ok()["responses"], json!([]));
        me.delete(&format!("{path}/participants")).await.ok();
        assert_eq!(me.get(&path).await.ok()["participantCount"], 0);
    });
}

#[test]
fn a_submission_under_a_known_key_is_never_answered_without_being_one() {
    run(async {
        let team = Team::of(app().await, 1).await;
        let me = &team.people[0];
        let (one, other) = (team.retrospect("ANONYMOUS").await, team.retrospect("ANONYMOUS").await);
        let send = async |retrospect: i64, mark: &str| {
            let path = format!("/api/v1/retrospects/{retrospect}/submit");
            let request = me.request(reqwest::Method::POST, &path).header("idempotency-key", "k1");
            me.send(request.json(&json!({ "answers": answers(mark) }))).await
        };
        let first = send(one, "first").await;
        assert_eq!(send(one, "first").await.text, first.text);
        send(other, "first").await.refused(409, "COMMON409");
        send(99_999_999, "first").await.refused(409, "COMMON409");
        me.delete(&format!("/api/v1/retrospects/{one}/submit")).await.ok();
        assert!(!send(one, "edited").await.headers.contains_key("idempotent-replay"));
        let page = me.get(&format!("/api/v1/retrospects/{one}/responses")).await;
        assert!(page.text.contains("edited 1") && !page.text.contains("first"));
    });
}

#[test]
fn no_byte_of_any_answer_tells_who_wrote_a_nameless_one() {
    run(async {
        let team = Team::of(app().await, 3).await;
        let retrospect = team.retrospect("ANONYMOUS").await;
        let (reader, author) = (&team.people[0], &team.people[1]);
        let me = author.get("/api/v1/members/me").await.ok();
        let (id, nickname) = (me["memberId"].to_string(), me["nickname"].as_str().unwrap().to_owned());
        let path = format!("/api/v1/retrospects/{retrospect}");
        // What lists people names the author as it names everybody: it must not change with the submission.
        let people = [format!("{path}/participants"), format!("/api/v1/retro-rooms/{}/members", team.room)];
        let before = join_all(people.iter().map(|path| reader.get(path))).await;
        let detail = reader.get(&path).await.ok();
        submit(author, retrospect, "planted").await.ok();
        let after = join_all(people.iter().map(|path| reader.get(path))).await;
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before.text, after.text);
        }
        let mut detail_after = reader.get(&path).await.ok();
        assert_eq!(detail_after["submittedCount"], 1);
        detail_after["submittedCount"] = detail["submittedCount"].clone();
        assert_eq!(detail, detail_after);

        let mine = detail["own"]["participantId"].to_string();
        let participants: Vec<String> = after[0].body["result"]["participants"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["participantId"].to_string())
            .filter(|participant| *participant != mine)
            .collect();
        for category in ["ALL", "QUESTION_1", "QUESTION_5"] {
            let answer = reader.get(&format!("{path}/responses?category={category}")).await;
            assert!(answer.text.contains("planted") && answer.text.contains("익명"));
            let head = format!("{:?}", answer.headers);
            for trace in participants.iter().chain([&id, &nickname]) {
                assert!(!answer.text.contains(trace.as_str()) && !head.contains(trace.as_str()), "{trace}");
            }
        }
    });
}

#[test]
fn until_the_reveal_others_words_are_in_no_answer() {
    run(async {
        let team = Team::of(app().await, 2).await;
        let (owner, author) = (&team.people[0], &team.people[1]);
        let mut plan = team.plan();
        plan["revealAt"] = json!(format!("{}T18:00:00+09:00", day_ahead()));
        let retrospect = number(&owner.post("/api/v1/retrospects", &plan).await.ok()["retrospectId"]);
        let path = format!("/api/v1/retrospects/{retrospect}");
        author.post(&format!("{path}/participants"), &json!({})).await.ok();
        submit(author, retrospect, "planted").await.ok();
        for path in [path.clone(), format!("{path}/participants"), format!("{path}/responses")] {
            assert!(!owner.get(&path).await.text.contains("planted"), "{path}");
        }
        let own = author.get(&format!("{path}/responses")).await.ok();
        assert_eq!((own["responses"].as_array().unwrap().len(), &own["revealed"]), (5, &json!(false)));
    });
}

#[test]
fn after_a_withdrawal_the_room_lives_on_and_answers_have_lost_their_author() {
    run(async {
        let team = Team::of(app().await, 2).await;
        let retrospect = team.retrospect("NAMED").await;
        let (goer, stayer) = (&team.people[0], &team.people[1]);
        let me = goer.get("/api/v1/members/me").await.ok();
        submit(goer, retrospect, "kept").await.ok();
        goer.post("/api/v1/members/withdraw", &json!({})).await.ok();
        let page = stayer.get(&format!("/api/v1/retrospects/{retrospect}/responses")).await;
        assert!(page.text.contains("kept 1") && page.text.contains("탈퇴한 회원"));
        assert!(!page.text.contains(me["nickname"].as_str().unwrap()));
        let members = stayer.get(&format!("/api/v1/retro-rooms/{}/members", team.room)).await.ok();
        assert_eq!((&members["memberCount"], &members["members"][0]["role"]), (&json!(1), &json!("OWNER")));
    });
}

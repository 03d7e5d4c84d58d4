//! Drafts, submissions and taking back, when two windows or two people do it at once.

use futures::future::join_all;
use serde_json::{Value, json};
use tests_retro_statements::{Base, Got, Parameter, Person, stage::*, statements::*};
use tokio_postgres::Client;

async fn stored(app: &Client, person: &Person, retrospect: i64) -> Value {
    person.read(app, DRAFT_STORED, &[&retrospect]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_saves_on_the_same_version_one_wins_and_the_others_are_stale() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "draft", 1).await;
    let (retrospect, me) = (retrospect(&base, &app, &room, "NAMED", None).await, &room.people[0]);
    participate(&app, me, retrospect).await;
    let mut apps = Vec::new();
    for _ in 0..8 {
        apps.push(base.app().await);
    }
    let texts: Vec<String> = (0..8).map(|window| format!("window {window}")).collect();
    let got = join_all(
        apps.iter()
            .zip(&texts)
            .map(async |(app, text)| draft(app, me, retrospect, Some(0), &[(1, text)]).await),
    )
    .await;
    let winners: Vec<_> = got.iter().enumerate().filter(|(_, got)| got.done()["stale"] == false).collect();
    assert_eq!(winners.len(), 1, "{got:?}");
    let expected = json!({"version": 1, "drafts": [{"questionNumber": 1, "content": texts[winners[0].0]}]});
    assert_eq!(stored(&app, me, retrospect).await, expected, "what is stored is what the winner sent");
}

#[tokio::test]
async fn a_save_keeps_the_texts_it_does_not_name_and_an_old_client_overwrites() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "keep", 1).await;
    let (retrospect, me) = (retrospect(&base, &app, &room, "NAMED", None).await, &room.people[0]);
    participate(&app, me, retrospect).await;
    draft(&app, me, retrospect, None, &[(1, "one"), (2, "two")]).await.done();
    assert_eq!(draft(&app, me, retrospect, None, &[(2, "zwei")]).await.done()["version"], 2);
    let drafts = stored(&app, me, retrospect).await["drafts"].clone();
    assert_eq!(
        drafts,
        json!([{"questionNumber": 1, "content": "one"}, {"questionNumber": 2, "content": "zwei"}])
    );
    assert_eq!(draft(&app, me, retrospect, None, &[(6, "six")]).await.word(), "NO_SUCH_QUESTION");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_leaves_no_draft_behind_whatever_is_saved_meanwhile() {
    let base = Base::new().await;
    let (app, other) = (base.app().await, base.app().await);
    let room = room(&base, &app, "race", 1).await;
    let me = &room.people[0];
    for _ in 0..40 {
        let retrospect = retrospect(&base, &app, &room, "ANONYMOUS", None).await;
        participate(&app, me, retrospect).await;
        let typed = answers("a");
        let (saved, submitted) = tokio::join!(
            draft(&app, me, retrospect, None, &[(1, "late")]),
            submit(&other, me, retrospect, &typed, None)
        );
        assert_eq!(submitted.word(), "DONE");
        assert!(matches!(saved.word(), "DONE" | "ALREADY_SUBMITTED"), "{saved:?}");
    }
    assert_eq!(base.number("SELECT count(*) FROM retro.draft_answer", &[]).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_submissions_at_once_one_counts() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "once", 1).await;
    let (retrospect, me) = (retrospect(&base, &app, &room, "ANONYMOUS", None).await, &room.people[0]);
    participate(&app, me, retrospect).await;
    let mut apps = Vec::new();
    for _ in 0..8 {
        apps.push(base.app().await);
    }
    let got =
        join_all(apps.iter().map(async |app| submit(app, me, retrospect, &answers("a"), None).await)).await;
    assert_eq!(got.iter().filter(|got| got.word() == "DONE").count(), 1);
    assert_eq!(got.iter().filter(|got| got.word() == "ALREADY_SUBMITTED").count(), 7, "{got:?}");
    assert_eq!(base.number("SELECT count(*) FROM retro.response", &[]).await, 5);
}

#[tokio::test]
async fn a_submission_taken_back_becomes_drafts_again_and_can_be_handed_in_anew() {
    let base = Base::new().await;
    let app = base.app().await;
    for mode in ["NAMED", "ANONYMOUS"] {
        let room = room(&base, &app, &format!("back{}", mode.len()), 2).await;
        let retrospect = retrospect(&base, &app, &room, mode, None).await;
        let (me, other) = (&room.people[0], &room.people[1]);
        for person in [me, other] {
            participate(&app, person, retrospect).await.done();
            submit(&app, person, retrospect, &answers(&person.nickname), None).await.done();
        }
        let taken = me.write(&app, TAKE_BACK, &[&retrospect]).await;
        assert_eq!(taken.done()["draftVersion"], 1, "{mode}");
        let left = responses(&app, other, retrospect).await["responses"].clone();
        let texts: Vec<_> =
            left.as_array().unwrap().iter().map(|row| row["content"].as_str().unwrap()).collect();
        assert_eq!(texts.len(), 5, "{mode}");
        assert!(
            texts.iter().all(|text| text.starts_with(&other.nickname)),
            "{mode}: only the own answers went"
        );
        let drafts = stored(&app, me, retrospect).await["drafts"].clone();
        let expected: Vec<_> = answers(&me.nickname)
            .iter()
            .map(|(n, text)| json!({"questionNumber": n, "content": text}))
            .collect();
        assert_eq!(drafts, json!(expected), "{mode}: no typed word is lost");
        assert_eq!(submit(&app, me, retrospect, &answers("anew"), None).await.word(), "DONE", "{mode}");
        let counts = "SELECT submitted::bigint FROM retro.retrospect_counter WHERE retrospect_id = $1";
        assert_eq!(base.number(counts, &[&retrospect]).await, 2, "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_everything_at_once_leaves_every_count_true_and_every_event_numbered() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "storm", 10).await;
    let retrospect = retrospect(&base, &app, &room, "ANONYMOUS", None).await;
    let mut hands = Vec::new();
    for person in &room.people {
        hands.push((base.app().await, person));
    }
    let got = join_all(hands.iter().enumerate().map(async |(number, (app, person))| {
        let mut got = vec![participate(app, person, retrospect).await];
        for _ in 0..5 {
            got.push(draft(app, person, retrospect, None, &[(1, "x"), (5, "y")]).await);
            got.push(submit(app, person, retrospect, &answers("storm"), None).await);
            got.push(person.write(app, TAKE_BACK, &[&retrospect]).await);
            got.push(person.write(app, LEAVE, &[&retrospect]).await);
            got.push(participate(app, person, retrospect).await);
        }
        if number % 3 == 2 {
            app.query_one(WITHDRAW, &[&person.id]).await.unwrap();
        } else if number % 2 == 0 {
            got.push(submit(app, person, retrospect, &answers("last"), None).await);
        }
        got
    }))
    .await;
    assert!(got.iter().flatten().all(|got| got.word() == "DONE"), "{got:?}");
    let sound = "
        SELECT (c.participants = (SELECT count(*) FROM retro.participant)
            AND c.submitted = (SELECT count(*) FROM retro.participant WHERE submitted_at IS NOT NULL)
            AND c.submitted * 5 = (SELECT count(*) FROM retro.response)
            AND g.member_count = (SELECT count(*) FROM retro.room_member)
            AND g.event_seq = (SELECT max(seq) FROM retro.room_event)
            AND g.event_seq = (SELECT count(*) FROM retro.room_event))::integer::bigint
          FROM retro.retrospect_counter AS c JOIN retro.room_counter AS g ON g.room_id = c.room_id";
    assert_eq!(base.number(sound, &[]).await, 1);
}

#[tokio::test]
async fn hidden_answers_keep_their_text_in_the_database() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "hide", 1).await;
    let (retrospect, me) = (retrospect(&base, &app, &room, "NAMED", None).await, &room.people[0]);
    participate(&app, me, retrospect).await;
    submit(&app, me, retrospect, &answers("secret"), None).await.done();
    let hide = "UPDATE retro.response SET hidden_at = now(), hidden_reason = 'names a customer'";
    base.owner.execute(hide, &[]).await.unwrap();
    let seen = responses(&app, me, retrospect).await;
    assert!(!seen.to_string().contains("secret"));
    assert_eq!(seen["responses"][0]["hiddenReason"], "names a customer");
}

#[tokio::test]
async fn an_outsider_gets_nothing_from_any_statement() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "inside", 1).await;
    let retrospect = retrospect(&base, &app, &room, "NAMED", None).await;
    let out = base.person("outside").await;
    let none: Option<i64> = None;
    let reads: [(&str, &[Parameter<'_>]); 7] = [
        (ROOM_MEMBERS, &[&room.id, &none, &none, &10_i64]),
        (INVITE_SHOW, &[&room.id]),
        (ROOM_ZONE, &[&room.id]),
        (RETROSPECT_SHOW, &[&retrospect, &"ko", &100_i64]),
        (PARTICIPANTS, &[&retrospect, &none, &10_i64]),
        (DRAFT_STORED, &[&retrospect]),
        (RESPONSES, &[&retrospect, &None::<i32>, &none, &10_i64]),
    ];
    for (sql, own) in reads {
        assert_eq!(out.read(&app, sql, own).await, None, "{sql}");
    }
    let (numbers, texts) = (vec![1_i32], vec!["x".to_owned()]);
    let nobody: Option<std::time::SystemTime> = None;
    let urls: Vec<String> = Vec::new();
    let writes: [(&str, &[Parameter<'_>]); 6] = [
        (RETROSPECT_CREATE, &[&room.id, &"x", &"KPT", &nobody, &"NAMED", &nobody, &urls]),
        (PARTICIPATE, &[&retrospect]),
        (LEAVE, &[&retrospect]),
        (DRAFT_SAVE, &[&retrospect, &None::<i32>, &numbers, &texts]),
        (SUBMIT, &[&retrospect, &numbers, &texts, &None::<bool>, &false]),
        (TAKE_BACK, &[&retrospect]),
    ];
    for (sql, own) in writes {
        assert_eq!(out.write(&app, sql, own).await, Got::Nothing, "{sql}");
    }
}

//! Anonymity that holds: every byte a statement hands out is searched for the author.

use serde_json::Value;
use tests_retro_statements::{Base, Parameter, Person, stage::*, statements::*};
use tokio_postgres::{Client, error::SqlState};

/// Everything any member can read about a retrospect, as one text.
async fn all_payloads(
    app: &Client,
    reader: &Person,
    room: &Room,
    retrospect: i64,
) -> Vec<(&'static str, Value)> {
    let none: Option<i64> = None;
    let reads: [(&'static str, &str, &[Parameter<'_>]); 5] = [
        ("detail", RETROSPECT_SHOW, &[&retrospect, &"en", &100_i64]),
        ("participants", PARTICIPANTS, &[&retrospect, &none, &100_i64]),
        ("responses", RESPONSES, &[&retrospect, &None::<i32>, &none, &100_i64]),
        ("members", ROOM_MEMBERS, &[&room.id, &none, &none, &100_i64]),
        ("drafts", DRAFT_STORED, &[&retrospect]),
    ];
    let mut payloads = Vec::new();
    for (name, sql, own) in reads {
        payloads.push((name, reader.read(app, sql, own).await.unwrap_or_default()));
    }
    payloads
}

#[tokio::test]
async fn nothing_a_member_reads_differs_by_who_wrote_a_nameless_answer() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "mask", 3).await;
    let retrospect = retrospect(&base, &app, &room, "ANONYMOUS", None).await;
    for person in &room.people {
        participate(&app, person, retrospect).await.done();
    }
    let (author, reader) = (&room.people[1], &room.people[0]);
    let before = all_payloads(&app, reader, &room, retrospect).await;
    submit(&app, author, retrospect, &answers("planted"), None).await.done();
    let after = all_payloads(&app, reader, &room, retrospect).await;
    for ((name, mut before), (_, mut after)) in before.into_iter().zip(after) {
        match name {
            // Only how many have submitted may change.
            "detail" => {
                assert_eq!(after["submittedCount"], 1);
                before["submittedCount"] = Value::Null;
                after["submittedCount"] = Value::Null;
                assert_eq!(before, after);
            }
            "responses" => {
                let text = after.to_string();
                assert!(text.contains("planted 1"));
                for trace in [author.nickname.clone(), author.id.to_string(), "MEMBER".to_owned()] {
                    assert!(!text.contains(&trace), "{trace} in {text}");
                }
                let own = "SELECT participant_id FROM retro.participant WHERE member_id = $1";
                let participant = base.number(own, &[&author.id]).await;
                assert!(!text.contains(&participant.to_string()));
            }
            _ => assert_eq!(before, after, "{name} tells that somebody submitted"),
        }
    }
}

#[tokio::test]
async fn events_about_answers_name_nobody_and_have_no_fine_time() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "event", 2).await;
    let retrospect = retrospect(&base, &app, &room, "AUTHOR_CHOOSES", None).await;
    for person in &room.people {
        participate(&app, person, retrospect).await.done();
        submit(&app, person, retrospect, &answers("a"), Some(true)).await.done();
    }
    room.people[1].write(&app, TAKE_BACK, &[&retrospect]).await.done();
    let named = "SELECT count(*) FROM retro.room_event WHERE kind LIKE 'ANSWERS%'
                    AND (member_id IS NOT NULL OR happened_at <> date_trunc('day', happened_at, 'UTC'))";
    assert_eq!(base.number(named, &[]).await, 0);
    assert_eq!(base.number("SELECT count(*) FROM retro.room_event WHERE kind LIKE 'ANSWERS%'", &[]).await, 3);
    let planted = "UPDATE retro.room_event SET member_id = $1 WHERE kind = 'ANSWERS_SUBMITTED'";
    let refused = base.owner.execute(planted, &[&room.people[0].id]).await.unwrap_err();
    assert_eq!(refused.as_db_error().unwrap().constraint(), Some("room_event_answers_name_nobody"));
}

#[tokio::test]
async fn the_application_can_neither_read_nor_change_the_link_to_an_author() {
    let base = Base::new().await;
    let app = base.app().await;
    for sql in [
        "SELECT * FROM retro.response_author",
        "SELECT count(*) FROM retro.response_author",
        "DELETE FROM retro.response_author",
        "UPDATE retro.response_author SET participant_id = 1",
        "INSERT INTO retro.response_author VALUES (1, 1, 1) RETURNING participant_id",
        "SELECT * FROM retro.comment_author",
        "SELECT retro.pass_on_room(1, 1)",
        "SELECT retro.erase_likes(1)",
    ] {
        let refused = app.execute(sql, &[]).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}");
    }
}

#[tokio::test]
async fn ids_and_places_of_answers_tell_neither_order_nor_togetherness() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "order", 8).await;
    let retrospect = retrospect(&base, &app, &room, "ANONYMOUS", None).await;
    for person in &room.people {
        participate(&app, person, retrospect).await.done();
        submit(&app, person, retrospect, &answers(&format!("by{}", person.id)), None).await.done();
    }
    let seen = responses(&app, &room.people[0], retrospect).await;
    let rows = seen["responses"].as_array().unwrap();
    let order: Vec<&str> =
        rows.iter().map(|row| row["content"].as_str().unwrap().split(' ').next().unwrap()).collect();
    assert_eq!(order.len(), 40);
    // In order of writing, 35 of 39 neighbours would share their author; shuffled, about four do.
    let together = order.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(together < 15, "{together} of 39 neighbours share their author");
    let ids: Vec<i64> = rows.iter().map(|row| row["responseId"].as_i64().unwrap()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "the order is that of the random ids");
    let times = "SELECT count(*) FROM information_schema.columns
                  WHERE table_schema = 'retro' AND table_name IN ('response', 'response_author')
                    AND data_type LIKE 'timestamp%' AND column_name <> 'hidden_at'";
    assert_eq!(base.number(times, &[]).await, 0, "an answer has no time");
}

#[tokio::test]
async fn where_the_author_chooses_a_wish_must_be_spoken_and_is_kept() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "choose", 2).await;
    let retrospect = retrospect(&base, &app, &room, "AUTHOR_CHOOSES", None).await;
    for person in &room.people {
        participate(&app, person, retrospect).await.done();
    }
    let (named, nameless) = (&room.people[0], &room.people[1]);
    assert_eq!(submit(&app, named, retrospect, &answers("n"), None).await.word(), "NO_SUCH_CHOICE");
    submit(&app, named, retrospect, &answers("open"), Some(false)).await.done();
    submit(&app, nameless, retrospect, &answers("veiled"), Some(true)).await.done();
    let seen = responses(&app, named, retrospect).await;
    for row in seen["responses"].as_array().unwrap() {
        let open = row["content"].as_str().unwrap().starts_with("open");
        assert_eq!(row["author"]["kind"], if open { "MEMBER" } else { "NAMELESS" });
        assert_eq!(
            row["author"]["name"],
            if open { Value::from(named.nickname.as_str()) } else { Value::Null }
        );
    }
    let people = named.read(&app, PARTICIPANTS, &[&retrospect, &None::<i64>, &10_i64]).await.unwrap();
    assert!(people["participants"].as_array().unwrap().iter().all(|row| row["submitted"].is_null()));
}

#[tokio::test]
async fn until_the_reveal_no_text_and_no_count_of_others_is_in_any_payload() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "veil", 2).await;
    let retrospect = retrospect(&base, &app, &room, "NAMED", Some("1 hour")).await;
    for person in &room.people {
        participate(&app, person, retrospect).await.done();
        submit(&app, person, retrospect, &answers(&format!("text-of-{}", person.nickname)), None)
            .await
            .done();
    }
    let (owner, other) = (&room.people[0], &room.people[1]);
    for (name, payload) in all_payloads(&app, owner, &room, retrospect).await {
        assert!(!payload.to_string().contains(&format!("text-of-{}", other.nickname)), "{name}");
        if name == "detail" {
            assert!(payload["totalLikeCount"].is_null() && payload["totalCommentCount"].is_null());
        }
    }
    let own = responses(&app, owner, retrospect).await;
    assert_eq!((own["responses"].as_array().unwrap().len(), &own["revealed"]), (5, &Value::from(false)));
    base.owner.execute("UPDATE retro.retrospect SET reveal_at = now()", &[]).await.unwrap();
    let all = responses(&app, owner, retrospect).await;
    assert_eq!((all["responses"].as_array().unwrap().len(), &all["revealed"]), (10, &Value::from(true)));
    assert_eq!(owner.write(&app, TAKE_BACK, &[&retrospect]).await.word(), "REVEALED");
}

#[tokio::test]
async fn drafts_are_seen_by_their_author_alone_also_after_the_close() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "quiet", 2).await;
    let retrospect = retrospect(&base, &app, &room, "NAMED", None).await;
    for person in &room.people {
        participate(&app, person, retrospect).await.done();
    }
    let (author, reader) = (&room.people[1], &room.people[0]);
    draft(&app, author, retrospect, None, &[(1, "half a thought")]).await.done();
    base.owner.execute("UPDATE retro.retrospect SET closed_at = now()", &[]).await.unwrap();
    for (name, payload) in all_payloads(&app, reader, &room, retrospect).await {
        assert!(!payload.to_string().contains("half a thought"), "{name}");
    }
    let own = author.read(&app, RETROSPECT_SHOW, &[&retrospect, &"ko", &100_i64]).await.unwrap();
    assert_eq!(own["own"]["drafts"][0]["content"], "half a thought");
}

//! Leaving leaves nothing behind: what the data map says is what happens.

use futures::future::join_all;
use serde_json::json;
use tests_retro_statements::{Base, Person, stage::*, statements::*};

/// Every text and number column of the schema that still holds a value, as `table.column`.
async fn columns_holding(base: &Base, value: &str) -> Vec<String> {
    let columns = "SELECT c.table_name::text, c.column_name::text FROM information_schema.columns AS c
                     JOIN information_schema.tables AS t USING (table_schema, table_name)
                    WHERE c.table_schema = 'retro' AND t.table_type = 'BASE TABLE' ORDER BY 1, 2";
    let mut holding = Vec::new();
    for row in base.owner.query(columns, &[]).await.unwrap() {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        let ask =
            format!("SELECT count(*) FROM retro.\"{table}\" WHERE \"{column}\"::text LIKE '%' || $1 || '%'");
        if base.number(&ask, &[&value]).await > 0 {
            holding.push(format!("{table}.{column}"));
        }
    }
    holding
}

#[tokio::test]
async fn after_a_withdrawal_only_the_empty_row_of_the_member_holds_the_id() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "leave", 2).await;
    let (goer, stayer) = (&room.people[0], &room.people[1]);
    for mode in ["NAMED", "ANONYMOUS"] {
        let held = retrospect(&base, &app, &room, mode, None).await;
        participate(&app, goer, held).await.done();
        submit(&app, goer, held, &answers(&format!("kept {mode}")), None).await.done();
    }
    let drafted = retrospect(&base, &app, &room, "NAMED", None).await;
    participate(&app, goer, drafted).await.done();
    draft(&app, goer, drafted, None, &[(1, "unsent thought")]).await.done();
    let like =
        "WITH l AS (INSERT INTO retro.response_like SELECT room_id, response_id, $1 FROM retro.response
                           RETURNING room_id, response_id),
                     r AS (UPDATE retro.response SET like_count = 1)
                UPDATE retro.retrospect_counter SET likes = 5 WHERE submitted = 1";
    base.owner.execute(like, &[&goer.id]).await.unwrap();
    let comment = "WITH c AS (INSERT INTO retro.comment (room_id, response_id, member_id, content)
                              SELECT room_id, response_id, $1, 'a comment' FROM retro.response LIMIT 1)
                   INSERT INTO retro.member_plan VALUES ($1, 'TEAM', now() + interval '1 day')";
    base.owner.execute(comment, &[&goer.id]).await.unwrap();
    assert!(columns_holding(&base, &goer.id.to_string()).await.len() > 5, "the search finds what is there");

    let refusal: Option<String> = app.query_one(WITHDRAW, &[&goer.id]).await.unwrap().get(0);
    assert_eq!(refusal, None);
    assert_eq!(columns_holding(&base, &goer.id.to_string()).await, ["member.id"]);
    assert_eq!(columns_holding(&base, &goer.nickname).await, [] as [&str; 0]);
    assert_eq!(columns_holding(&base, "unsent thought").await, [] as [&str; 0]);
    assert_eq!(columns_holding(&base, "kept NAMED").await, ["response.content"]);
    assert_eq!(base.number("SELECT count(*) FROM retro.response_author", &[]).await, 0);
    assert_eq!(
        base.number(
            "SELECT (sum(like_count) + (SELECT sum(likes) FROM retro.retrospect_counter))::bigint
                              FROM retro.response",
            &[]
        )
        .await,
        0
    );
    assert_eq!(base.number("SELECT owner_id FROM retro.room", &[]).await, stayer.id);
    let own = "SELECT min(retrospect_id) FROM retro.retrospect";
    let named = responses(&app, stayer, base.number(own, &[]).await).await;
    assert_eq!(named["responses"][0]["author"], json!({"name": null, "kind": "WITHDRAWN"}));
}

#[tokio::test]
async fn a_room_goes_to_its_longest_member_under_a_free_name_and_an_empty_one_is_closed() {
    let base = Base::new().await;
    let app = base.app().await;
    let shared = room(&base, &app, "shared", 3).await;
    let (owner, heir) = (&shared.people[0], &shared.people[1]);
    let lonely = open_room(&app, owner, "lonely").await.done()["retroRoomId"].as_i64().unwrap();
    open_room(&app, heir, "shared").await.done();
    app.query_one(WITHDRAW, &[&owner.id]).await.unwrap();

    let handed = base
        .owner
        .query_one("SELECT owner_id, title FROM retro.room WHERE room_id = $1", &[&shared.id])
        .await
        .unwrap();
    assert_eq!((handed.get::<_, i64>(0), handed.get::<_, &str>(1)), (heir.id, "shared 2"));
    let closed = "SELECT (owner_id IS NULL AND deleted_at IS NOT NULL)::integer::bigint FROM retro.room WHERE room_id = $1";
    assert_eq!(base.number(closed, &[&lonely]).await, 1);
    let members =
        heir.read(&app, ROOM_MEMBERS, &[&shared.id, &None::<i64>, &None::<i64>, &10_i64]).await.unwrap();
    assert_eq!(members["memberCount"], 2);
    assert_eq!(members["members"][0]["role"], "OWNER");
}

#[tokio::test]
async fn nobody_joins_or_submits_after_a_withdrawal() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "gone", 2).await;
    let retrospect = retrospect(&base, &app, &room, "NAMED", None).await;
    let goer = &room.people[1];
    participate(&app, goer, retrospect).await.done();
    app.query_one(WITHDRAW, &[&goer.id]).await.unwrap();
    assert_eq!(join(&app, goer, &room.code).await.word(), "nothing");
    assert_eq!(submit(&app, goer, retrospect, &answers("late"), None).await.word(), "nothing");
}

#[tokio::test]
async fn where_answers_can_be_nameless_a_withdrawal_does_not_tell_who_had_submitted() {
    let base = Base::new().await;
    let app = base.app().await;
    for mode in ["ANONYMOUS", "AUTHOR_CHOOSES"] {
        let room = room(&base, &app, &format!("m{}", mode.len()), 3).await;
        let retrospect = retrospect(&base, &app, &room, mode, None).await;
        for person in &room.people {
            participate(&app, person, retrospect).await.done();
        }
        let (reader, writer, silent) = (&room.people[0], &room.people[1], &room.people[2]);
        submit(&app, writer, retrospect, &answers("kept"), Some(true)).await.done();
        let list =
            async || reader.read(&app, PARTICIPANTS, &[&retrospect, &None::<i64>, &9_i64]).await.unwrap();
        let show = async || reader.read(&app, RETROSPECT_SHOW, &[&retrospect, &"en", &9_i64]).await.unwrap();
        let (people, texts) = (list().await, responses(&app, reader, retrospect).await);
        for (left, goer) in [writer, silent].into_iter().enumerate() {
            app.query_one(WITHDRAW, &[&goer.id]).await.unwrap();
            let mut expected = people.clone();
            for gone in 0..=left {
                expected["participants"][gone + 1]["author"] =
                    json!({ "kind": "WITHDRAWN", "memberId": null, "name": null });
            }
            assert_eq!(list().await, expected, "{mode}: who had submitted and who had not leave alike");
            let detail = show().await;
            assert_eq!((&detail["participantCount"], &detail["submittedCount"]), (&json!(3), &json!(1)));
            assert_eq!(responses(&app, reader, retrospect).await, texts, "{mode}: answers stay readable");
        }
    }
}

/// Withdraws all at once; the words of the database where it refused.
async fn withdraw_at_once(base: &Base, people: &[Person]) -> Vec<String> {
    let mut hands = Vec::new();
    for person in people {
        hands.push((base.app().await, person.id));
    }
    let got = join_all(hands.iter().map(async |(app, id)| app.query_one(WITHDRAW, &[id]).await)).await;
    got.into_iter().filter_map(|got| got.err().map(|error| format!("{:?}", error.code()))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_shared_rooms_withdraw_at_once_without_locking_each_other_out() {
    let base = Base::new().await;
    let app = base.app().await;
    for round in 0..3 {
        let mut people = Vec::new();
        for number in 0..9 {
            people.push(base.person(&format!("r{round}p{number}")).await);
        }
        for owner in &people {
            let opened = open_room(&app, owner, &format!("{round} {}", owner.nickname)).await;
            let code = opened.done()["inviteCode"].as_str().unwrap().to_owned();
            for guest in people.iter().filter(|guest| guest.id != owner.id) {
                join(&app, guest, &code).await.done();
            }
        }
        assert_eq!(withdraw_at_once(&base, &people).await, [] as [&str; 0]);
        let left = "SELECT count(*) FROM retro.room WHERE deleted_at IS NULL";
        assert_eq!(base.number(left, &[]).await, 0, "the last one out closed every room");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creator_withdraws_while_others_hand_in_and_nobody_is_locked_out() {
    let base = Base::new().await;
    let app = base.app().await;
    for round in 0..10 {
        let room = room(&base, &app, &format!("c{round}"), 5).await;
        let retrospect = retrospect(&base, &app, &room, "ANONYMOUS", None).await;
        let mut hands = Vec::new();
        for person in &room.people[1..] {
            participate(&app, person, retrospect).await.done();
            hands.push((base.app().await, person));
        }
        let storm = join_all(hands.iter().map(async |(app, person)| {
            let mut got = Vec::new();
            for _ in 0..4 {
                got.push(submit(app, person, retrospect, &answers("a"), None).await);
                got.push(person.write(app, TAKE_BACK, &[&retrospect]).await);
            }
            got
        }));
        let creator = &room.people[..1];
        let (got, refused) = tokio::join!(storm, withdraw_at_once(&base, creator));
        assert!(got.iter().flatten().all(|got| got.word() == "DONE"), "{got:?}");
        assert_eq!(refused, [] as [&str; 0]);
    }
}

#[tokio::test]
async fn every_table_says_what_a_withdrawal_does_with_it() {
    let base = Base::new().await;
    let silent =
        "SELECT count(*) FROM pg_class AS c WHERE c.relnamespace = 'retro'::regnamespace AND c.relkind = 'r'
                     AND coalesce(obj_description(c.oid, 'pg_class'), '') !~ '(Withdrawal|withdrawal)'";
    assert_eq!(base.number(silent, &[]).await, 0);
}

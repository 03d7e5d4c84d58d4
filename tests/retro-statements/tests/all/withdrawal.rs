//! Leaving leaves nothing behind: what the data map says is what happens.

use serde_json::json;
use tests_retro_statements::{Base, stage::*, statements::*};

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
async fn every_table_says_what_a_withdrawal_does_with_it() {
    let base = Base::new().await;
    let silent =
        "SELECT count(*) FROM pg_class AS c WHERE c.relnamespace = 'retro'::regnamespace AND c.relkind = 'r'
                     AND coalesce(obj_description(c.oid, 'pg_class'), '') !~ '(Withdrawal|withdrawal)'";
    assert_eq!(base.number(silent, &[]).await, 0);
}

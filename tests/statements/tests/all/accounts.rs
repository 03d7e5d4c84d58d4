//! The statements of accounts, sent as the components send them.

use futures::future::join_all;
use rules_account::REFRESH_GRACE_S;
use sha2::{Digest, Sha256};
use tests_statements::Base;
use tokio_postgres::{Client, types::ToSql};
use uuid::Uuid;

const DEV_SIGN_IN: &str = include_str!("../../../../components/accounts/dev-login/src/sign_in.sql");
const SIGN_IN: &str = include_str!("../../../../crates/guest-sign-in/src/sign_in.sql");
const SIGN_UP: &str = include_str!("../../../../components/accounts/signup/src/sign_up.sql");
const AGAIN: &str = include_str!("../../../../components/accounts/signup/src/again.sql");
const ROTATE: &str = include_str!("../../../../components/accounts/refresh/src/rotate.sql");
const LOGOUT: &str = include_str!("../../../../components/accounts/logout/src/logout.sql");
const LOGOUT_ALL: &str = include_str!("../../../../components/accounts/logout/src/logout_all.sql");
const SHOW: &str = include_str!("../../../../components/accounts/me/src/show.sql");
const RENAME: &str = include_str!("../../../../components/accounts/me/src/rename.sql");
const WITHDRAW: &str = include_str!("../../../../components/accounts/withdraw/src/withdraw.sql");
const LIFETIME_S: i64 = 1_000;

fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text).to_vec()
}

async fn text(app: &Client, sql: &str, own: &[&(dyn ToSql + Sync)]) -> Result<Option<String>, String> {
    match app.query(sql, own).await {
        Ok(rows) => Ok(rows.first().map(|row| row.get(0))),
        Err(error) => Err(error.as_db_error().and_then(|e| e.constraint()).unwrap_or("?").to_owned()),
    }
}

/// Signs in for development; the refresh token is `token`.
async fn member(app: &Client, email: &str, session: i64, token: &str) -> i64 {
    let (plain, other) = (email.replace(['@', '.'], ""), format!("other{session}"));
    let own: [&(dyn ToSql + Sync); 7] =
        [&session, &"test", &hash(token), &LIFETIME_S, &email, &plain, &other];
    app.query_one(DEV_SIGN_IN, &own).await.unwrap().get(0)
}

async fn rotate(app: &Client, session: i64, member: i64, old: &str, new: &str, key: Option<&str>) -> String {
    let own: [&(dyn ToSql + Sync); 7] =
        [&session, &member, &hash(old), &hash(new), &LIFETIME_S, &i64::from(REFRESH_GRACE_S), &key];
    text(app, ROTATE, &own).await.unwrap().unwrap_or_else(|| "NOTHING".into())
}

async fn sees_account(app: &Client, member: i64, session: i64) -> bool {
    text(app, SHOW, &[&member, &session]).await.unwrap().is_some()
}

#[tokio::test]
async fn of_32_refreshes_of_one_token_exactly_one_wins_and_nobody_is_punished() {
    let base = Base::new().await;
    let id = member(&base.app().await, "a@x", 1, "t0").await;
    let apps = join_all((0..32).map(|_| base.app())).await;
    let tries = apps
        .iter()
        .enumerate()
        .map(|(n, app)| async move { rotate(app, 1, id, "t0", &format!("t{}", n + 1), None).await });
    let verdicts = join_all(tries).await;
    assert_eq!(verdicts.iter().filter(|verdict| *verdict == "ROTATE").count(), 1, "{verdicts:?}");
    assert_eq!(verdicts.iter().filter(|verdict| *verdict == "LATE").count(), 31, "{verdicts:?}");
    assert!(sees_account(&apps[0], id, 1).await);
}

#[tokio::test]
async fn a_token_that_was_rotated_away_ends_its_sign_in_and_no_other() {
    let base = Base::new().await;
    let app = base.app().await;
    let id = member(&app, "a@x", 1, "t0").await;
    assert_eq!(member(&app, "a@x", 2, "u0").await, id);
    assert_eq!(rotate(&app, 1, id, "t0", "t1", None).await, "ROTATE");
    assert_eq!(rotate(&app, 1, id, "t1", "t2", None).await, "ROTATE");
    // t0 is two generations old: grace is for the one before only.
    assert_eq!(rotate(&app, 1, id, "t0", "t3", None).await, "REUSED");
    assert_eq!(rotate(&app, 1, id, "t2", "t4", None).await, "NOTHING");
    assert!(!sees_account(&app, id, 1).await);
    assert!(sees_account(&app, id, 2).await);
    base.owner
        .execute("UPDATE retro.session SET rotated_at = rotated_at - interval '1 hour' WHERE id = 2", &[])
        .await
        .unwrap();
    assert_eq!(rotate(&app, 2, id, "u0", "u1", None).await, "ROTATE");
    base.owner
        .execute("UPDATE retro.session SET rotated_at = rotated_at - interval '11 seconds' WHERE id = 2", &[])
        .await
        .unwrap();
    assert_eq!(rotate(&app, 2, id, "u0", "u2", None).await, "REUSED");
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_can_be_repeated_with_its_key() {
    let base = Base::new().await;
    let app = base.app().await;
    let id = member(&app, "a@x", 1, "t0").await;
    assert_eq!(rotate(&app, 1, id, "t0", "t1", Some("k")).await, "ROTATE");
    assert_eq!(rotate(&app, 1, id, "t0", "t2", Some("other")).await, "LATE");
    assert_eq!(rotate(&app, 1, id, "t0", "t2", Some("k")).await, "ROTATE");
    assert_eq!(rotate(&app, 1, id, "t2", "t3", None).await, "ROTATE");
}

#[tokio::test]
async fn an_expired_sign_in_buys_nothing() {
    let base = Base::new().await;
    let app = base.app().await;
    let id = member(&app, "a@x", 1, "t0").await;
    base.owner.execute("UPDATE retro.session SET expires_at = now() WHERE id = 1", &[]).await.unwrap();
    assert_eq!(rotate(&app, 1, id, "t0", "t1", None).await, "NOTHING");
}

async fn sign_up(
    app: &Client,
    session: i64,
    ticket: Uuid,
    key: Option<&str>,
    nickname: &str,
    subject: &str,
) -> Result<i64, String> {
    let own: [&(dyn ToSql + Sync); 11] = [
        &session,
        &"test",
        &hash("t"),
        &LIFETIME_S,
        &ticket,
        &key,
        &4_000_000_000_i64,
        &nickname,
        &"GOOGLE",
        &subject,
        &None::<&str>,
    ];
    match app.query(SIGN_UP, &own).await {
        Ok(rows) => Ok(rows[0].get(0)),
        Err(error) => Err(error.as_db_error().and_then(|e| e.constraint()).unwrap_or("?").to_owned()),
    }
}

#[tokio::test]
async fn of_16_uses_of_one_ticket_exactly_one_makes_a_member() {
    let base = Base::new().await;
    let apps = join_all((0..16).map(|_| base.app())).await;
    let ticket = Uuid::from_u128(7);
    let tries = apps.iter().enumerate().map(|(n, app)| async move {
        sign_up(
            app,
            100 + i64::try_from(n).unwrap(),
            ticket,
            Some("k"),
            &format!("name{n}"),
            &format!("s{n}"),
        )
        .await
    });
    let made: Vec<_> = join_all(tries).await.into_iter().filter_map(Result::ok).collect();
    assert_eq!(made.len(), 1);
    let again: [&(dyn ToSql + Sync); 6] = [&500_i64, &"test", &hash("u"), &LIFETIME_S, &ticket, &"k"];
    assert_eq!(apps[0].query_one(AGAIN, &again).await.unwrap().get::<_, i64>(0), made[0]);
    let other: [&(dyn ToSql + Sync); 6] = [&501_i64, &"test", &hash("u"), &LIFETIME_S, &ticket, &"other"];
    assert!(apps[0].query(AGAIN, &other).await.unwrap().is_empty());
}

#[tokio::test]
async fn names_and_identities_are_unique_and_say_which_was_taken() {
    let base = Base::new().await;
    let app = base.app().await;
    assert!(sign_up(&app, 1, Uuid::from_u128(1), None, "Mina", "s1").await.is_ok());
    assert_eq!(
        sign_up(&app, 2, Uuid::from_u128(2), None, "mINA", "s2").await,
        Err("member_nickname_key".into())
    );
    assert_eq!(sign_up(&app, 3, Uuid::from_u128(3), None, "Other", "s1").await, Err("identity_pkey".into()));
    // What was refused left nothing behind: its ticket is good.
    assert!(sign_up(&app, 4, Uuid::from_u128(2), None, "Mina2", "s2").await.is_ok());
}

#[tokio::test]
async fn of_24_renames_with_one_key_exactly_one_takes_effect_and_the_rest_see_its_answer() {
    let base = Base::new().await;
    let id = member(&base.app().await, "a@x", 1, "t0").await;
    let apps = join_all((0..24).map(|_| base.app())).await;
    let tries = apps.iter().map(|app| async move {
        let own: [&(dyn ToSql + Sync); 6] =
            [&id, &1_i64, &"accounts-me-rename", &"key", &hash("request"), &"새이름"];
        text(app, RENAME, &own).await
    });
    let outcomes = join_all(tries).await;
    let count = |wanted: &Result<Option<String>, String>| {
        outcomes.iter().filter(|outcome| *outcome == wanted).count()
    };
    assert_eq!(count(&Ok(Some("DONE".into()))), 1, "{outcomes:?}");
    let replayed = count(&Ok(Some("REPLAY".into()))) + count(&Err("idempotency_pkey".into()));
    assert_eq!(replayed, 23, "{outcomes:?}");
    let other: [&(dyn ToSql + Sync); 6] =
        [&id, &1_i64, &"accounts-me-rename", &"key", &hash("another"), &"다른이름"];
    assert_eq!(text(&apps[0], RENAME, &other).await, Ok(Some("MISMATCH".into())));
}

#[tokio::test]
async fn a_sign_in_that_has_ended_reads_and_writes_nothing() {
    let base = Base::new().await;
    let app = base.app().await;
    let id = member(&app, "a@x", 1, "t").await;
    member(&app, "a@x", 2, "u").await;
    member(&app, "a@x", 3, "v").await;
    assert!(text_of_id(&app, LOGOUT, id, 1).await);
    assert!(!sees_account(&app, id, 1).await);
    assert!(!text_of_id(&app, LOGOUT, id, 1).await, "a second logout finds nothing");
    assert!(!text_of_id(&app, LOGOUT_ALL, id, 1).await, "nor can it end the others");
    let own: [&(dyn ToSql + Sync); 6] =
        [&id, &1_i64, &"accounts-me-rename", &None::<&str>, &Vec::<u8>::new(), &"x"];
    assert_eq!(text(&app, RENAME, &own).await, Ok(None));
    assert!(text_of_id(&app, LOGOUT_ALL, id, 2).await);
    assert!(!sees_account(&app, id, 3).await);
}

async fn text_of_id(app: &Client, sql: &str, member: i64, session: i64) -> bool {
    !app.query(sql, &[&member, &session]).await.unwrap().is_empty()
}

#[tokio::test]
async fn a_member_has_at_most_one_hundred_live_sign_ins() {
    let base = Base::new().await;
    let app = base.app().await;
    let id = sign_up(&app, 1, Uuid::from_u128(1), None, "Mina", "s1").await.unwrap();
    for session in 2..=105_i64 {
        let own: [&(dyn ToSql + Sync); 6] = [&"GOOGLE", &"s1", &session, &"test", &hash("t"), &LIFETIME_S];
        assert_eq!(app.query_one(SIGN_IN, &own).await.unwrap().get::<_, i64>(0), id);
    }
    let live = "SELECT count(*) FROM retro.session WHERE ended_at IS NULL";
    assert_eq!(base.owner.query_one(live, &[]).await.unwrap().get::<_, i64>(0), 100);
    assert!(!sees_account(&app, id, 1).await && sees_account(&app, id, 105).await);
}

#[tokio::test]
async fn withdrawal_leaves_no_trace_of_name_address_or_identity_and_frees_the_name() {
    let base = Base::new().await;
    let app = base.app().await;
    let id = member(&app, "planted@x", 1, "t0").await;
    let rename: [&(dyn ToSql + Sync); 6] =
        [&id, &1_i64, &"accounts-me-rename", &"key", &hash("r"), &"plantedName"];
    assert_eq!(text(&app, RENAME, &rename).await, Ok(Some("DONE".into())));
    let own: [&(dyn ToSql + Sync); 5] = [&id, &1_i64, &"accounts-withdraw", &None::<&str>, &Vec::<u8>::new()];
    assert_eq!(text(&app, WITHDRAW, &own).await, Ok(Some("DONE".into())));
    assert!(!sees_account(&app, id, 1).await);
    let tables = "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'retro'::regnamespace AND c.relkind = 'r'";
    for table in base.owner.query(tables, &[]).await.unwrap() {
        let table: String = table.get(0);
        let planted = format!("SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%planted%'");
        assert_eq!(base.owner.query_one(&planted, &[]).await.unwrap().get::<_, i64>(0), 0, "{table}");
    }
    assert_ne!(member(&app, "planted@x", 2, "t").await, id);
}

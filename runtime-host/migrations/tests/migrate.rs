//! Migrations against a real PostgreSQL, as the owner role that is no superuser.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;

use host_dev_stack::DevStack;
use host_migrations::{Database, MigrateError, Migrations, Report, migrate};
use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, sql) in files {
        std::fs::write(folder.path().join(name), sql).unwrap();
    }
    folder
}

async fn run(url: &str, folder: &Path) -> Result<Report, MigrateError> {
    migrate(Database { owner_url: url, authority: None }, &Migrations::read(folder)?).await
}

async fn refusal(url: &str, files: &[(&str, &str)]) -> String {
    run(url, folder(files).path()).await.unwrap_err().to_string()
}

async fn empty_database() -> host_dev_stack::Database {
    DevStack::shared().await.unwrap().create_database(None).await.unwrap()
}

const ONE: (&str, &str) = ("V0001__one.sql", "CREATE TABLE one (n int)");
const TWO: (&str, &str) = ("V0002__two.sql", "CREATE TABLE two (n int)");

#[tokio::test]
async fn each_file_is_applied_once_and_later_files_are_added() {
    let database = empty_database().await;
    let first = run(&database.owner_url, folder(&[ONE]).path()).await.unwrap();
    assert_eq!(first, Report { applied: vec!["V0001__one.sql".into()], already_there: 0 });
    let second = run(&database.owner_url, folder(&[ONE, TWO]).path()).await.unwrap();
    assert_eq!(second, Report { applied: vec!["V0002__two.sql".into()], already_there: 1 });
    let third = run(&database.owner_url, folder(&[ONE, TWO]).path()).await.unwrap();
    assert_eq!(third, Report { applied: vec![], already_there: 2 });
}

#[tokio::test]
async fn four_hosts_may_start_at_once_and_one_of_them_migrates() {
    let database = empty_database().await;
    let files = folder(&[("V0001__slow.sql", "SELECT pg_sleep(0.5); CREATE TABLE slow (n int)"), TWO]);
    let runs = (0..4).map(|_| {
        let (url, path) = (database.owner_url.clone(), files.path().to_owned());
        tokio::spawn(async move { run(&url, &path).await.unwrap().applied.len() })
    });
    let mut applied = Vec::new();
    for run in runs.collect::<Vec<_>>() {
        applied.push(run.await.unwrap());
    }
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, 0, 2]);
}

#[tokio::test]
async fn a_changed_file_is_refused_by_name() {
    let database = empty_database().await;
    run(&database.owner_url, folder(&[ONE]).path()).await.unwrap();
    let refused = refusal(&database.owner_url, &[("V0001__one.sql", "CREATE TABLE one (n bigint)")]).await;
    assert!(refused.starts_with("V0001__one.sql differs from what was applied"), "{refused}");
}

#[tokio::test]
async fn a_file_that_restates_the_applied_one_is_there_already() {
    let database = empty_database().await;
    run(&database.owner_url, folder(&[ONE]).path()).await.unwrap();
    let client = connect(&database.owner_url).await;
    let history = "SELECT checksum FROM public.refinery_schema_history WHERE version = 1";
    let former: String = client.query_one(history, &[]).await.unwrap().get(0);
    let restated = format!("-- Restates: {former}\nCREATE TABLE one (n int);");
    let files = folder(&[("V0001__one.sql", &restated), TWO]);
    for applied in [1, 0] {
        assert_eq!(run(&database.owner_url, files.path()).await.unwrap().applied.len(), applied);
    }
    let other = "-- Restates: 17\nCREATE TABLE one (n int)";
    let refused = refusal(&database.owner_url, &[("V0001__one.sql", other), TWO]).await;
    assert!(refused.starts_with("V0001__one.sql differs from what was applied"), "{refused}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let database = empty_database().await;
    run(&database.owner_url, folder(&[ONE, TWO]).path()).await.unwrap();
    let refused = refusal(&database.owner_url, &[ONE]).await;
    assert!(refused.contains("has the migration V2__two, which is not among the files"), "{refused}");
}

#[tokio::test]
async fn a_file_that_comes_late_is_refused_by_name() {
    let database = empty_database().await;
    run(&database.owner_url, folder(&[TWO]).path()).await.unwrap();
    let refused = refusal(&database.owner_url, &[ONE, TWO]).await;
    assert!(refused.starts_with("V0001__one.sql comes before a migration that was applied"), "{refused}");
}

#[tokio::test]
async fn a_failing_statement_is_named_by_file_and_line_and_its_file_leaves_nothing() {
    let database = empty_database().await;
    let broken =
        ("V0002__broken.sql", "CREATE TABLE half (n int);\n-- 한글\nCREATE TABLE bad (\n  n nonsense\n);");
    let refused = refusal(&database.owner_url, &[ONE, broken]).await;
    assert!(
        refused.starts_with("V0002__broken.sql:4: type \"nonsense\" does not exist [42704]"),
        "{refused}"
    );
    let client = connect(&database.owner_url).await;
    let there = client.query_one("SELECT to_regclass('one') IS NOT NULL, to_regclass('half') IS NULL", &[]);
    let row = there.await.unwrap();
    assert!(row.get::<_, bool>(0) && row.get::<_, bool>(1));
}

#[tokio::test]
async fn a_file_that_sets_the_search_path_does_not_lose_the_history() {
    let database = empty_database().await;
    let files =
        [("V0001__schema.sql", "CREATE SCHEMA other; SET search_path = other; CREATE TABLE t (n int)"), TWO];
    run(&database.owner_url, folder(&files).path()).await.unwrap();
    assert_eq!(run(&database.owner_url, folder(&files).path()).await.unwrap().already_there, 2);
}

#[tokio::test]
async fn the_application_role_may_not_migrate() {
    let database = empty_database().await;
    let refused = refusal(&database.database_url, &[ONE]).await;
    assert!(refused.contains("permission denied for schema public"), "{refused}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_or_encrypt_is_told_without_the_password() {
    let away = refusal("postgres://u:secret@127.0.0.1:9/d", &[ONE]).await;
    assert!(away.contains("cannot be used for migrating") && !away.contains("secret"), "{away}");
    let database = empty_database().await;
    let strict = database.owner_url.replace("sslmode=disable", "sslmode=verify-full");
    let refused = refusal(&strict, &[ONE]).await;
    assert!(refused.contains("TLS"), "{refused}");
}

#[tokio::test]
async fn an_encrypted_connection_is_made_only_to_a_server_that_the_authority_vouches_for() {
    let stack = DevStack::throwaway().await.unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    stack.encrypt_database(&made.cert.pem(), &made.signing_key.serialize_pem()).await.unwrap();
    let files = folder(&[ONE]);
    let authority = files.path().join("authority.pem");
    std::fs::write(&authority, made.cert.pem()).unwrap();
    let migrations = Migrations::read(files.path()).unwrap();
    let strict = stack.owner_url().replace("sslmode=disable", "sslmode=verify-full");
    let by_name = strict.replace("127.0.0.1", "localhost");

    let unknown = migrate(Database { owner_url: &by_name, authority: None }, &migrations).await.unwrap_err();
    assert!(unknown.to_string().contains("UnknownIssuer"), "{unknown}");
    let vouched = Some(authority.as_path());
    let misnamed =
        migrate(Database { owner_url: &strict, authority: vouched }, &migrations).await.unwrap_err();
    assert!(misnamed.to_string().contains("not valid for name"), "{misnamed}");
    let report = migrate(Database { owner_url: &by_name, authority: vouched }, &migrations).await.unwrap();
    assert_eq!(report.applied, ["V0001__one.sql"]);
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn the_checkouts_migrations_apply_and_the_application_role_owns_nothing_and_is_held_by_row_security() {
    let database = empty_database().await;
    let embedded = Migrations::embedded().unwrap();
    let target = Database { owner_url: &database.owner_url, authority: None };
    assert_eq!(migrate(target, &embedded).await.unwrap().applied.len(), embedded.len());
    let client = connect(&database.owner_url).await;
    let owned = client
        .query(
            "SELECT relname::text FROM pg_class WHERE relowner = 'moalog_app'::regrole \
             UNION ALL SELECT proname::text FROM pg_proc WHERE proowner = 'moalog_app'::regrole \
             UNION ALL SELECT nspname::text FROM pg_namespace WHERE nspowner = 'moalog_app'::regrole",
            &[],
        )
        .await
        .unwrap();
    assert!(owned.is_empty(), "{:?}", owned.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>());
    let role = client
        .query_one("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'moalog_app'", &[])
        .await
        .unwrap();
    assert!(!role.get::<_, bool>(0) && !role.get::<_, bool>(1));
    let unforced = client
        .query(
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relrowsecurity AND NOT relforcerowsecurity",
            &[],
        )
        .await
        .unwrap();
    assert!(unforced.is_empty(), "row security that the owner would bypass");
}

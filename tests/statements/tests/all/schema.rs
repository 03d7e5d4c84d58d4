//! What holds for every table: who owns it, what withdrawal does to it, which keys have an index.

use tests_statements::Base;

async fn names(base: &Base, sql: &str) -> Vec<String> {
    base.owner.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn every_table_says_what_withdrawal_does_to_it() {
    let base = Base::new().await;
    let silent = "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'retro'::regnamespace AND c.relkind IN ('r', 'p')
                  AND coalesce(obj_description(c.oid, 'pg_class'), '') !~* 'withdrawal[^.]*: '";
    assert_eq!(names(&base, silent).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_application_owns_nothing_and_can_change_no_schema() {
    let base = Base::new().await;
    let owned = "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = 'moalog_app'";
    assert_eq!(names(&base, owned).await, Vec::<String>::new());
    let app = base.app().await;
    for statement in [
        "CREATE TABLE retro.mine (a int)",
        "DROP TABLE retro.member",
        "ALTER TABLE retro.member DISABLE TRIGGER ALL",
        "TRUNCATE retro.member",
    ] {
        assert!(app.batch_execute(statement).await.is_err(), "{statement}");
    }
    let role = "SELECT rolname::text FROM pg_roles WHERE rolname IN ('moalog_app', 'moalog_owner') AND (rolsuper OR rolbypassrls OR rolcreaterole)";
    assert_eq!(names(&base, role).await, Vec::<String>::new());
}

#[tokio::test]
async fn every_foreign_key_has_an_index_that_begins_with_its_columns() {
    let base = Base::new().await;
    // Enough: an index whose first one or two columns are among the key's, so that a delete looks at few rows.
    let bare = "SELECT c.conname::text FROM pg_constraint c
                 WHERE c.contype = 'f' AND c.connamespace = 'retro'::regnamespace
                   AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid
                       AND (i.indkey::smallint[])[0:least(cardinality(c.conkey), 2) - 1] <@ c.conkey)
                 ORDER BY 1";
    // Plans are a handful of rows that are never deleted.
    assert_eq!(names(&base, bare).await, ["member_plan_plan_code_fkey"]);
}

#[tokio::test]
async fn ids_fit_into_json_numbers_and_two_nodes_never_make_the_same() {
    let base = Base::new().await;
    let app = base.app().await;
    let bound = 1_i64 << 53;
    let mut seen = std::collections::HashSet::new();
    for node in [0_i16, 7] {
        base.owner.execute("UPDATE retro.node SET number = $1", &[&node]).await.unwrap();
        // Both nodes count from the same start.
        base.owner.batch_execute("ALTER SEQUENCE retro.id_seq RESTART 1000").await.unwrap();
        for row in app.query("SELECT retro.next_id() FROM generate_series(1, 500)", &[]).await.unwrap() {
            let id: i64 = row.get(0);
            assert!(id > 0 && id < bound && seen.insert(id), "{id}");
        }
    }
    for row in app.query("SELECT retro.random_id() FROM generate_series(1, 5000)", &[]).await.unwrap() {
        let id: i64 = row.get(0);
        assert!(id > 0 && id < bound && seen.insert(id), "{id}");
    }
}

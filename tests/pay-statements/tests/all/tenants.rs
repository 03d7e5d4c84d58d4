//! Tenants: nobody reads, writes, blocks or probes another's rows. The tables, keys and indexes are taken from the
//! catalog, so that one added later is held, too.

use std::collections::BTreeMap;

use tests_pay_statements::{Base, EVERY_TABLE, scene, see, sqlstate};
use tokio_postgres::Client;

/// Tables of tenants; partitions are reached through their parent alone.
const TABLES: &str = "SELECT c.relname::text FROM pg_class c
    WHERE c.relnamespace = 'pay'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relname <> 'ledger_account' ORDER BY 1";

async fn names(client: &Client, sql: &str) -> Vec<String> {
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Two tenants with rows in every table.
async fn two(base: &Base) -> (Client, [i64; 2]) {
    let app = base.app().await;
    let mut tenants = [0; 2];
    for (slot, name) in tenants.iter_mut().zip(["left", "right"]) {
        let tenant = base.tenant(name).await;
        let payment = scene::captured(&app, tenant).await;
        assert_eq!(scene::refund(&app, tenant, Some("k"), payment, Some(5)).await.outcome, "DONE");
        assert_eq!(scene::order(&app, tenant, None, 700).await.outcome, "DONE");
        assert_eq!(scene::credit(&app, tenant, "CHARGE", Some(10), None).await.outcome, "DONE");
        assert_eq!(scene::credit(&app, tenant, "RESERVE", Some(5), None).await.outcome, "DONE");
        see(&base.owner, Some(tenant)).await;
        base.owner.batch_execute(EVERY_TABLE).await.unwrap();
        *slot = tenant;
    }
    for table in names(&base.owner, TABLES).await {
        for tenant in tenants {
            let rows = base.number(tenant, &format!("SELECT count(*) FROM pay.{table}"), &[]).await;
            assert!(rows > 0, "{table} has no row: add one to every_table.sql");
        }
    }
    (app, tenants)
}

#[tokio::test]
async fn every_table_is_a_tenants_own_and_says_so() {
    let base = Base::new().await;
    let open = "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'pay'::regnamespace AND c.relkind IN ('r', 'p')
                   AND c.relname <> 'ledger_account'
                   AND NOT (c.relrowsecurity AND c.relforcerowsecurity
                            AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))";
    assert_eq!(names(&base.owner, open).await, Vec::<String>::new(), "row security is on and forced");
    let silent = "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'pay'::regnamespace AND c.relkind IN ('r', 'p')
                    AND coalesce(obj_description(c.oid, 'pg_class'), '') !~* 'personal'";
    assert_eq!(names(&base.owner, silent).await, Vec::<String>::new(), "the comment says what is personal");
    let reachable = "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'pay'::regnamespace AND c.relispartition
                       AND c.relkind = 'r' AND has_any_column_privilege('moalog_app', c.oid, 'SELECT, INSERT, UPDATE')";
    assert_eq!(
        names(&base.owner, reachable).await,
        Vec::<String>::new(),
        "partitions are reached through the parent"
    );
    let borrowed =
        "SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace = 'pay'::regnamespace AND p.prosecdef";
    assert_eq!(
        names(&base.owner, borrowed).await,
        ["make_outbox_partitions"],
        "functions run with the caller's rights"
    );
}

#[tokio::test]
async fn keys_unique_indexes_and_foreign_keys_begin_with_the_tenant() {
    let base = Base::new().await;
    let tenant =
        "(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname = 'tenant_id')";
    let unique = format!(
        "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
          WHERE c.relnamespace = 'pay'::regnamespace AND i.indisunique AND c.relname <> 'ledger_account'
            AND i.indkey[0] IS DISTINCT FROM {tenant} ORDER BY 1"
    );
    // The directory of public names.
    assert_eq!(names(&base.owner, &unique).await, ["pay.tenant_merchant_id_key"]);
    let foreign = "SELECT c.conname::text FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'pay'::regnamespace
          AND NOT (EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = c.conkey[1] AND a.attname = 'tenant_id')
               AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.confrelid AND a.attnum = c.confkey[1] AND a.attname = 'tenant_id'))";
    assert_eq!(names(&base.owner, foreign).await, Vec::<String>::new());
    let keys =
        "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'pay'::regnamespace";
    let keys: i64 = base.owner.query_one(keys, &[]).await.unwrap().get(0);
    assert!(keys > 20, "only {keys} foreign keys were found");
}

#[tokio::test]
async fn no_tenant_set_is_no_rows_for_the_application_and_for_the_owner() {
    let base = Base::new().await;
    let (app, _) = two(&base).await;
    for client in [&app, &base.owner] {
        see(client, None).await;
        for table in names(&base.owner, TABLES).await {
            let sql = format!("SELECT count(*) FROM pay.{table}");
            let rows: i64 = client.query_one(&sql, &[]).await.unwrap().get(0);
            assert_eq!(rows, 0, "{table}");
        }
    }
}

/// Columns of a table that the application may write, by privilege.
async fn columns(base: &Base, table: &str, privilege: &str) -> Vec<String> {
    let sql = format!(
        "SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = 'pay.{table}'::regclass AND a.attnum > 0
            AND NOT a.attisdropped AND a.attgenerated = ''
            AND has_column_privilege('moalog_app', a.attrelid, a.attnum, '{privilege}') ORDER BY a.attnum"
    );
    names(&base.owner, &sql).await
}

#[tokio::test]
async fn no_select_update_delete_or_insert_reaches_another_tenants_rows() {
    let base = Base::new().await;
    let (app, [left, right]) = two(&base).await;
    let mut written: BTreeMap<&str, usize> = BTreeMap::new();
    for table in names(&base.owner, TABLES).await {
        see(&base.owner, Some(right)).await;
        let theirs = format!("SELECT to_jsonb(r) FROM pay.{table} r LIMIT 1");
        let theirs: serde_json::Value = base.owner.query_one(&theirs, &[]).await.unwrap().get(0);
        see(&app, Some(left)).await;
        let seen = format!("SELECT count(*) FROM pay.{table} WHERE tenant_id = $1");
        assert_eq!(app.query_one(&seen, &[&right]).await.unwrap().get::<_, i64>(0), 0, "{table}");
        let own = app.query_one(&seen, &[&left]).await.unwrap().get::<_, i64>(0);
        assert!(own > 0, "{table}: one's own are there");
        for column in columns(&base, &table, "UPDATE").await {
            let sql = format!("UPDATE pay.{table} SET {column} = {column} WHERE tenant_id = $1");
            assert_eq!(app.execute(&sql, &[&right]).await.unwrap(), 0, "{sql}");
            *written.entry("update").or_default() += 1;
            assert_ne!(column, "tenant_id", "{table}: a row never changes hands");
        }
        match app.execute(&format!("DELETE FROM pay.{table} WHERE tenant_id = $1"), &[&right]).await {
            Ok(rows) => assert_eq!(rows, 0, "{table}"),
            Err(refused) => assert_eq!(sqlstate(&refused), "42501", "{table}"),
        }
        let insertable = columns(&base, &table, "INSERT").await.join(", ");
        assert!(!insertable.is_empty(), "{table}");
        let sql = format!(
            "INSERT INTO pay.{table} ({insertable})
             SELECT {insertable} FROM jsonb_populate_record(NULL::pay.{table}, $1)"
        );
        let refused = app.execute(&sql, &[&theirs]).await.unwrap_err();
        // By row security, or by a guard of the table before it; never by what is or is not there already.
        let by = sqlstate(&refused);
        assert!(by == "42501" || by == "23514", "{table}: {refused:?}");
        *written.entry("insert").or_default() += 1;
    }
    assert!(written["insert"] >= 30 && written["update"] >= 60, "{written:?}");
}

#[tokio::test]
async fn a_foreign_key_to_another_tenants_row_fails_as_to_one_that_is_not_there() {
    let base = Base::new().await;
    let (app, [left, right]) = two(&base).await;
    let theirs = base.number(right, "SELECT min(payment_id) FROM pay.payment", &[]).await;
    let their_order = base.number(right, "SELECT min(order_id) FROM pay.customer_order", &[]).await;
    see(&app, Some(left)).await;
    let probes: [(&str, i64); 4] = [
        (
            "INSERT INTO pay.payment_history (tenant_id, payment_id, seq, from_state, to_state, cause, actor)
             VALUES ($1, $2, 90, 'REQUESTED', 'AUTHORIZED', 'x', 'x')",
            theirs,
        ),
        (
            "INSERT INTO pay.provider_call (tenant_id, payment_id, seq, step, attempt, outcome, duration_ms)
             VALUES ($1, $2, 90, 'authorize', 1, 'APPROVED', 1)",
            theirs,
        ),
        (
            "INSERT INTO pay.payment (tenant_id, order_id, currency, amount, auto_capture, provider, created_by)
             VALUES ($1, $2, 'KRW', 1, true, 'sandbox', 'x')",
            their_order,
        ),
        ("INSERT INTO pay.settlement_request (tenant_id, payment_id) VALUES ($1, $2)", theirs),
    ];
    for (sql, id) in probes {
        let mut said = Vec::new();
        for id in [id, 77] {
            let refused = app.execute(sql, &[&left, &id]).await.unwrap_err();
            let server = refused.as_db_error().unwrap();
            said.push((server.code().code().to_owned(), server.constraint().map(str::to_owned)));
        }
        assert_eq!(said[0], said[1], "{sql}");
        assert_eq!(said[0].0, "23503", "{sql}");
    }
}

/// Per table: sequential scans and the rows they read, index scans and the rows they fetched.
type Work = BTreeMap<String, [i64; 4]>;

async fn work_so_far(app: &Client) -> Work {
    let sql =
        "SELECT relname::text, seq_scan, seq_tup_read, coalesce(idx_scan, 0), coalesce(idx_tup_fetch, 0)
          FROM pg_stat_xact_user_tables WHERE schemaname = 'pay'";
    let rows = app.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), [1, 2, 3, 4].map(|column| row.get(column)))).collect()
}

/// What a function answers, and what it read for that: the same work takes the same time, whatever the machine does.
async fn answer_and_work(app: &Client, sql: &str, tenant: i64, id: i64) -> (Option<String>, Work) {
    app.batch_execute("BEGIN").await.unwrap();
    let before = work_so_far(app).await;
    let answer = app.query_one(sql, &[&tenant, &id]).await.unwrap().get(0);
    let mut work = work_so_far(app).await;
    app.batch_execute("COMMIT").await.unwrap();
    for (table, counts) in &mut work {
        for (count, before) in counts.iter_mut().zip(before.get(table).copied().unwrap_or_default()) {
            *count -= before;
        }
    }
    work.retain(|_, counts| *counts != [0; 4]);
    (answer, work)
}

#[tokio::test]
async fn functions_answer_about_anothers_rows_with_the_words_and_the_work_for_missing_ones() {
    let base = Base::new().await;
    let (_, [left, right]) = two(&base).await;
    // A session of its own, which has planned nothing yet and uses indexes as it would on full tables.
    let app = base.app().await;
    app.batch_execute("SET enable_seqscan = off").await.unwrap();
    let payment = base.number(right, "SELECT min(payment_id) FROM pay.payment", &[]).await;
    let order = base.number(right, "SELECT min(order_id) FROM pay.customer_order", &[]).await;
    let refund = base.number(right, "SELECT min(refund_id) FROM pay.refund", &[]).await;
    let file = base.number(right, "SELECT min(file_id) FROM pay.settlement_file", &[]).await;
    let reservation = base.number(right, "SELECT min(reservation_id) FROM pay.credit_reservation", &[]).await;
    let calls: [(&str, i64); 13] = [
        ("SELECT pay.payment($1, $2)::text", payment),
        ("SELECT pay.order_of($1, $2)::text", order),
        ("SELECT pay.refund_of($1, $2)::text", refund),
        ("SELECT pay.refunds($1, $2, NULL, NULL, 10)::text", payment),
        ("SELECT pay.settlement_file($1, $2)::text", file),
        ("SELECT pay.settlement_rows($1, $2, NULL, NULL, 10)::text", file),
        ("SELECT pay.reconcile_of($1, ARRAY[$2]::bigint[])::text", payment),
        (
            "SELECT pay.begin_step($1, 'e', 'k9', sha256('x'), gen_random_uuid(), 1000, $2, 'void', NULL, NULL, 'x')::text",
            payment,
        ),
        ("SELECT pay.begin_resolve($1, $2, gen_random_uuid(), 1000, 'x')::text", payment),
        ("SELECT pay.request_capture($1, 'e', 'k8', sha256('x'), $2, 'x', NULL)::text", payment),
        ("SELECT pay.create_payment($1, 'e', 'k7', sha256('x'), $2, true, 'sandbox', 'x')::text", order),
        ("SELECT pay.cancel_order($1, 'e', 'k6', sha256('x'), $2, 'x', NULL)::text", order),
        (
            "SELECT pay.change_credit($1, 'e', 'k5', sha256('x'), 'user-1', 'KRW', 'CONFIRM', 1, $2, NULL, 'x', NULL)::text",
            reservation,
        ),
    ];
    for (sql, id) in calls {
        let [theirs, missing] =
            [answer_and_work(&app, sql, left, id).await, answer_and_work(&app, sql, left, 77).await];
        assert_eq!(theirs, missing, "{sql}");
        assert!(!missing.1.is_empty(), "{sql} was not seen to read");
    }
    assert_eq!(base.number(left, "SELECT count(*) FROM pay.idempotency WHERE endpoint = 'e'", &[]).await, 0);
}

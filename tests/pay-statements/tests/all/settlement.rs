//! Settlement files, batches and the comparison of the books.

use serde_json::Value;
use tests_pay_statements::{Base, Parameter, ask, read, scene, see, step::AMOUNT};
use tokio_postgres::Client;

/// Lines, references, kinds and amounts of a file.
type Rows = Vec<(i64, String, &'static str, i64)>;

async fn begin(app: &Client, tenant: i64, name: &str) -> (String, i64) {
    let sql = "SELECT outcome, file_id FROM pay.begin_settlement_file($1, 'toss', $2, sha256(convert_to($2, 'UTF8')), 9, 'x')";
    let row = app.query_one(sql, &[&tenant, &name]).await.unwrap();
    (row.get(0), row.get(1))
}

async fn add(app: &Client, tenant: i64, file: i64, rows: &Rows) -> (i64, i64) {
    let lines: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let references: Vec<&str> = rows.iter().map(|row| row.1.as_str()).collect();
    let kinds: Vec<&str> = rows.iter().map(|row| row.2).collect();
    let amounts: Vec<i64> = rows.iter().map(|row| row.3).collect();
    let (fees, keys) = (vec![0_i64; rows.len()], vec!["pk"; rows.len()]);
    let (currencies, days) = (vec!["KRW"; rows.len()], vec!["2026-01-02"; rows.len()]);
    let sql = "SELECT outcome FROM pay.add_settlement_rows($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let own: &[Parameter<'_>] =
        &[&tenant, &file, &lines, &references, &keys, &kinds, &currencies, &amounts, &fees, &days];
    let row = app.query_one(sql, own).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "DONE");
    let counts =
        "SELECT count(*) FILTER (WHERE status = 'MATCHED'), count(*) FILTER (WHERE status = 'UNMATCHED')
                    FROM pay.settlement_row WHERE tenant_id = $1 AND file_id = $2 AND line_no = ANY ($3)";
    see(app, Some(tenant)).await;
    let row = app.query_one(counts, &[&tenant, &file, &lines]).await.unwrap();
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn each_row_of_a_file_matches_once_or_says_why_not() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("file").await);
    let payment = scene::captured(&app, tenant).await;
    let open = scene::authorized(&app, tenant).await;
    let got = scene::refund(&app, tenant, None, payment, Some(70)).await;
    scene::finish_refund(&app, tenant, &got, "COMPLETED").await;
    let elsewhere = base.tenant("file-of-another").await;
    let theirs = scene::captured(&app, elsewhere).await;
    let of = |payment: i64| format!("mo-{tenant}-{payment}");
    let rows: Rows = vec![
        (1, of(payment), "PAYMENT", AMOUNT),
        (2, of(payment), "PAYMENT", AMOUNT),
        (3, of(payment), "CANCEL", 70),
        (4, of(payment), "CANCEL", 71),
        (5, of(open), "PAYMENT", AMOUNT),
        (6, of(payment), "PAYMENT", 1),
        (7, of(theirs), "PAYMENT", AMOUNT),
        (8, format!("mo-{elsewhere}-{theirs}"), "PAYMENT", AMOUNT),
        (9, "order-9".to_owned(), "PAYMENT", AMOUNT),
        (10, of(open), "CANCEL", 5),
    ];
    let (outcome, file) = begin(&app, tenant, "a.csv").await;
    assert_eq!(outcome, "NEW");
    assert_eq!(add(&app, tenant, file, &rows).await, (2, 8));
    assert_eq!(add(&app, tenant, file, &rows).await, (2, 8), "a repeat changes nothing");
    assert_eq!(begin(&app, tenant, "a.csv").await, ("RESUME".to_owned(), file));
    let list = "SELECT pay.settlement_rows($1, $2, 'UNMATCHED', NULL, 100)";
    let unmatched = read(&app, list, &[&tenant, &file]).await;
    let reasons: Vec<(i64, &str)> = unmatched
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["line"].as_i64().unwrap(), row["reason"].as_str().unwrap()))
        .collect();
    let unknown = "UNKNOWN_PAYMENT";
    assert_eq!(
        reasons,
        [
            (2, "DOUBLED"),
            (4, "AMOUNT_DIFFERS"),
            (5, "STATE_DIFFERS"),
            (6, "AMOUNT_DIFFERS"),
            (7, unknown),
            (8, unknown),
            (9, unknown),
            (10, "STATE_DIFFERS")
        ]
    );
    let end = "SELECT outcome, result FROM pay.end_settlement_file($1, $2)";
    assert_eq!(ask(&app, end, &[&tenant, &file]).await.result["matched"], 2);
    assert_eq!(begin(&app, tenant, "a.csv").await.0, "DONE", "the same bytes again are nothing new");
    scene::finish_capture(&app, tenant, open, "CAPTURED").await;
    let again = "SELECT outcome, result FROM pay.rematch_settlement_file($1, $2)";
    assert_eq!(ask(&app, again, &[&tenant, &file]).await.result["matched"], 3);
}

#[tokio::test]
async fn five_thousand_rows_are_matched() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("big-file").await);
    let made = "INSERT INTO pay.payment (tenant_id, currency, amount, auto_capture, provider, created_by)
                SELECT $1, 'KRW', 100, true, 'sandbox', 'x' FROM generate_series(1, 5000)";
    base.change(tenant, made, &[&tenant]).await.unwrap();
    let captured =
        "UPDATE pay.payment SET state = 'CAPTURED', moves = 3, captured = 100, captured_at = now()";
    base.change(tenant, captured, &[]).await.unwrap();
    let ids = base.owner.query("SELECT payment_id FROM pay.payment", &[]).await.unwrap();
    let rows: Rows = (1..)
        .zip(&ids)
        .map(|(n, row)| (n, format!("mo-{tenant}-{}", row.get::<_, i64>(0)), "PAYMENT", 100))
        .collect();
    let (_, file) = begin(&app, tenant, "big.csv").await;
    let mut matched = 0;
    for chunk in rows.chunks(1_000) {
        matched += add(&app, tenant, file, &chunk.to_vec()).await.0;
    }
    assert_eq!(matched, 5_000);
}

#[tokio::test]
async fn a_capture_or_refund_is_in_one_batch_and_a_day_must_be_over() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("batch").await);
    let payment = scene::captured(&app, tenant).await;
    let got = scene::refund(&app, tenant, None, payment, Some(70)).await;
    scene::finish_refund(&app, tenant, &got, "COMPLETED").await;
    let make = "SELECT outcome, result FROM pay.make_settlement_batch($1, (now() AT TIME ZONE 'UTC')::date - $2::integer, 'x')";
    assert_eq!(ask(&app, make, &[&tenant, &0]).await.outcome, "DAY_NOT_OVER");
    for age in [
        "UPDATE pay.payment SET captured_at = captured_at - interval '1 day'",
        "UPDATE pay.refund SET finished_at = finished_at - interval '1 day'",
    ] {
        base.change(tenant, age, &[]).await.unwrap();
    }
    let made = ask(&app, make, &[&tenant, &1]).await;
    let batch = &made.result[0];
    assert_eq!(
        (made.outcome.as_str(), &batch["captures"], &batch["refunds"]),
        ("DONE", &1.into(), &1.into())
    );
    assert_eq!(
        (&batch["captured"], &batch["fees"], &batch["net"]),
        (&AMOUNT.into(), &300.into(), &(AMOUNT - 370).into())
    );
    assert_eq!(ask(&app, make, &[&tenant, &1]).await.outcome, "SAME");
    let items = "SELECT pay.settlement_items($1, $2, NULL, 10)";
    let items = read(&app, items, &[&tenant, &batch["batchId"].as_i64()]).await;
    assert_eq!(items.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_books_agree_and_a_difference_is_named() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("books").await);
    let payment = scene::captured(&app, tenant).await;
    let got = scene::refund(&app, tenant, None, payment, Some(70)).await;
    scene::finish_refund(&app, tenant, &got, "COMPLETED").await;
    scene::authorized(&app, tenant).await;
    let page =
        "SELECT pay.reconcile_page($1, now() - interval '1 hour', now() + interval '1 hour', NULL, 100)";
    let rows = read(&app, page, &[&tenant]).await;
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!((&rows[0]["difference"], &rows[0]["ledgerRefunded"]), (&Value::Null, &70.into()));
    let unposted = "WITH p AS (INSERT INTO pay.payment (tenant_id, currency, amount, auto_capture, provider, created_by)
                    VALUES ($1, 'KRW', 100, true, 'sandbox', 'x') RETURNING payment_id) SELECT payment_id FROM p";
    let unposted = base.number(tenant, unposted, &[&tenant]).await;
    let captured = "UPDATE pay.payment SET state = 'CAPTURED', moves = 3, captured = 100, captured_at = now()
                     WHERE payment_id = $1";
    base.change(tenant, captured, &[&unposted]).await.unwrap();
    let rows = read(&app, page, &[&tenant]).await;
    assert_eq!(
        (&rows[1]["paymentId"], &rows[1]["difference"]),
        (&unposted.into(), &"CAPTURE_NOT_IN_LEDGER".into())
    );
    let totals = read(&app, "SELECT pay.reconcile_totals($1, NULL, NULL)", &[&tenant]).await;
    assert_eq!(totals["rows"][0]["captured"], AMOUNT + 100);
    assert_eq!(totals["rows"][0]["ledgerCaptured"], AMOUNT);
}

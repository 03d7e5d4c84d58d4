//! Money: refunds, the ledger and credits, when many come at once and when somebody cheats.

use futures::future::join_all;
use tests_pay_statements::{Base, read, scene, see, sqlstate, step::*, violated};
use tokio_postgres::Client;

#[tokio::test(flavor = "multi_thread")]
async fn parallel_refunds_never_exceed_what_was_captured() {
    let base = Base::new().await;
    let (apps, tenant) = (base.apps(32).await, base.tenant("refunds").await);
    let payment = scene::captured(&apps[0], tenant).await;
    for round in 0..12_i64 {
        let got =
            join_all((0..64).map(async |n| {
                scene::refund(&apps[n % 32], tenant, None, payment, Some(4_000 + round)).await
            }))
            .await;
        let done: Vec<_> = got.into_iter().filter(|one| one.outcome == "DONE").collect();
        assert!(done.len() <= 1, "one refund at a time");
        let Some(one) = done.first() else { break };
        let to = if round == 1 { "FAILED" } else { "COMPLETED" };
        assert_eq!(scene::finish_refund(&apps[0], tenant, one, to).await, "DONE");
        assert_eq!(scene::finish_refund(&apps[0], tenant, one, to).await, "STALE", "an end counts once");
    }
    let given = "SELECT sum(amount::bigint)::bigint FROM pay.refund WHERE state = 'COMPLETED'";
    let given = base.number(tenant, given, &[]).await;
    assert!(given > AMOUNT - 4_100 && given <= AMOUNT, "{given}");
    let rest = scene::refund(&apps[0], tenant, None, payment, None).await;
    assert_eq!(scene::finish_refund(&apps[0], tenant, &rest, "COMPLETED").await, "DONE");
    assert_eq!(scene::payment(&apps[0], tenant, payment).await["status"], "REFUNDED");
    assert_eq!(scene::refund(&apps[0], tenant, None, payment, None).await.outcome, "CONFLICT");
}

#[tokio::test]
async fn refunds_are_refused_by_time_number_and_amount() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("refused").await);
    let payment = scene::captured(&app, tenant).await;
    let ask = async |amount| scene::refund(&app, tenant, None, payment, Some(amount)).await.outcome;
    assert_eq!(ask(AMOUNT + 1).await, "EXCEEDS_REMAINING");
    assert_eq!(ask(i64::MAX).await, "EXCEEDS_REMAINING");
    assert_eq!(ask(0).await, "NOT_POSITIVE");
    assert_eq!(ask(i64::MIN).await, "NOT_POSITIVE");
    for _ in 0..10 {
        let got = scene::refund(&app, tenant, None, payment, Some(1)).await;
        assert_eq!(scene::finish_refund(&app, tenant, &got, "COMPLETED").await, "DONE");
    }
    assert_eq!(ask(1).await, "TOO_MANY");
    let old = scene::captured(&app, tenant).await;
    let age = "UPDATE pay.payment SET captured_at = now() - interval '7 days 1 second' WHERE payment_id = $1";
    base.change(tenant, age, &[&old]).await.unwrap();
    assert_eq!(scene::refund(&app, tenant, None, old, None).await.outcome, "WINDOW_OVER");
    let charged_back = scene::captured(&app, tenant).await;
    let taken = "UPDATE pay.payment SET charged_back = amount - 10 WHERE payment_id = $1";
    base.change(tenant, taken, &[&charged_back]).await.unwrap();
    assert_eq!(scene::refund(&app, tenant, None, charged_back, Some(11)).await.outcome, "EXCEEDS_REMAINING");
    assert_eq!(scene::refund(&app, tenant, None, charged_back, Some(10)).await.outcome, "DONE");
}

#[tokio::test]
async fn a_payment_cannot_say_other_sums_than_its_refunds() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("sums").await);
    let payment = scene::captured(&app, tenant).await;
    see(&app, Some(tenant)).await;
    let refused = "UPDATE pay.payment SET refunded = 5 WHERE payment_id = $1";
    assert_eq!(violated(&app.execute(refused, &[&payment]).await.unwrap_err()), "payment_refunds_agree");
    let refused = "INSERT INTO pay.refund (tenant_id, payment_id, amount, currency, reason, requested_by)
                   VALUES ($1, $2, 5, 'KRW', 'x', 'x')";
    assert_eq!(
        violated(&app.execute(refused, &[&tenant, &payment]).await.unwrap_err()),
        "payment_refunds_agree"
    );
}

/// Writes a journal entry by hand: number of the event, amounts of its lines.
async fn journal(
    app: &Client,
    tenant: i64,
    payment: i64,
    seq: i32,
    amounts: &[i64],
) -> Result<(), tokio_postgres::Error> {
    let sql = "WITH head AS (INSERT INTO pay.ledger_transaction (tenant_id, subject_id, source_seq, payment_id, kind, hash)
                             VALUES ($1, $2, $3::integer, $2, 'FEE', sha256('')))
               INSERT INTO pay.ledger_line (tenant_id, subject_id, source_seq, line_no, account, amount, currency)
               SELECT $1, $2, $3::integer, l.n, 'FEES', l.amount, 'KRW' FROM unnest($4::bigint[]) WITH ORDINALITY AS l (amount, n)";
    app.execute(sql, &[&tenant, &payment, &seq, &amounts]).await.map(|_| ())
}

#[tokio::test]
async fn a_journal_that_is_not_zero_in_sum_or_too_short_cannot_commit() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("zero").await);
    let payment = scene::authorized(&app, tenant).await;
    see(&app, Some(tenant)).await;
    for amounts in [&[5_i64, -4][..], &[5], &[], &[5, -5, 1], &[1, 1, 1]] {
        let refused = journal(&app, tenant, payment, 50, amounts).await.unwrap_err();
        assert_eq!(violated(&refused), "ledger_balanced", "{amounts:?}");
    }
    journal(&app, tenant, payment, 50, &[5, -4, -1]).await.unwrap();
    let two_currencies = "WITH head AS (INSERT INTO pay.ledger_transaction
                              (tenant_id, subject_id, source_seq, payment_id, kind, hash)
                              VALUES ($1, $2, 51, $2, 'FEE', sha256('')))
                          INSERT INTO pay.ledger_line VALUES ($1, $2, 51, 1, 'FEES', 5, 'KRW'),
                              ($1, $2, 51, 2, 'CASH', -5, 'USD')";
    let refused = app.execute(two_currencies, &[&tenant, &payment]).await.unwrap_err();
    assert_eq!(violated(&refused), "ledger_balanced");
}

#[tokio::test]
async fn the_ledger_takes_no_change_and_no_further_line() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("fixed").await);
    let payment = scene::captured(&app, tenant).await;
    see(&app, Some(tenant)).await;
    let pair = "INSERT INTO pay.ledger_line SELECT tenant_id, subject_id, source_seq, line_no + 5, account,
                       CASE line_no WHEN 1 THEN 7 ELSE -7 END, currency
                  FROM pay.ledger_line WHERE subject_id = $1 AND line_no <= 2";
    assert_eq!(violated(&app.execute(pair, &[&payment]).await.unwrap_err()), "ledger_balanced");
    // Neither when the check has been made before the line comes, in one transaction.
    let early = format!(
        "BEGIN; INSERT INTO pay.ledger_transaction (tenant_id, subject_id, source_seq, payment_id, kind, hash)
             VALUES ({tenant}, {payment}, 90, {payment}, 'FEE', sha256(''));
         INSERT INTO pay.ledger_line VALUES ({tenant}, {payment}, 90, 1, 'FEES', 5, 'KRW'),
             ({tenant}, {payment}, 90, 2, 'FEES', -5, 'KRW');
         SET CONSTRAINTS ALL IMMEDIATE;
         INSERT INTO pay.ledger_line VALUES ({tenant}, {payment}, 90, 3, 'FEES', 5, 'KRW'); COMMIT"
    );
    assert_eq!(violated(&app.batch_execute(&early).await.unwrap_err()), "ledger_balanced");
    app.batch_execute("ROLLBACK").await.unwrap();
    for table in ["ledger_transaction", "ledger_line", "payment_history", "provider_call", "credit_entry"] {
        for change in
            ["UPDATE pay.{} SET tenant_id = tenant_id", "DELETE FROM pay.{}", "TRUNCATE pay.{} CASCADE"]
        {
            let sql = change.replace("{}", table);
            assert_eq!(sqlstate(&app.execute(&sql, &[]).await.unwrap_err()), "42501", "{sql}");
            assert_eq!(violated(&base.change(tenant, &sql, &[]).await.unwrap_err()), "append_only", "{sql}");
        }
    }
}

#[tokio::test]
async fn verify_names_the_first_row_that_is_not_as_it_was_written() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("verify").await);
    let payments = [scene::captured(&app, tenant).await, scene::captured(&app, tenant).await];
    let verify = "SELECT outcome, subject_id, entry, problem FROM pay.ledger_verify($1)";
    let sound = app.query_one(verify, &[&tenant]).await.unwrap();
    assert_eq!(sound.get::<_, String>(0), "OK");
    let tampered = "UPDATE pay.ledger_line SET account = 'CASH'
                     WHERE subject_id = $1 AND source_seq = 3 AND account = 'PROVIDER_RECEIVABLE'";
    base.change(tenant, "ALTER TABLE pay.ledger_line DISABLE TRIGGER append_only", &[]).await.unwrap();
    assert_eq!(base.change(tenant, tampered, &[&payments[1]]).await.unwrap(), 1);
    let broken = app.query_one(verify, &[&tenant]).await.unwrap();
    let named = (broken.get::<_, String>(0), broken.get::<_, i64>(1), broken.get::<_, i32>(2));
    assert_eq!(named, ("BROKEN".to_owned(), payments[1], 3));
    assert_eq!(broken.get::<_, String>(3), "HASH_DIFFERS");
}

#[tokio::test(flavor = "multi_thread")]
async fn credits_are_never_below_nothing_and_holds_count() {
    let base = Base::new().await;
    let (apps, tenant) = (base.apps(32).await, base.tenant("credits").await);
    assert_eq!(scene::credit(&apps[0], tenant, "RESERVE", Some(1), None).await.outcome, "NO_ACCOUNT");
    assert_eq!(scene::credit(&apps[0], tenant, "CHARGE", Some(100), None).await.outcome, "DONE");
    let got =
        join_all((0..64).map(async |n| scene::credit(&apps[n % 32], tenant, "RESERVE", Some(7), None).await))
            .await;
    let held: Vec<i64> = got.iter().filter_map(|one| one.result["entry"]["reservationId"].as_i64()).collect();
    assert_eq!(held.len(), 14, "14 times 7 fit into 100");
    assert!(got.iter().all(|one| ["DONE", "INSUFFICIENT"].contains(&one.outcome.as_str())));
    assert_eq!(scene::credit(&apps[0], tenant, "EXPIRE", Some(3), None).await.outcome, "INSUFFICIENT");
    // Confirmed and cancelled at once: each credit ends one way.
    join_all((0..28).map(async |n| {
        let kind = if n % 2 == 0 { "CONFIRM" } else { "CANCEL" };
        scene::credit(&apps[n % 32], tenant, kind, None, Some(held[n / 2])).await
    }))
    .await;
    let balance = read(&apps[0], "SELECT pay.credit_balance($1, 'user-1', 'KRW')", &[&tenant]).await;
    assert_eq!(balance["reserved"], 0);
    let confirmed = "SELECT coalesce(sum(confirmed::bigint), 0)::bigint FROM pay.credit_reservation";
    let confirmed = base.number(tenant, confirmed, &[]).await;
    assert_eq!(balance["balance"], 100 - confirmed);
    let torn = "SELECT count(*) FROM pay.credit_reservation WHERE confirmed + cancelled <> amount";
    assert_eq!(base.number(tenant, torn, &[]).await, 0);
    let direct = "UPDATE pay.credit_account SET reserved = balance + 1";
    assert_eq!(violated(&base.change(tenant, direct, &[]).await.unwrap_err()), "credit_account_covered");
}

#[tokio::test]
async fn amounts_beyond_what_json_numbers_hold_are_refused_everywhere() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("limits").await);
    let most = rules_payment::money::MINOR_UNITS_MAX;
    let begin = "SELECT outcome FROM pay.begin_authorize($1, 'e', NULL, NULL, gen_random_uuid(), 1000, NULL, $2, 'KRW',
                        true, 'sandbox', 'x')";
    app.query_one(begin, &[&tenant, &most]).await.unwrap();
    for amount in [most + 1, i64::MAX, 0, -1, i64::MIN] {
        let refused = app.query_one(begin, &[&tenant, &amount]).await.unwrap_err();
        assert_eq!(sqlstate(&refused), "23514", "{amount}");
    }
    assert_eq!(scene::credit(&app, tenant, "CHARGE", Some(most), None).await.outcome, "DONE");
    assert_eq!(scene::credit(&app, tenant, "CHARGE", Some(1), None).await.outcome, "TOO_LARGE");
    let overflow =
        "SELECT outcome FROM pay.create_order($1, 'o', NULL, NULL, 'u', 'KRW', 1, NULL, '{a,b}', '{a,b}',
                           '{100000,100000}', ARRAY[$2, $2]::bigint[], 'x', NULL)";
    let outcome: String = app.query_one(overflow, &[&tenant, &most]).await.unwrap().get(0);
    assert_eq!(outcome, "TOTAL_DIFFERS", "a sum that leaves i64 is computed and refused");
}

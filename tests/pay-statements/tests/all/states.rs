//! States: the database holds the very list of the rules, and nothing reaches a state outside of it.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use rules_payment::{
    Event, State,
    credit::CreditEntry,
    ledger::Account,
    order::{OrderEvent, OrderState},
    state,
};
use tests_pay_statements::{Base, scene, step::*, violated};
use tokio_postgres::Client;

#[tokio::test]
async fn every_pair_of_states_is_judged_by_the_database_as_by_the_rules() {
    let base = Base::new().await;
    for from in State::ALL {
        for to in State::ALL {
            let sql = "SELECT pay.may_move($1, $2)";
            let may: bool = base.owner.query_one(sql, &[&from.name(), &to.name()]).await.unwrap().get(0);
            assert_eq!(may, state::may_move(from, to), "{} to {}", from.name(), to.name());
        }
    }
}

#[tokio::test]
async fn every_pair_of_order_states_is_judged_by_the_database_as_by_the_rules() {
    let base = Base::new().await;
    for from in OrderState::ALL {
        for to in OrderState::ALL {
            let sql = "SELECT pay.may_move_order($1, $2)";
            let may: bool = base.owner.query_one(sql, &[&from.name(), &to.name()]).await.unwrap().get(0);
            let listed = OrderEvent::ALL.into_iter().any(|event| from.after(event) == Ok(to));
            assert_eq!(may, listed, "{} to {}", from.name(), to.name());
        }
    }
}

#[tokio::test]
async fn what_the_rules_announce_is_what_the_database_announces() {
    let base = Base::new().await;
    for from in State::ALL {
        for event in Event::ALL {
            let Ok(to) = from.after(event) else { continue };
            let sql = "SELECT pay.event_of($1, $2)";
            let announced: Option<String> =
                base.owner.query_one(sql, &[&from.name(), &to.name()]).await.unwrap().get(0);
            // The statement that ends a failed refund asks for no event.
            let failed = matches!(event, Event::FailFirstRefund | Event::FailLaterRefund);
            if !failed {
                assert_eq!(announced.as_deref(), event.announced_as(), "{from:?} {event:?}");
            }
        }
    }
}

#[tokio::test]
async fn names_of_states_accounts_and_credit_entries_are_the_same_on_both_sides() {
    let base = Base::new().await;
    let app = base.app().await;
    for state in State::ALL {
        app.query_one("SELECT $1::text::pay.payment_state", &[&state.name()]).await.unwrap();
    }
    let mut codes: Vec<&str> = Account::ALL.iter().map(|account| account.code()).collect();
    codes.sort_unstable();
    let known: Vec<String> = app
        .query("SELECT account FROM pay.ledger_account ORDER BY account COLLATE \"C\"", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(known, codes);
    for code in codes {
        app.query_one("SELECT $1::text::pay.account", &[&code]).await.unwrap();
    }
    let tenant = base.tenant("names").await;
    assert_eq!(scene::credit(&app, tenant, "CHARGE", Some(10), None).await.outcome, "DONE");
    for entry in CreditEntry::ALL {
        // Known kinds are judged; none is a word the statement does not know.
        let got = scene::credit(&app, tenant, entry.name(), Some(5), None).await;
        let expected = match entry {
            CreditEntry::Charge | CreditEntry::Reserve | CreditEntry::Refund | CreditEntry::Expire => "DONE",
            CreditEntry::Confirm | CreditEntry::Cancel => "NO_RESERVATION",
        };
        assert_eq!(got.outcome, expected, "{entry:?}");
    }
}

/// What one wild step did, by name: the statements themselves decide what is allowed.
async fn wild(app: &Client, tenant: i64, payment: i64, choice: u32) -> String {
    let step = Step::new(tenant, None);
    let paths: [&[&str]; 8] = [
        &["AUTHORIZED"],
        &["AUTHORIZED", "CAPTURE_REQUESTED"],
        &["AUTHORIZED", "CAPTURE_REQUESTED", "CAPTURED"],
        &["AUTH_FAILED"],
        &["AUTH_UNKNOWN"],
        &["VOIDED"],
        &["REFUNDED"],
        &["EXPIRED", "AUTHORIZED"],
    ];
    match choice {
        0..=7 => {
            let name = if choice == 5 { "void" } else { "authorize" };
            let begun = step.begin_on(app, payment, name).await;
            if begun.outcome != "BEGUN" && begun.outcome != "RESUME" {
                return begun.outcome;
            }
            let path = paths[choice as usize];
            let end = if path == ["AUTH_UNKNOWN"] { "UNKNOWN" } else { "KNOWN" };
            let ended = step.finish(app, &begun, &End { path, end, ..End::default() }).await.0;
            if ended != "DONE" {
                let freed = "SELECT pay.release_step($1, $2, $3)";
                app.query_one(freed, &[&tenant, &payment, &step.claim]).await.unwrap();
            }
            ended
        }
        8 => scene::capture(app, tenant, None, payment).await.outcome,
        9 => scene::finish_capture(app, tenant, payment, "CAPTURED").await,
        10 => scene::finish_capture(app, tenant, payment, "CAPTURE_FAILED").await,
        _ => {
            let got = scene::refund(app, tenant, None, payment, Some(i64::from(choice) * 500)).await;
            if got.outcome == "DONE" {
                let to = if choice.is_multiple_of(2) { "COMPLETED" } else { "FAILED" };
                assert_eq!(scene::finish_refund(app, tenant, &got, to).await, "DONE");
            }
            got.outcome
        }
    }
}

#[tokio::test]
async fn no_sequence_of_statements_reaches_an_unlisted_state_and_events_are_there_exactly_when_states_say_so()
{
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("wild").await);
    let mut random = StdRng::seed_from_u64(4);
    for _ in 0..60 {
        let step = Step::new(tenant, None);
        let begun = step.begin(&app).await;
        let freed = "SELECT pay.release_step($1, $2, $3)";
        app.query_one(freed, &[&tenant, &begun.payment, &step.claim]).await.unwrap();
        for _ in 0..25 {
            wild(&app, tenant, begun.payment.unwrap(), random.random_range(0..16)).await;
        }
    }
    for (what, sql) in [
        (
            "a history that has no gap and ends in the state",
            "SELECT count(*) FROM pay.payment p WHERE p.state <> coalesce((SELECT h.to_state FROM pay.payment_history h
                WHERE h.payment_id = p.payment_id ORDER BY seq DESC LIMIT 1), 'REQUESTED')
                OR p.moves <> (SELECT count(*) FROM pay.payment_history h WHERE h.payment_id = p.payment_id)",
        ),
        (
            "each row of history begins where the one before ended",
            "SELECT count(*) FROM (SELECT from_state, lag(to_state, 1, 'REQUESTED') OVER
                (PARTITION BY payment_id ORDER BY seq) AS was FROM pay.payment_history) h WHERE from_state <> was",
        ),
        (
            "an event for each announced move, numbered without gap",
            "SELECT count(*) FROM pay.payment p WHERE p.event_seq <> (SELECT count(*) FROM pay.outbox_event e
                WHERE e.aggregate_id = p.payment_id) OR p.event_seq <> coalesce((SELECT max(e.aggregate_seq)::bigint
                FROM pay.outbox_event e WHERE e.aggregate_id = p.payment_id), 0)
                OR p.event_seq <> (SELECT count(pay.event_of(h.from_state, h.to_state)) FROM pay.payment_history h
                WHERE h.payment_id = p.payment_id AND h.cause <> 'FAILED')",
        ),
    ] {
        assert_eq!(base.number(tenant, sql, &[]).await, 0, "{what}");
    }
    let seen = base.number(tenant, "SELECT count(DISTINCT state::text) FROM pay.payment", &[]).await;
    assert!(seen >= 6, "the sequences went to {seen} states only");
}

#[tokio::test]
async fn the_applications_own_update_cannot_move_a_payment_off_the_list_either() {
    let base = Base::new().await;
    let (app, tenant) = (base.app().await, base.tenant("direct").await);
    let payment = scene::authorized(&app, tenant).await;
    tests_pay_statements::see(&app, Some(tenant)).await;
    for (sql, constraint) in [
        ("UPDATE pay.payment SET state = 'REFUNDED' WHERE payment_id = $1", "payment_listed_moves"),
        ("UPDATE pay.payment SET state = 'REFUNDED', moves = moves + 1 WHERE payment_id = $1", "payment_listed_moves"),
        ("UPDATE pay.payment SET state = 'CAPTURED' WHERE payment_id = $1", "payment_listed_moves"),
        (
            "INSERT INTO pay.payment_history (tenant_id, payment_id, seq, from_state, to_state, cause, actor)
             SELECT tenant_id, payment_id, 9, 'CAPTURED', 'AUTHORIZED', 'x', 'x' FROM pay.payment WHERE payment_id = $1",
            "payment_history_listed",
        ),
        ("UPDATE pay.payment SET refunded = 1 WHERE payment_id = $1", "payment_refunds_within_captured"),
        ("UPDATE pay.payment SET captured = amount + 1 WHERE payment_id = $1", "payment_refunds_within_captured"),
    ] {
        let refused = app.execute(sql, &[&payment]).await.unwrap_err();
        assert_eq!(violated(&refused), constraint, "{sql}");
    }
    let born_captured =
        "INSERT INTO pay.payment (tenant_id, state, currency, amount, auto_capture, provider, created_by)
                         VALUES ($1, 'CAPTURED', 'KRW', 1, true, 'sandbox', 'x')";
    assert_eq!(
        violated(&app.execute(born_captured, &[&tenant]).await.unwrap_err()),
        "payment_begins_requested"
    );
}

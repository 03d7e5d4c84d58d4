//! A provider step as a component takes it: begin, and finish with what the provider said.

use rules_payment::{Currency, Money, Posting};
use tokio_postgres::Client;
use uuid::Uuid;

/// What a begin answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    /// Its word.
    pub outcome: String,
    /// The payment; none in refusals.
    pub payment: Option<i64>,
    /// Its version.
    pub version: Option<i32>,
    /// Which try this is.
    pub attempt: Option<i32>,
    /// Its state.
    pub state: Option<String>,
    /// The step whose end is not known.
    pub open_step: Option<String>,
    /// The stored answer of a replay.
    pub answer: Option<(i32, String)>,
}

/// One caller's work on a step.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// The tenant.
    pub tenant: i64,
    /// The caller's idempotency key.
    pub key: Option<&'a str>,
    /// What was sent; its hash is taken.
    pub request: &'a str,
    /// The caller's token.
    pub claim: Uuid,
    /// How long the caller may take, in milliseconds.
    pub lease_ms: i32,
}

/// Where a step leads.
#[derive(Clone, Debug, Default)]
pub struct End<'a> {
    /// The states passed.
    pub path: &'a [&'a str],
    /// KNOWN, FAILED or UNKNOWN.
    pub end: &'a str,
    /// The answer to be stored.
    pub body: Option<&'a str>,
    /// What the provider's echo differs in, as JSON.
    pub review: Option<&'a str>,
    /// Kind of each line, account, signed minor units.
    pub lines: Option<(Vec<String>, Vec<String>, Vec<i64>)>,
}

/// Under which the tests keep their keys.
pub const ENDPOINT: &str = "step.test";
/// What every payment of the tests is over, in won.
pub const AMOUNT: i64 = 15_000;

const COLUMNS: &str = "outcome, payment_id, version, attempt, state, open_step, answer_status, answer_body";

impl<'a> Step<'a> {
    /// A step of a caller of one's own, with half a minute for it.
    #[must_use]
    pub fn new(tenant: i64, key: Option<&'a str>) -> Self {
        Self { tenant, key, request: "request", claim: Uuid::new_v4(), lease_ms: 30_000 }
    }

    /// Begins to authorize a new payment.
    pub async fn begin(&self, app: &Client) -> Begun {
        self.begin_order(app, None, Some(AMOUNT)).await
    }

    /// Begins to authorize a new payment, of an order.
    pub async fn begin_order(&self, app: &Client, order: Option<i64>, amount: Option<i64>) -> Begun {
        let sql = format!(
            "SELECT {COLUMNS} FROM pay.begin_authorize($1, $2, $3, sha256(convert_to($4, 'UTF8')), $5, $6, $7, $8,
                    'KRW', true, 'sandbox', 'merchant:test')"
        );
        let row = app
            .query_one(
                &sql,
                &[
                    &self.tenant,
                    &ENDPOINT,
                    &self.key,
                    &self.request,
                    &self.claim,
                    &self.lease_ms,
                    &order,
                    &amount,
                ],
            )
            .await;
        Begun::of(&row.unwrap())
    }

    /// Begins a step of a payment that is there.
    pub async fn begin_on(&self, app: &Client, payment: i64, step: &str) -> Begun {
        let sql = format!(
            "SELECT {COLUMNS} FROM pay.begin_step($1, $2, $3, sha256(convert_to($4, 'UTF8')), $5, $6, $7, $8,
                    NULL, NULL, 'merchant:test')"
        );
        let row = app
            .query_one(
                &sql,
                &[
                    &self.tenant,
                    &ENDPOINT,
                    &self.key,
                    &self.request,
                    &self.claim,
                    &self.lease_ms,
                    &payment,
                    &step,
                ],
            )
            .await;
        Begun::of(&row.unwrap())
    }

    /// Takes a payment whose end is not known.
    pub async fn resolve(&self, app: &Client, payment: i64) -> Begun {
        let sql = format!("SELECT {COLUMNS} FROM pay.begin_resolve($1, $2, $3, $4, 'reconciler')");
        let row = app.query_one(&sql, &[&self.tenant, &payment, &self.claim, &self.lease_ms]).await;
        Begun::of(&row.unwrap())
    }

    /// Ends what was begun; the word and the state.
    pub async fn finish(&self, app: &Client, begun: &Begun, end: &End<'_>) -> (String, Option<String>) {
        self.try_finish(app, begun, end).await.unwrap()
    }

    /// Ends what was begun, if the database lets it.
    pub async fn try_finish(
        &self,
        app: &Client,
        begun: &Begun,
        end: &End<'_>,
    ) -> Result<(String, Option<String>), tokio_postgres::Error> {
        let sql = "SELECT outcome, state FROM pay.finish_step($1, $2, $3, $4, $5, $6, 'test', 'merchant:test', NULL, $7,
                          $8, 200, $9, 'pk', 'ok', $10, 'authorize', 1, 'APPROVED', NULL, 12, $11, $12, $13, NULL)";
        let path: Vec<String> = end.path.iter().map(|state| (*state).to_owned()).collect();
        let lines = end.lines.clone();
        let (kinds, accounts, amounts) = match lines {
            Some((kinds, accounts, amounts)) => (Some(kinds), Some(accounts), Some(amounts)),
            None => (None, None, None),
        };
        let row = app
            .query_one(
                sql,
                &[
                    &self.tenant,
                    &begun.payment,
                    &self.claim,
                    &begun.version,
                    &path,
                    &end.end,
                    &ENDPOINT,
                    &self.key,
                    &end.body,
                    &end.review,
                    &kinds,
                    &accounts,
                    &amounts,
                ],
            )
            .await?;
        Ok((row.get(0), row.get(1)))
    }
}

impl Begun {
    fn of(row: &tokio_postgres::Row) -> Self {
        let status: Option<i32> = row.get(6);
        Self {
            outcome: row.get(0),
            payment: row.get(1),
            version: row.get(2),
            attempt: row.get(3),
            state: row.get(4),
            open_step: row.get(5),
            answer: status.map(|status| (status, row.get(7))),
        }
    }
}

impl<'a> End<'a> {
    /// Authorized and at once asked for, with its memo in the ledger.
    #[must_use]
    pub fn authorized(body: &'a str) -> Self {
        let path = &["AUTHORIZED", "CAPTURE_REQUESTED"];
        Self { path, end: "KNOWN", body: Some(body), lines: Some(lines("AUTHORIZE")), ..Self::default() }
    }

    /// Nobody knows.
    #[must_use]
    pub fn unknown() -> Self {
        Self { path: &["AUTH_UNKNOWN"], end: "UNKNOWN", ..Self::default() }
    }
}

/// What a move posts over the tests' amount, as a statement takes it.
#[must_use]
pub fn lines(kind: &str) -> (Vec<String>, Vec<String>, Vec<i64>) {
    let amount = Money::positive(AMOUNT, Currency::KRW).unwrap();
    let posting = match kind {
        "AUTHORIZE" => Posting::authorize(amount),
        "CAPTURE" => Posting::capture(amount, Money::positive(300, Currency::KRW).unwrap()),
        "RELEASE" => Posting::release(amount),
        "REFUND" => Posting::refund(amount),
        other => panic!("no posting {other} here"),
    }
    .unwrap();
    let kinds = vec![kind.to_owned(); posting.lines().len()];
    (kinds, posting.account_codes(), posting.minors())
}

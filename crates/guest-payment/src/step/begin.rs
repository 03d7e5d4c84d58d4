//! The first statement of a step: claims the key and says where the payment is.

use chrono::{DateTime, NaiveDateTime, Utc};
use guest::{Failure, Row, params, rows};
use rules_payment::{Currency, Money, State};
use uuid::Uuid;
use wire::Code;

use super::{Kind, LEASE_MS, Step, Subject};

const BEGIN_AUTHORIZE: &str = include_str!("begin_authorize.sql");
const BEGIN_STEP: &str = include_str!("begin_step.sql");
const CONSTRAINTS: &[(&str, Code)] = &[("payment_one_live_per_order", Code::Pay4097)];

/// A payment as the first statement left it.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The payment's id.
    pub payment: i64,
    /// The order it pays, if there is one.
    pub order: Option<i64>,
    /// Changes so far; the second statement holds for this one only.
    pub version: i32,
    /// Which attempt this is at the provider: rises after failures that are known, never else.
    pub attempt: i32,
    /// Where it is.
    pub state: State,
    /// What is to be paid.
    pub money: Money,
    /// Whether an authorization asks for its capture at once.
    pub auto_capture: bool,
    /// Our own order id at the provider.
    pub reference: String,
    /// The provider's own name of the payment, once it is known.
    pub payment_key: Option<String>,
    /// The issuer's approval number, once it is known.
    pub approval_number: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The step that is not over, for a payment that is to be looked up.
    pub open_step: Option<Kind>,
}

/// What the first statement says.
pub(crate) enum Begun {
    /// Nothing was sent to the provider yet.
    Ask(Standing),
    /// Something may have been sent: the provider is asked first.
    LookUp(Standing),
    /// The payment is past this step already, e.g. by a webhook.
    Decided(Standing),
    /// The stored answer of this key.
    Replay { status: u16, body: String },
    /// No step.
    Refused(Refusal),
}

/// Why a step is not begun.
pub(crate) enum Refusal {
    /// The key came with another request before.
    Mismatch,
    /// The same key, or another step of this payment, is running.
    Busy { left_ms: i32 },
    /// The payment's state allows no such step.
    Conflict { payment: i64 },
    /// Not there, or another tenant's.
    NotFound,
    /// The amount is not the payment's or the order's.
    AmountDiffers,
    /// The payment has another payment key.
    KeyDiffers,
    /// The order waits for no payment.
    OrderClosed,
    /// The order has a payment that is alive.
    PaymentLive,
    /// A person has to look first.
    InReview { payment: i64 },
}

impl Begun {
    /// Runs the statement. Its answer may be lost with the connection: the same claim gets the same answer, so one
    /// repetition is safe.
    pub(crate) async fn of(step: &Step<'_>, provider: &str, token: Uuid) -> Result<Self, Failure> {
        let (caller, claim) = (step.caller, step.claim);
        let run = || async {
            let key = claim.key.as_deref();
            let fixed =
                params![caller.tenant, claim.endpoint, key, claim.request_sha256.to_vec(), token, LEASE_MS];
            let (sql, own) = match step.subject {
                Subject::New { money, auto_capture } => (
                    BEGIN_AUTHORIZE,
                    params![
                        None::<i64>,
                        money.minor(),
                        money.currency().code(),
                        auto_capture,
                        provider,
                        caller.actor.as_str()
                    ],
                ),
                Subject::Existing { kind, payment, minor, payment_key } => (
                    BEGIN_STEP,
                    params![
                        payment,
                        kind.name(),
                        minor,
                        payment_key.map(str::to_owned),
                        caller.actor.as_str()
                    ],
                ),
            };
            rows(sql, fixed.into_iter().chain(own).collect(), CONSTRAINTS).await
        };
        let rows = match run().await {
            Err(failure) if failure.problem().code() == Code::Common503 => run().await?,
            other => other?,
        };
        let row = rows.first().ok_or_else(|| Failure::fault("a begin statement answers one row"))?;
        Self::read(row)
    }

    pub(super) fn read(row: &Row) -> Result<Self, Failure> {
        let outcome: String = row.get(0)?;
        Ok(match outcome.as_str() {
            "BEGUN" => Self::Ask(Standing::read(row)?),
            "RESUME" => Self::LookUp(Standing::read(row)?),
            "DECIDED" => Self::Decided(Standing::read(row)?),
            "REPLAY" => Self::Replay {
                status: u16::try_from(row.get::<i32>(15)?).map_err(Failure::fault)?,
                body: row.get(16)?,
            },
            "MISMATCH" => Self::Refused(Refusal::Mismatch),
            "IN_PROGRESS" => {
                Self::Refused(Refusal::Busy { left_ms: row.get::<Option<i32>>(17)?.unwrap_or(LEASE_MS) })
            }
            "CONFLICT" => Self::Refused(Refusal::Conflict { payment: row.get(1)? }),
            "NOT_FOUND" => Self::Refused(Refusal::NotFound),
            "AMOUNT_DIFFERS" => Self::Refused(Refusal::AmountDiffers),
            "KEY_DIFFERS" => Self::Refused(Refusal::KeyDiffers),
            "ORDER_CLOSED" => Self::Refused(Refusal::OrderClosed),
            "PAYMENT_LIVE" => Self::Refused(Refusal::PaymentLive),
            "IN_REVIEW" => Self::Refused(Refusal::InReview { payment: row.get(1)? }),
            other => return Err(Failure::fault(format!("a begin statement says {other}"))),
        })
    }
}

impl Standing {
    fn read(row: &Row) -> Result<Self, Failure> {
        let currency = Currency::parse(&row.get::<String>(7)?).map_err(Failure::fault)?;
        let open_step = row.get::<Option<String>>(14)?.map(|name| Kind::parse(&name)).transpose()?;
        Ok(Self {
            payment: row.get(1)?,
            order: row.get(2)?,
            version: row.get(3)?,
            attempt: row.get(4)?,
            state: State::parse(&row.get::<String>(5)?).map_err(Failure::fault)?,
            money: Money::new(row.get(6)?, currency).map_err(Failure::fault)?,
            auto_capture: row.get(8)?,
            reference: row.get(9)?,
            payment_key: row.get(11)?,
            approval_number: row.get(12)?,
            created_at: row.get::<NaiveDateTime>(13)?.and_utc(),
            open_step,
        })
    }
}

//! What an answer of a payment provider means. Only what is known to have failed is a failure; everything else is asked
//! for until it is known.

use thiserror::Error;

use crate::{Money, state::Event};

/// Longest code of a provider that is kept, in bytes.
pub const PROVIDER_CODE_BYTES_MAX: usize = 64;

/// What a call to a provider came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and the echo says what was asked.
    Approved(Approval),
    /// The provider decided against it, for good.
    Declined(Decline),
    /// Known to have had no effect, though nobody decided against it: it can be tried again, or it is our bug.
    NotDone(NotDone),
    /// Nobody knows: it is looked up by our own order id before anything else happens.
    Unknown(Doubt),
    /// It was done, and all of it has been given back since: nothing is held.
    GivenBack(Approval),
    /// Done, but not what was asked: never a success, a person has to look.
    Review(Mismatch),
}

/// What the provider says about a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The provider's own name of the payment.
    pub payment_key: String,
    /// The issuer's approval number, where there is one.
    pub approval_number: Option<String>,
}

/// A decline with the provider's code, e.g. `REJECT_CARD_PAYMENT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// The provider's code, bounded and plain.
    pub code: ProviderCode,
}

/// A call without effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDone {
    /// Whether another try makes sense.
    pub class: ErrorClass,
    /// The provider's code, where it gave one.
    pub code: Option<ProviderCode>,
}

/// How an error of a provider is to be taken. The table of codes is the adapter's, beside the provider's documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// Had no effect; the same call may work in a moment (too many requests, not sent because the breaker is open).
    Retryable,
    /// The customer, card or issuer said no; the same call will be declined again.
    Declined,
    /// Our fault: a wrong key, a malformed request. Trying again changes nothing; somebody has to look.
    Bug,
}

/// Why an outcome is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// No answer within the deadline.
    Timeout,
    /// The connection broke after the request may have been sent.
    ConnectionLost,
    /// The provider answered with a server error.
    ServerError,
    /// The answer cannot be read.
    Unreadable,
    /// The provider works, and says that something is there already: what, is looked up.
    AlreadyThere,
}

impl Doubt {
    /// The word for history and logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Timeout => "TIMEOUT",
            Self::ConnectionLost => "CONNECTION_LOST",
            Self::ServerError => "SERVER_ERROR",
            Self::Unreadable => "UNREADABLE",
            Self::AlreadyThere => "ALREADY_THERE",
        }
    }
}

/// A provider's code: capital letters, digits and `_`, at most [`PROVIDER_CODE_BYTES_MAX`] bytes. Anything else a
/// provider may send becomes `UNREADABLE_CODE`, so that no foreign text reaches a log or a client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProviderCode(String);

impl ProviderCode {
    /// What stands for a code that is none.
    pub const UNREADABLE: &'static str = "UNREADABLE_CODE";

    /// Takes a code as the provider sent it.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let sane = (1..=PROVIDER_CODE_BYTES_MAX).contains(&text.len()) && text.bytes().all(letter);
        Self(if sane { text.to_ascii_uppercase() } else { Self::UNREADABLE.to_owned() })
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What was asked of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Our own order id at the provider.
    pub order_id: &'a str,
    /// The amount.
    pub money: Money,
}

/// What the provider says it did; the currency as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo<'a> {
    /// The order id of the answer.
    pub order_id: &'a str,
    /// Minor units of the answer.
    pub minor: i64,
    /// Currency of the answer.
    pub currency: &'a str,
}

/// The provider did something else than was asked: both sides, for the person who has to look.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("asked {asked_minor} {asked_currency} for {asked_order_id}, the provider's answer differs")]
pub struct Mismatch {
    /// Minor units that were asked.
    pub asked_minor: i64,
    /// Currency that was asked.
    pub asked_currency: &'static str,
    /// Order id that was sent.
    pub asked_order_id: String,
    /// Minor units of the answer.
    pub echoed_minor: i64,
    /// Currency of the answer, cut to what a currency can be.
    pub echoed_currency: String,
    /// Order id of the answer, cut to 64 characters.
    pub echoed_order_id: String,
}

/// Compares the provider's echo with what was asked: order id, amount and currency.
///
/// # Errors
/// When one of them differs.
pub fn check_echo(asked: Asked<'_>, echo: Echo<'_>) -> Result<(), Mismatch> {
    let same = asked.order_id == echo.order_id
        && asked.money.minor() == echo.minor
        && asked.money.currency().code() == echo.currency;
    if same {
        return Ok(());
    }
    Err(Mismatch {
        asked_minor: asked.money.minor(),
        asked_currency: asked.money.currency().code(),
        asked_order_id: asked.order_id.to_owned(),
        echoed_minor: echo.minor,
        echoed_currency: echo.currency.chars().take(3).collect(),
        echoed_order_id: echo.order_id.chars().take(64).collect(),
    })
}

impl Outcome {
    /// What an authorization's outcome does to the payment; nothing when the call had no effect.
    #[must_use]
    pub fn of_authorization(&self) -> Option<Event> {
        match self {
            Self::Approved(_) => Some(Event::Authorize),
            Self::Declined(_) => Some(Event::Decline),
            // Given back before we knew: what nobody knew becomes void.
            Self::Unknown(_) | Self::Review(_) | Self::GivenBack(_) => Some(Event::LoseTrack),
            Self::NotDone(_) => None,
        }
    }

    /// Whether the provider works, for the circuit breaker: a decline is an answer like any other.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        match self {
            Self::Approved(_) | Self::Declined(_) | Self::GivenBack(_) | Self::Review(_) => true,
            Self::Unknown(Doubt::AlreadyThere) => true,
            Self::Unknown(
                Doubt::Timeout | Doubt::ConnectionLost | Doubt::ServerError | Doubt::Unreadable,
            ) => false,
            Self::NotDone(not_done) => match not_done.class {
                ErrorClass::Retryable => false,
                ErrorClass::Declined | ErrorClass::Bug => true,
            },
        }
    }

    /// Whether a further try may use a new key at the provider: only after a failure that is known.
    #[must_use]
    pub fn may_start_another_attempt(&self) -> bool {
        match self {
            Self::Declined(_) | Self::NotDone(_) => true,
            Self::Approved(_) | Self::GivenBack(_) | Self::Unknown(_) | Self::Review(_) => false,
        }
    }
}

/// Our own order id at the provider, e.g. `mo-7-8193`: it names the tenant too, because a notice of the provider names
/// nothing else of ours.
#[must_use]
pub fn order_id(tenant_id: i64, payment_id: i64) -> String {
    format!("mo-{tenant_id}-{payment_id}")
}

/// Tenant and payment behind an order id that we made; none for any other text.
#[must_use]
pub fn of_order_id(text: &str) -> Option<(i64, i64)> {
    let (tenant, payment) = text.strip_prefix("mo-")?.split_once('-')?;
    let (tenant, payment): (i64, i64) = (tenant.parse().ok()?, payment.parse().ok()?);
    (tenant > 0 && payment > 0 && order_id(tenant, payment) == text).then_some((tenant, payment))
}

/// The key under which the provider executes a call once, e.g. `8193-authorize-1`.
#[must_use]
pub fn idempotency_key(payment_id: i64, step: &str, attempt: u32) -> String {
    format!("{payment_id}-{step}-{attempt}")
}

#[cfg(test)]
mod tests;

//! Reading Toss's payment object, and comparing it with what was asked. Amounts stay text until they are money: no
//! number of ours ever passes through a double.

use rules_payment::provider::{
    Approval, Asked, Decline, Doubt, Echo, Mismatch, Outcome, ProviderCode, check_echo,
};
use rules_payment::{Currency, Money};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Sight;

/// Longest payment key; Toss's have at most 200 characters.
const PAYMENT_KEY_BYTES_MAX: usize = 200;
/// Longest approval number.
const APPROVAL_BYTES_MAX: usize = 64;

/// The fields that matter; Toss may add others at any time.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payment {
    payment_key: String,
    order_id: String,
    status: String,
    total_amount: Box<RawValue>,
    currency: Option<String>,
    card: Option<Card>,
    cancels: Option<Vec<Cancel>>,
    failure: Option<FailureWord>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    approve_no: Option<String>,
    acquire_status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cancel {
    cancel_amount: Box<RawValue>,
}

#[derive(Deserialize)]
struct FailureWord {
    code: String,
}

/// How a payment is to stand for the call to have done its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Held.
    Held,
    /// Taken.
    Taken,
    /// Given back, all of it.
    Canceled,
    /// A part, or the rest, given back by the last cancel.
    GivenBack,
}

impl Payment {
    /// None when it is no payment object.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let payment: Self = serde_json::from_slice(body).ok()?;
        let key = payment.payment_key.as_bytes();
        let sane = (1..=PAYMENT_KEY_BYTES_MAX).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
        sane.then_some(payment)
    }

    /// The outcome of a call that asked for `money` under `reference`.
    pub(super) fn outcome(&self, reference: &str, money: Money, wanted: Wanted) -> Outcome {
        let told = match wanted {
            Wanted::Held | Wanted::Taken | Wanted::Canceled => Some(&self.total_amount),
            Wanted::GivenBack => {
                self.cancels.as_ref().and_then(|all| all.last()).map(|last| &last.cancel_amount)
            }
        };
        let Some(told) = told else { return Outcome::Unknown(Doubt::Unreadable) };
        if let Err(mismatch) = self.check(reference, money, told) {
            return mismatch;
        }
        let approved = || Outcome::Approved(self.approval());
        match (wanted, self.sight(money)) {
            (Wanted::Held, Some(Sight::Held(_) | Sight::Taken(_)))
            | (Wanted::Taken, Some(Sight::Taken(_)))
            | (Wanted::Canceled, Some(Sight::Canceled(_)))
            | (Wanted::GivenBack, Some(Sight::Canceled(_) | Sight::PartlyCanceled(_))) => approved(),
            (Wanted::Held | Wanted::Taken, Some(Sight::Declined(decline))) => Outcome::Declined(decline),
            // An answer of success that does not show what was asked for.
            (_, _) => Outcome::Unknown(Doubt::Unreadable),
        }
    }

    /// What an inquiry shows, compared with our own numbers.
    pub(super) fn seen(&self, reference: &str, money: Money) -> Sight {
        match self.check(reference, money, &self.total_amount) {
            Err(Outcome::Review(mismatch)) => Sight::Review(mismatch),
            Err(_) => Sight::Unknown(Doubt::Unreadable),
            Ok(()) => self.sight(money).unwrap_or(Sight::Unknown(Doubt::Unreadable)),
        }
    }

    /// Compares order id, currency and an amount of the answer with what was asked.
    fn check(&self, reference: &str, asked: Money, told: &RawValue) -> Result<(), Outcome> {
        let currency = self.currency.as_deref().unwrap_or(Currency::KRW.code());
        let minor = minor(told, currency).ok_or(Outcome::Unknown(Doubt::Unreadable))?;
        let echo = Echo { order_id: &self.order_id, minor, currency };
        check_echo(Asked { order_id: reference, money: asked }, echo).map_err(Outcome::Review)
    }

    /// Whether it is the payment of this order; a payment key belongs to one order for good.
    pub(super) fn is_of(&self, reference: &str) -> bool {
        self.order_id == reference
    }

    /// What is left of `asked` after all that was given back.
    fn left(&self, asked: Money) -> Option<Mismatch> {
        let currency = asked.currency().code();
        let mut left = asked.minor();
        for cancel in self.cancels.iter().flatten() {
            left = left.checked_sub(minor(&cancel.cancel_amount, currency)?)?;
        }
        Some(Mismatch {
            asked_minor: asked.minor(),
            asked_currency: currency,
            asked_order_id: self.order_id.clone(),
            echoed_minor: left,
            echoed_currency: currency.to_owned(),
            echoed_order_id: self.order_id.clone(),
        })
    }

    /// Toss's status; a payment that is held but not taken is `DONE` with a card that was not acquired yet.
    fn sight(&self, asked: Money) -> Option<Sight> {
        let is_held = self.card.as_ref().and_then(|card| card.acquire_status.as_deref()) == Some("READY");
        match self.status.as_str() {
            "READY" | "IN_PROGRESS" | "WAITING_FOR_DEPOSIT" => Some(Sight::Pending(self.approval())),
            "DONE" if is_held => Some(Sight::Held(self.approval())),
            "DONE" => Some(Sight::Taken(self.approval())),
            "CANCELED" => Some(Sight::Canceled(self.approval())),
            "PARTIAL_CANCELED" => self.left(asked).map(Sight::PartlyCanceled),
            "ABORTED" | "EXPIRED" => {
                let code = self.failure.as_ref().map_or(self.status.as_str(), |failure| &failure.code);
                Some(Sight::Declined(Decline { code: ProviderCode::read(code) }))
            }
            _ => None,
        }
    }

    fn approval(&self) -> Approval {
        let number = self.card.as_ref().and_then(|card| card.approve_no.clone());
        let sane = |text: &String| {
            (1..=APPROVAL_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        Approval { payment_key: self.payment_key.clone(), approval_number: number.filter(sane) }
    }
}

/// Minor units of a JSON number; of a currency that we do not take, of its major unit, for the person who has to look.
pub(super) fn minor(told: &RawValue, currency: &str) -> Option<i64> {
    let text = told.get();
    match Currency::parse(currency) {
        Ok(currency) => Money::from_decimal(text.trim_end_matches('0').trim_end_matches('.'), currency)
            .ok()
            .filter(|_| text.contains('.'))
            .or_else(|| Money::from_decimal(text, currency).ok())
            .map(Money::minor),
        Err(_) => text.split('.').next().and_then(|whole| whole.parse().ok()),
    }
}

/// An amount as Toss wants it: a number of major units.
pub(super) fn number(money: Money) -> Box<RawValue> {
    RawValue::from_string(money.decimal()).expect("a decimal text is a JSON number")
}

#[cfg(test)]
mod tests;

//! What is read of a notice: `PAYMENT_STATUS_CHANGED` and `CANCEL_STATUS_CHANGED` carry a payment, a virtual account's
//! deposit names the order alone (docs.tosspayments.com, "웹훅").

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, Utc};
use guest::Failure;
use rules_payment::provider::{ProviderCode, of_order_id};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wire::{Code, Problem};

/// The header that says when this sending was made.
pub(crate) const SENT_AT: &str = "tosspayments-webhook-transmission-time";
/// Toss tries for almost four days; what is older is a repetition by somebody else.
const AGE_DAYS_MAX: i64 = 5;
/// How far the sender's clock may be ahead.
const AHEAD_S_MAX: i64 = 300;
/// Korea's offset: Toss writes times without one.
const KOREA_S: i32 = 9 * 3_600;
/// What a deposit notice is called, which names no type of its own.
const DEPOSIT: &str = "DEPOSIT_CALLBACK";
/// Longest text that is kept of a field.
const KEPT_CHARS_MAX: usize = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    event_type: Option<String>,
    created_at: Option<String>,
    data: Option<Payment>,
    // A deposit notice has its fields at the top.
    #[serde(flatten)]
    deposit: Payment,
}

/// The fields that are kept; no card, no account, no customer.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct Payment {
    order_id: Option<String>,
    payment_key: Option<String>,
    status: Option<String>,
    transaction_key: Option<String>,
    last_transaction_key: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept<'a> {
    event_type: &'a str,
    created_at: Option<String>,
    data: Payment,
}

/// A notice, read.
pub(crate) struct Notice {
    /// Equal for every sending of the same notice.
    pub(crate) dedupe: String,
    /// `PAYMENT_STATUS_CHANGED` and the like.
    pub(crate) kind: String,
    /// JSON of the fields that are kept.
    pub(crate) kept: String,
    /// When it was sent, by its own word.
    pub(crate) sent_at: DateTime<Utc>,
    reference: Option<String>,
}

impl Notice {
    /// Reads a body of at most the usual size.
    ///
    /// # Errors
    /// `COMMON400` when it is no notice, or its time is not to be believed.
    pub(crate) fn read(body: &[u8], sent_at: Option<&str>, now: DateTime<Utc>) -> Result<Self, Failure> {
        let malformed = |why: &str| Failure::from(Code::Common400).because(why);
        let sent: Sent = serde_json::from_slice(body).map_err(|_| malformed("no notice"))?;
        let (kind, data) = match (sent.event_type, sent.data) {
            (Some(kind), Some(data)) => (ProviderCode::read(&kind).as_str().to_owned(), data),
            (None, None) => (DEPOSIT.to_owned(), sent.deposit),
            (Some(_), None) | (None, Some(_)) => return Err(malformed("a notice without its payment")),
        };
        let at = sent_at.or(sent.created_at.as_deref()).and_then(instant);
        let at = at
            .filter(|at| is_recent(*at, now))
            .ok_or_else(|| Problem::from(Code::Common400).at("createdAt"))?;
        let data = data.cut();
        let kept =
            Kept { event_type: &kind, created_at: sent.created_at.as_deref().map(cut), data: data.clone() };
        let kept = serde_json::to_string(&kept).map_err(Failure::fault)?;
        // What is kept, not the whole body: anybody can send notices, and make each differ where nobody looks.
        let dedupe: String = Sha256::digest(&kept).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { dedupe: format!("sha256:{dedupe}"), kind, kept, sent_at: at, reference: data.order_id })
    }

    /// Tenant and payment, when the order id is one of ours.
    pub(crate) fn ours(&self) -> Option<(i64, i64)> {
        of_order_id(self.reference.as_deref()?)
    }
}

impl Payment {
    fn cut(self) -> Self {
        let short = |text: Option<String>| text.as_deref().map(cut);
        Self {
            order_id: short(self.order_id),
            payment_key: short(self.payment_key),
            status: short(self.status),
            transaction_key: short(self.transaction_key),
            last_transaction_key: short(self.last_transaction_key),
        }
    }
}

/// Bounded, and without the zero character, which PostgreSQL cannot keep.
fn cut(text: &str) -> String {
    text.chars().filter(|letter| *letter != '\0').take(KEPT_CHARS_MAX).collect()
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    let zoned = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    let local = || {
        let naive: NaiveDateTime = text.parse().ok()?;
        naive.and_local_timezone(FixedOffset::east_opt(KOREA_S)?).single().map(|at| at.to_utc())
    };
    zoned().or_else(local)
}

fn is_recent(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    at > now - TimeDelta::days(AGE_DAYS_MAX) && at < now + TimeDelta::seconds(AHEAD_S_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-01-02T00:00:00Z";

    fn read(body: &str) -> Result<Notice, Failure> {
        Notice::read(body.as_bytes(), None, DateTime::parse_from_rfc3339(NOW).unwrap().to_utc())
    }

    fn payment(created_at: &str, more: &str) -> String {
        format!(
            r#"{{"eventType":"PAYMENT_STATUS_CHANGED","createdAt":"{created_at}",
                "data":{{"orderId":"mo-7-42","paymentKey":"tgen_1","status":"DONE"{more}}}}}"#
        )
    }

    #[test]
    fn a_payments_notice_names_tenant_and_payment() {
        let notice =
            read(&payment("2026-01-02T08:59:00.000000", "")).unwrap_or_else(|_| panic!("it is a notice"));
        assert_eq!(notice.ours(), Some((7, 42)));
        assert_eq!(notice.kind, "PAYMENT_STATUS_CHANGED");
    }

    #[test]
    fn a_deposit_has_its_fields_at_the_top() {
        let body = r#"{"createdAt":"2026-01-02T08:00:00.000000","secret":"s","status":"DONE","orderId":"mo-7-42",
            "transactionKey":"t"}"#;
        let notice = read(body).unwrap_or_else(|_| panic!("it is a notice"));
        assert_eq!((notice.ours(), notice.kind.as_str()), (Some((7, 42)), "DEPOSIT_CALLBACK"));
        assert!(!notice.kept.contains("secret"));
    }

    #[test]
    fn cards_and_customers_are_not_kept() {
        let more = r#","card":{"number":"433012******1234"},"customerEmail":"a@b.c","secret":"s""#;
        let notice = read(&payment("2026-01-02T08:59:00", more)).unwrap_or_else(|_| panic!("it is a notice"));
        assert!(!notice.kept.contains("4330") && !notice.kept.contains("a@b.c"), "{}", notice.kept);
    }

    #[test]
    fn the_same_notice_is_known_again() {
        let of = |body: &str| read(body).map(|notice| notice.dedupe).unwrap_or_default();
        let body = payment("2026-01-02T08:59:00", "");
        assert_eq!(of(&body), of(&body));
        assert_ne!(of(&body), of(&body.replace("DONE", "CANCELED")));
    }

    #[test]
    fn a_time_that_is_old_ahead_or_missing_is_refused() {
        for created_at in ["2025-12-27T00:00:00", "2026-01-02T10:00:00", "yesterday", ""] {
            assert!(read(&payment(created_at, "")).is_err(), "{created_at}");
        }
        assert!(read("{}").is_err());
        assert!(read("[]").is_err());
        assert!(read(r#"{"eventType":"X","createdAt":"2026-01-02T08:59:00"}"#).is_err());
    }
}

//! Toss's error codes (docs.tosspayments.com, "API 에러 코드"): which are our fault, which are worth another try, which
//! leave the outcome open. Every other refusal is a decline: Toss answers with an error where nothing was approved, and
//! most of its many codes name a card, an account or a limit.

use rules_payment::provider::{Decline, Doubt, ErrorClass, NotDone, Outcome, ProviderCode};
use serde::Deserialize;

/// We asked wrongly, or with the wrong key: nothing was approved, and trying again changes nothing.
const BUGS: [&str; 15] = [
    "UNAUTHORIZED_KEY",
    "INVALID_API_KEY",
    "INCORRECT_BASIC_AUTH_FORMAT",
    "FORBIDDEN_REQUEST",
    "INVALID_REQUEST",
    "INVALID_ORDER_ID",
    "INVALID_IDEMPOTENCY_KEY",
    "INVALID_UNREGISTERED_SUBMALL",
    "NOT_REGISTERED_BUSINESS",
    "NOT_FOUND_TERMINAL_ID",
    "NOT_FOUND_MERCHANT",
    "NOT_FOUND",
    "NOT_FOUND_PAYMENT",
    "NOT_FOUND_METHOD",
    "INVALID_BANK",
];
/// Nothing was approved; in a moment it may be.
const RETRYABLE: [&str; 2] = ["TOO_MANY_REQUESTS", "FORBIDDEN_CONSECUTIVE_REQUEST"];
/// Somebody was faster, perhaps we ourselves: it is looked up.
const ALREADY_THERE: [&str; 4] = [
    "ALREADY_PROCESSED_PAYMENT",
    "ALREADY_CANCELED_PAYMENT",
    "DUPLICATED_ORDER_ID",
    "IDEMPOTENT_REQUEST_PROCESSING",
];
/// Something between Toss and the bank went wrong: it is looked up.
const BROKEN: [&str; 5] = [
    "PROVIDER_ERROR",
    "CARD_PROCESSING_ERROR",
    "UNKNOWN_PAYMENT_ERROR",
    "FAILED_INTERNAL_SYSTEM_PROCESSING",
    "FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING",
];

#[derive(Deserialize)]
struct TossError {
    code: String,
}

/// What an answer that is no success means. Only a refusal in Toss's own shape is known to be one.
pub(super) fn refusal(status: u16, body: &[u8]) -> Outcome {
    if status >= 500 {
        return Outcome::Unknown(Doubt::ServerError);
    }
    let Ok(TossError { code }) = serde_json::from_slice(body) else {
        return Outcome::Unknown(Doubt::Unreadable);
    };
    let read = ProviderCode::read(&code);
    let is_in = |codes: &[&str]| codes.contains(&code.as_str());
    if is_in(&BROKEN) || status < 400 {
        return Outcome::Unknown(Doubt::ServerError);
    }
    if is_in(&ALREADY_THERE) || status == 409 {
        return Outcome::Unknown(Doubt::AlreadyThere);
    }
    if is_in(&BUGS) || status == 401 {
        return Outcome::NotDone(NotDone { class: ErrorClass::Bug, code: Some(read) });
    }
    if is_in(&RETRYABLE) || status == 429 {
        return Outcome::NotDone(NotDone { class: ErrorClass::Retryable, code: Some(read) });
    }
    Outcome::Declined(Decline { code: read })
}

/// Whether the provider says that it has no such payment.
pub(super) fn is_nothing(status: u16, body: &[u8]) -> bool {
    let known = ["NOT_FOUND_PAYMENT", "NOT_FOUND_PAYMENT_SESSION"];
    status == 404
        && serde_json::from_slice::<TossError>(body).is_ok_and(|error| known.contains(&error.code.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, code: &str) -> Outcome {
        refusal(status, format!(r#"{{"code":"{code}","message":"…"}}"#).as_bytes())
    }

    #[test]
    fn a_card_that_is_refused_is_a_decline_with_the_providers_code() {
        for (status, code) in [
            (403, "REJECT_CARD_COMPANY"),
            (403, "REJECT_ACCOUNT_PAYMENT"),
            (400, "INVALID_CARD_LOST_OR_STOLEN"),
            (404, "NOT_FOUND_PAYMENT_SESSION"),
            (403, "NOT_CANCELABLE_PAYMENT"),
            (400, "A_CODE_OF_TOMORROW"),
        ] {
            assert_eq!(
                of(status, code),
                Outcome::Declined(Decline { code: ProviderCode::read(code) }),
                "{code}"
            );
        }
    }

    #[test]
    fn a_wrong_key_and_a_wrong_request_are_our_bug() {
        for (status, code) in
            [(401, "UNAUTHORIZED_KEY"), (400, "INVALID_REQUEST"), (403, "FORBIDDEN_REQUEST")]
        {
            assert!(
                matches!(of(status, code), Outcome::NotDone(NotDone { class: ErrorClass::Bug, .. })),
                "{code}"
            );
        }
    }

    #[test]
    fn what_leaves_the_outcome_open_is_never_a_failure() {
        for (status, code) in [
            (400, "ALREADY_PROCESSED_PAYMENT"),
            (400, "PROVIDER_ERROR"),
            (409, "IDEMPOTENT_REQUEST_PROCESSING"),
            (409, "ANYTHING"),
            (500, "REJECT_CARD_COMPANY"),
            (503, "TOO_MANY_REQUESTS"),
            (302, "REJECT_CARD_COMPANY"),
        ] {
            assert!(matches!(of(status, code), Outcome::Unknown(_)), "{status} {code}");
        }
        for body in ["", "<html>", "[]", r#"{"message":"x"}"#] {
            assert!(matches!(refusal(400, body.as_bytes()), Outcome::Unknown(Doubt::Unreadable)), "{body:?}");
        }
    }

    #[test]
    fn too_many_requests_had_no_effect() {
        let outcome = of(429, "TOO_MANY_REQUESTS");
        assert!(matches!(outcome, Outcome::NotDone(NotDone { class: ErrorClass::Retryable, .. })));
    }

    #[test]
    fn only_the_providers_own_word_says_that_there_is_nothing() {
        assert!(is_nothing(404, br#"{"code":"NOT_FOUND_PAYMENT"}"#));
        assert!(!is_nothing(404, b"<html>not found</html>"));
        assert!(!is_nothing(400, br#"{"code":"NOT_FOUND_PAYMENT"}"#));
    }
}

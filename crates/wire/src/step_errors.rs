//! Refusals of the step API: bare bodies `{code, message, paymentId?, providerCode?, fields?}`, with codes of their own
//! that its clients have known for long.

use serde::{Deserialize, Serialize};

use crate::{Code, Language, Problem};

macro_rules! step_codes {
    ($($variant:ident $code:literal $status:literal;)+) => {
        /// Why the step API refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum StepCode { $(#[doc = $code] $variant,)+ }

        impl StepCode {
            /// Every code, in table order.
            pub const ALL: &'static [StepCode] = &[$(StepCode::$variant,)+];

            /// The code as clients see it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(StepCode::$variant => $code,)+ }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(StepCode::$variant => $status,)+ }
            }
        }
    };
}

step_codes! {
    ValidationFailed "VALIDATION_FAILED" 400;
    Unauthorized "UNAUTHORIZED" 401;
    PaymentDeclined "PAYMENT_DECLINED" 402;
    Forbidden "FORBIDDEN" 403;
    NotFound "NOT_FOUND" 404;
    MethodNotAllowed "METHOD_NOT_ALLOWED" 405;
    Conflict "CONFLICT" 409;
    InProgress "IN_PROGRESS" 409;
    StateConflict "STATE_CONFLICT" 409;
    CaptureConflict "CAPTURE_CONFLICT" 409;
    RefundConflict "REFUND_CONFLICT" 409;
    VoidConflict "VOID_CONFLICT" 409;
    InReview "IN_REVIEW" 409;
    PayloadTooLarge "PAYLOAD_TOO_LARGE" 413;
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" 415;
    IdempotencyMismatch "IDEMPOTENCY_MISMATCH" 422;
    RefundExceedsRemaining "REFUND_EXCEEDS_REMAINING" 422;
    RefundWindowOver "REFUND_WINDOW_OVER" 422;
    RefundTooMany "REFUND_TOO_MANY" 422;
    AmountDiffers "AMOUNT_DIFFERS" 422;
    PaymentKeyDiffers "PAYMENT_KEY_DIFFERS" 422;
    CreditInsufficient "CREDIT_INSUFFICIENT" 422;
    TooManyRequests "TOO_MANY_REQUESTS" 429;
    InternalError "INTERNAL_ERROR" 500;
    ProviderError "PROVIDER_ERROR" 502;
    Unavailable "UNAVAILABLE" 503;
    ProviderTimeout "PROVIDER_TIMEOUT" 504;
}

impl StepCode {
    /// What a refusal is called in the step API.
    #[must_use]
    pub const fn of(code: Code) -> Self {
        match code {
            Code::Common400 | Code::Pay4001 => Self::ValidationFailed,
            Code::Common403 | Code::Pay4031 => Self::Forbidden,
            Code::Common404 | Code::Pay4041 | Code::Pay4042 | Code::Pay4043 | Code::Pay4044 => Self::NotFound,
            Code::Common405 => Self::MethodNotAllowed,
            Code::Common409 => Self::Conflict,
            Code::Common413 => Self::PayloadTooLarge,
            Code::Common415 => Self::UnsupportedMediaType,
            Code::Common500 => Self::InternalError,
            Code::Common503 | Code::Pay5031 => Self::Unavailable,
            Code::Pay4011 => Self::Unauthorized,
            Code::Pay4021 => Self::PaymentDeclined,
            Code::Pay4091 => Self::InProgress,
            Code::Pay4092 | Code::Pay4096 | Code::Pay4097 | Code::Pay4099 => Self::StateConflict,
            Code::Pay4093 => Self::CaptureConflict,
            Code::Pay4094 => Self::RefundConflict,
            Code::Pay4095 => Self::VoidConflict,
            Code::Pay4098 => Self::InReview,
            Code::Pay4221 => Self::IdempotencyMismatch,
            Code::Pay4222 => Self::RefundExceedsRemaining,
            Code::Pay4223 => Self::RefundWindowOver,
            Code::Pay4224 => Self::RefundTooMany,
            Code::Pay4225 => Self::AmountDiffers,
            Code::Pay4228 => Self::PaymentKeyDiffers,
            Code::Pay4226 | Code::Pay4227 => Self::CreditInsufficient,
            Code::Pay4291 => Self::TooManyRequests,
            Code::Pay5021 => Self::ProviderError,
            Code::Pay5041 => Self::ProviderTimeout,
            // Of other domains, which no step raises: by what they mean in HTTP.
            Code::Auth4001 | Code::Auth4002 | Code::Auth4004 | Code::Auth4005 => Self::Unauthorized,
            Code::Auth4003
            | Code::Retro4001
            | Code::Retro4002
            | Code::Retro4003
            | Code::Retro4004
            | Code::Retro4005
            | Code::Retro4006
            | Code::Retro4007
            | Code::Retro4008
            | Code::Retro4009
            | Code::Retro4010 => Self::ValidationFailed,
            Code::Retro4031 | Code::Retro4033 | Code::Retro4034 => Self::Forbidden,
            Code::Retro4041 | Code::Retro4043 | Code::Member4042 | Code::Res4041 => Self::NotFound,
            Code::Retro4091
            | Code::Retro4092
            | Code::Retro4093
            | Code::Retro4094
            | Code::Member4091
            | Code::Member4092 => Self::Conflict,
        }
    }
}

/// A field at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepField {
    /// Its path in the body.
    pub field: String,
    /// What is allowed.
    pub message: String,
}

/// A refusal of the step API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StepRefusal {
    /// E.g. `PAYMENT_DECLINED`.
    pub code: String,
    /// For people.
    pub message: String,
    /// The payment it is about, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<i64>,
    /// The provider's own code, with a decline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_code: Option<String>,
    /// The fields at fault, with `VALIDATION_FAILED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<StepField>>,
}

/// Status and body of a refusal in the step API. `paymentId` and `providerCode` are taken from the problem's detail.
#[must_use]
pub fn step_refusal(problem: &Problem, language: Language) -> (u16, Vec<u8>) {
    let code = StepCode::of(problem.code());
    let detail = |name: &str| problem.detail().and_then(|detail| detail.get(name));
    let fields: Vec<StepField> = problem
        .texts(language)
        .map(|(field, message)| StepField { field: field.to_owned(), message: message.to_owned() })
        .collect();
    let refusal = StepRefusal {
        code: code.as_str().to_owned(),
        message: problem.code().text(language).to_owned(),
        payment_id: detail("paymentId").and_then(serde_json::Value::as_i64),
        provider_code: detail("providerCode").and_then(serde_json::Value::as_str).map(str::to_owned),
        fields: (!fields.is_empty()).then_some(fields),
    };
    (code.status(), serde_json::to_vec(&refusal).expect("strings and numbers always serialise"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn both_faces_of_a_refusal_have_the_same_status() {
        for code in Code::ALL {
            assert_eq!(StepCode::of(*code).status(), code.status(), "{}", code.as_str());
        }
    }

    #[test]
    fn no_two_step_codes_share_a_name() {
        let names: HashSet<_> = StepCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), StepCode::ALL.len());
    }

    #[test]
    fn a_decline_names_the_payment_and_the_providers_code_and_nothing_that_is_absent() {
        let detail = serde_json::json!({ "paymentId": 8_193, "providerCode": "REJECT_CARD_PAYMENT" });
        let (status, body) = step_refusal(&Problem::from(Code::Pay4021).with(detail), Language::English);
        assert_eq!(status, 402);
        assert_eq!(
            String::from_utf8(body).unwrap(),
            r#"{"code":"PAYMENT_DECLINED","message":"The payment was declined.","paymentId":8193,"providerCode":"REJECT_CARD_PAYMENT"}"#
        );
    }

    #[test]
    fn a_validation_names_its_fields_in_the_answers_language() {
        let problem = Problem::from(Code::Common400).field("amount", "한국어", "English");
        for (language, message) in [(Language::Korean, "한국어"), (Language::English, "English")] {
            let (status, body) = step_refusal(&problem, language);
            let read: StepRefusal = serde_json::from_slice(&body).unwrap();
            assert_eq!((status, read.code.as_str()), (400, "VALIDATION_FAILED"));
            let fields = read.fields.unwrap();
            assert_eq!((fields[0].field.as_str(), fields[0].message.as_str()), ("amount", message));
        }
    }
}

//! Errors in Toss's words: status, code, message.

use sandbox_kit::{Answer, json};
use serde_json::json;

macro_rules! toss_errors {
    ($($variant:ident $status:literal $code:literal $text:literal)+) => {
        /// What Toss refuses with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum TossError { $(
            #[doc = $code]
            $variant,
        )+ }

        impl TossError {
            /// The error of this code.
            pub(crate) fn of_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// Status, code, message.
            pub(crate) fn told(self) -> (u16, &'static str, &'static str) {
                match self { $(Self::$variant => ($status, $code, $text),)+ }
            }
        }
    };
}

toss_errors! {
    AlreadyCanceledPayment 400 "ALREADY_CANCELED_PAYMENT" "이미 취소된 결제 입니다."
    AlreadyProcessedPayment 400 "ALREADY_PROCESSED_PAYMENT" "이미 처리된 결제 입니다."
    ExceedMaxDailyPaymentCount 400 "EXCEED_MAX_DAILY_PAYMENT_COUNT" "하루 결제 가능 횟수를 초과했습니다."
    IncorrectBasicAuthFormat 403 "INCORRECT_BASIC_AUTH_FORMAT" "잘못된 요청입니다. ':' 를 포함해 인코딩해주세요."
    InvalidCardExpiration 400 "INVALID_CARD_EXPIRATION" "카드 정보를 다시 확인해주세요. (유효기간)"
    InvalidCardLostOrStolen 400 "INVALID_CARD_LOST_OR_STOLEN" "분실 혹은 도난 카드입니다."
    InvalidIdempotencyKey 400 "INVALID_IDEMPOTENCY_KEY" "멱등키는 300자 이하여야 합니다."
    InvalidOrderId 400 "INVALID_ORDER_ID" "`orderId`는 영문 대소문자, 숫자, 특수문자(-, _, =)만 허용합니다. 6자 이상 64자 이하여야 합니다."
    InvalidRequest 400 "INVALID_REQUEST" "잘못된 요청입니다."
    NotAllowedPartialRefund 403 "NOT_ALLOWED_PARTIAL_REFUND" "부분 환불이 불가능한 결제입니다."
    NotCancelableAmount 403 "NOT_CANCELABLE_AMOUNT" "취소 할 수 없는 금액 입니다."
    NotCancelablePayment 403 "NOT_CANCELABLE_PAYMENT" "취소 할 수 없는 결제 입니다."
    NotFound 404 "NOT_FOUND" "존재하지 않는 정보 입니다."
    NotFoundPayment 404 "NOT_FOUND_PAYMENT" "존재하지 않는 결제 정보 입니다."
    NotFoundPaymentSession 404 "NOT_FOUND_PAYMENT_SESSION" "결제 시간이 만료되어 결제 진행 데이터가 존재하지 않습니다."
    ProviderError 400 "PROVIDER_ERROR" "일시적인 오류가 발생했습니다. 잠시 후 다시 시도해주세요."
    RejectAccountPayment 403 "REJECT_ACCOUNT_PAYMENT" "잔액부족으로 결제에 실패했습니다."
    RejectCardCompany 403 "REJECT_CARD_COMPANY" "결제 승인이 거절되었습니다."
    FailedInternalSystemProcessing 500 "FAILED_INTERNAL_SYSTEM_PROCESSING" "내부 시스템 처리 작업이 실패했습니다. 잠시 후 다시 시도해주세요."
    TooManyRequests 429 "TOO_MANY_REQUESTS" "요청이 너무 많습니다. 잠시 후 다시 시도해주세요."
    UnauthorizedKey 401 "UNAUTHORIZED_KEY" "인증되지 않은 시크릿 키 혹은 클라이언트 키 입니다."
}

impl TossError {
    pub(crate) fn answer(self) -> Answer {
        let (status, code, message) = self.told();
        json(status, &json!({ "code": code, "message": message }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{ALL, Effect};

    #[test]
    fn every_decline_of_a_case_is_an_error_that_toss_knows() {
        for case in ALL {
            if let Effect::Decline(code) = case.effect {
                assert!(TossError::of_code(code).is_some(), "{code}");
            }
        }
    }
}

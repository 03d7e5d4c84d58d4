//! The one table of error and success codes: code → HTTP status, Korean text, English text.
//!
//! Everything else (answers, OpenAPI, the web app's texts) is derived from it. One code means one cause.

use crate::Language;

macro_rules! codes {
    ($($variant:ident $code:literal $status:literal $korean:literal $english:literal;)+) => {
        /// Why a request was refused. Names equal the codes that clients see.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $english] $variant,)+ }

        impl Code {
            /// Every code, in table order.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The code as clients see it, e.g. `COMMON400`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $code,)+ }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Code::$variant => $status,)+ }
            }

            /// The public text.
            #[must_use]
            pub const fn text(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Code::$variant, Language::Korean) => $korean,
                      (Code::$variant, Language::English) => $english,)+
                }
            }
        }
    };
}

codes! {
    Common400 "COMMON400" 400 "잘못된 요청입니다." "The request is not valid.";
    Common403 "COMMON403" 403 "허용되지 않은 출처의 요청입니다." "Requests from this origin are not allowed.";
    Common404 "COMMON404" 404 "요청한 자원을 찾을 수 없습니다." "Nothing was found at this address.";
    Common405 "COMMON405" 405 "지원하지 않는 메서드입니다." "This method is not supported here.";
    Common409 "COMMON409" 409 "다른 요청과 충돌했습니다." "The request conflicts with an earlier one.";
    Common413 "COMMON413" 413 "요청 본문이 너무 큽니다." "The request body is too large.";
    Common415 "COMMON415" 415 "지원하지 않는 콘텐츠 형식입니다." "This content type is not supported.";
    Common500 "COMMON500" 500 "서버 오류가 발생했습니다." "Something went wrong on our side.";
    Common503 "COMMON503" 503 "잠시 후 다시 시도해 주세요." "The service is not available for the moment. Please retry.";
    Auth4001 "AUTH4001" 401 "인증 정보가 유효하지 않습니다." "A valid sign-in is required.";
    Auth4002 "AUTH4002" 401 "소셜 로그인에 실패했습니다." "The identity provider refused the sign-in.";
    Auth4003 "AUTH4003" 400 "리프레시 토큰이 필요합니다." "A refresh token is required.";
    Auth4004 "AUTH4004" 401 "유효하지 않은 리프레시 토큰입니다." "The refresh token is not valid any more.";
    Auth4005 "AUTH4005" 401 "로그아웃된 토큰입니다." "This sign-in has ended.";
    Retro4001 "RETRO4001" 400 "이름은 1자 이상 20자 이하여야 합니다." "The name must have 1 to 20 characters.";
    Retro4002 "RETRO4002" 400 "유효하지 않은 초대입니다." "The invitation is not valid.";
    Retro4003 "RETRO4003" 400 "답변은 1,000자를 넘을 수 없습니다." "An answer may have at most 1,000 characters.";
    Retro4004 "RETRO4004" 400 "순서 또는 카테고리가 올바르지 않습니다." "The order or category is not valid.";
    Retro4005 "RETRO4005" 400 "지원하지 않는 회고 방식입니다." "This retrospective method is not supported.";
    Retro4006 "RETRO4006" 400 "참고 자료 URL이 올바르지 않습니다." "A reference URL is not valid.";
    Retro4007 "RETRO4007" 400 "답변은 비어 있을 수 없습니다." "An answer must not be blank.";
    Retro4008 "RETRO4008" 400 "만료된 초대입니다." "The invitation has expired.";
    Retro4009 "RETRO4009" 400 "이미 종료된 회고입니다." "The retrospect is already closed.";
    Retro4010 "RETRO4010" 400 "모든 질문에 답변해야 합니다." "Every question needs an answer.";
    Retro4031 "RETRO4031" 403 "권한이 없습니다." "You have no permission for this.";
    Retro4033 "RETRO4033" 403 "이미 제출한 회고입니다." "You have already submitted.";
    Retro4034 "RETRO4034" 403 "요금제의 최대 인원에 도달한 회고방입니다." "The room is full for its plan.";
    Retro4041 "RETRO4041" 404 "회고방 또는 회고를 찾을 수 없습니다." "The room or retrospect was not found.";
    Retro4043 "RETRO4043" 404 "질문을 찾을 수 없습니다." "The question was not found.";
    Retro4091 "RETRO4091" 409 "이미 사용 중인 회고방 이름입니다." "You already have a room of this name.";
    Retro4092 "RETRO4092" 409 "이미 참여 중인 회고방입니다." "You are already a member of this room.";
    Retro4093 "RETRO4093" 409 "이미 참여 중인 회고입니다." "You already take part in this retrospect.";
    Retro4094 "RETRO4094" 409 "이미 분석된 회고입니다." "The retrospect was already analysed.";
    Member4042 "MEMBER4042" 404 "회원을 찾을 수 없습니다." "The member was not found.";
    Member4091 "MEMBER4091" 409 "소유한 회고방을 먼저 넘겨야 합니다." "Hand over the rooms you own first.";
    Member4092 "MEMBER4092" 409 "이미 사용 중인 닉네임입니다." "This nickname is taken.";
    Res4041 "RES4041" 404 "답변 또는 댓글을 찾을 수 없습니다." "The answer or comment was not found.";
    Pay4001 "PAY4001" 400 "금액 또는 통화가 올바르지 않습니다." "The amount or currency is not valid.";
    Pay4011 "PAY4011" 401 "서명된 요청이 필요합니다." "A request signed with a valid key is required.";
    Pay4021 "PAY4021" 402 "결제가 거절되었습니다." "The payment was declined.";
    Pay4031 "PAY4031" 403 "이 키로 할 수 없는 작업입니다." "This key may not do that.";
    Pay4041 "PAY4041" 404 "결제를 찾을 수 없습니다." "The payment was not found.";
    Pay4042 "PAY4042" 404 "주문을 찾을 수 없습니다." "The order was not found.";
    Pay4043 "PAY4043" 404 "환불을 찾을 수 없습니다." "The refund was not found.";
    Pay4044 "PAY4044" 404 "크레딧 계정 또는 예약을 찾을 수 없습니다." "The credit account or reservation was not found.";
    Pay4091 "PAY4091" 409 "같은 키의 요청이 처리 중입니다." "A request with the same key is still running.";
    Pay4092 "PAY4092" 409 "현재 결제 상태에서는 할 수 없는 작업입니다." "The payment's state does not allow this.";
    Pay4093 "PAY4093" 409 "현재 상태에서는 매입할 수 없습니다." "The payment's state does not allow a capture.";
    Pay4094 "PAY4094" 409 "현재 상태에서는 환불할 수 없습니다." "The payment's state does not allow a refund.";
    Pay4095 "PAY4095" 409 "현재 상태에서는 취소할 수 없습니다." "The payment's state does not allow a void.";
    Pay4096 "PAY4096" 409 "현재 주문 상태에서는 할 수 없는 작업입니다." "The order's state does not allow this.";
    Pay4097 "PAY4097" 409 "이 주문에는 이미 진행 중인 결제가 있습니다." "The order has a live payment already.";
    Pay4098 "PAY4098" 409 "결제 내역을 검토하고 있습니다." "The payment is under review.";
    Pay4099 "PAY4099" 409 "예약된 크레딧으로 할 수 없는 작업입니다." "The reservation does not allow this.";
    Pay4221 "PAY4221" 422 "같은 키로 다른 요청을 보냈습니다." "The key was used with another request.";
    Pay4222 "PAY4222" 422 "환불 가능 금액을 초과했습니다." "The refund exceeds what is left.";
    Pay4223 "PAY4223" 422 "환불 가능 기간이 지났습니다." "The time for refunds is over.";
    Pay4224 "PAY4224" 422 "환불 횟수를 초과했습니다." "The payment has as many refunds as it may.";
    Pay4225 "PAY4225" 422 "주문 금액과 다릅니다." "The amount differs from the order's.";
    Pay4226 "PAY4226" 422 "크레딧이 부족합니다." "There are not enough credits.";
    Pay4227 "PAY4227" 422 "사용한 크레딧보다 많습니다." "More than was used cannot be given back.";
    Pay4228 "PAY4228" 422 "결제 키가 이 결제의 것이 아닙니다." "The payment has another payment key.";
    Pay4291 "PAY4291" 429 "요청이 너무 많습니다. 잠시 후 다시 시도해 주세요." "Too many requests. Please retry later.";
    Pay5021 "PAY5021" 502 "결제사에서 오류가 발생했습니다. 같은 키로 다시 시도해도 안전합니다." "The payment provider failed. A retry with the same key is safe.";
    Pay5031 "PAY5031" 503 "결제사를 잠시 이용할 수 없습니다." "The payment provider is not available for the moment.";
    Pay5041 "PAY5041" 504 "결제사의 응답이 없습니다. 같은 키로 다시 시도해도 안전합니다." "The payment provider did not answer in time. A retry with the same key is safe.";
}

/// How a request succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Success {
    /// `COMMON200`, HTTP 200.
    Ok,
    /// `COMMON200`, HTTP 201: only where the API says so.
    Created,
    /// `AUTH2001`, HTTP 200: signed in at the provider, not yet a member.
    NewMember,
}

impl Success {
    /// The code as clients see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok | Self::Created => "COMMON200",
            Self::NewMember => "AUTH2001",
        }
    }

    /// The HTTP status that goes with it.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Ok | Self::NewMember => 200,
            Self::Created => 201,
        }
    }

    /// The public text.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Ok | Self::Created, Language::Korean) => "성공입니다.",
            (Self::Ok | Self::Created, Language::English) => "OK.",
            (Self::NewMember, Language::Korean) => "신규 회원입니다. 가입을 완료해 주세요.",
            (Self::NewMember, Language::English) => "Welcome. Please finish signing up.",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_have_two_texts_each() {
        let mut codes = HashSet::new();
        let mut texts = HashSet::new();
        for code in Code::ALL {
            assert!(codes.insert(code.as_str()), "{} twice", code.as_str());
            for language in [Language::Korean, Language::English] {
                assert!(texts.insert(code.text(language)), "text of {} is used twice", code.as_str());
            }
        }
    }

    #[test]
    fn the_status_agrees_with_the_digits_of_the_code() {
        for code in Code::ALL {
            let digits: String = code.as_str().chars().filter(char::is_ascii_digit).take(3).collect();
            // AUTH4001 and its like are older than the rule, RETRO4010 is the tenth of RETRO400x: clients know them so.
            let older =
                ["AUTH4001", "AUTH4002", "AUTH4004", "AUTH4005", "RETRO4010"].contains(&code.as_str());
            let agreed = older != (digits == code.status().to_string());
            assert!(agreed, "{} has status {}", code.as_str(), code.status());
        }
    }
}

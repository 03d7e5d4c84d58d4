//! Domain errors of payments → public faces, and what a step that went well says. No wildcard arms, as in `domain.rs`.

use rules_payment::{
    MoneyFault, State,
    credit::CreditRefusal,
    currency::UnknownCurrency,
    idempotency::NoKey,
    merchant::MerchantFault,
    order::{IllegalOrderMove, LINES_MAX, OrderFault, QUANTITY_MAX},
    refund::RefundRefusal,
    signature::HeaderFault,
    state::IllegalMove,
};

use crate::{Code, Language, Problem, PublicFace};

/// Korean and English of what is wrong with an amount.
const fn amount_texts(fault: MoneyFault) -> (&'static str, &'static str) {
    match fault {
        MoneyFault::NotANumber => ("숫자여야 합니다.", "Must be a number."),
        MoneyFault::TooFine => {
            ("통화의 최소 단위보다 작을 수 없습니다.", "Finer than the currency's minor unit.")
        }
        MoneyFault::NotPositive => ("1 이상이어야 합니다.", "Must be at least 1 minor unit."),
        MoneyFault::TooLarge => ("금액이 너무 큽니다.", "The amount is too large."),
        MoneyFault::OtherCurrency => ("통화가 서로 다릅니다.", "The currencies differ."),
    }
}

impl PublicFace for MoneyFault {
    fn problem(&self) -> Problem {
        let (korean, english) = amount_texts(*self);
        Problem::from(Code::Pay4001).field("amount", korean, english)
    }
}

impl PublicFace for UnknownCurrency {
    fn problem(&self) -> Problem {
        let (korean, english) = (
            "ISO 4217 통화 코드(대문자)여야 합니다.",
            "Must be a currency code of ISO 4217 in capital letters.",
        );
        Problem::from(Code::Pay4001).field("currency", korean, english)
    }
}

impl PublicFace for MerchantFault {
    fn problem(&self) -> Problem {
        let (korean, english) = match self {
            Self::Empty => ("필수 항목입니다.", "This field is required."),
            Self::TooLong => ("32자를 넘을 수 없습니다.", "At most 32 characters."),
            Self::Letter => {
                ("영문, 숫자, '.', '_', '-'만 쓸 수 있습니다.", "Use letters, digits, '.', '_' and '-' only.")
            }
        };
        Problem::from(Code::Common400).field("merchantId", korean, english)
    }
}

impl PublicFace for NoKey {
    fn problem(&self) -> Problem {
        let (korean, english) =
            ("1자 이상 64자 이하의 ASCII 문자여야 합니다.", "Must be 1 to 64 visible ASCII characters.");
        Problem::from(Code::Common400).field("idempotencyKey", korean, english)
    }
}

impl PublicFace for HeaderFault {
    fn problem(&self) -> Problem {
        match self {
            Self::Unsigned | Self::Malformed | Self::Skewed => Code::Pay4011.into(),
        }
    }
}

impl PublicFace for IllegalMove {
    fn problem(&self) -> Problem {
        Code::Pay4092.into()
    }
}

impl PublicFace for IllegalOrderMove {
    fn problem(&self) -> Problem {
        Code::Pay4096.into()
    }
}

impl PublicFace for RefundRefusal {
    fn problem(&self) -> Problem {
        match self {
            Self::Conflict => Code::Pay4094.into(),
            Self::TooLate => Code::Pay4223.into(),
            Self::TooMany => Code::Pay4224.into(),
            Self::NotPositive => MoneyFault::NotPositive.problem(),
            Self::ExceedsRemaining { .. } => Code::Pay4222.into(),
        }
    }
}

impl PublicFace for CreditRefusal {
    fn problem(&self) -> Problem {
        match self {
            Self::NotPositive => MoneyFault::NotPositive.problem(),
            Self::TooLarge => MoneyFault::TooLarge.problem(),
            Self::Insufficient { .. } => Code::Pay4226.into(),
            Self::NotReserved { .. } => Code::Pay4099.into(),
        }
    }
}

impl PublicFace for OrderFault {
    fn problem(&self) -> Problem {
        match self {
            Self::Count { .. } => Problem::from(Code::Common400).field(
                "lineItems",
                format!("1개 이상 {LINES_MAX}개 이하여야 합니다."),
                format!("Must have 1 to {LINES_MAX} entries."),
            ),
            Self::Quantity { index } => Problem::from(Code::Common400).field(
                format!("lineItems[{index}].quantity"),
                format!("1 이상 {QUANTITY_MAX} 이하여야 합니다."),
                format!("Must be 1 to {QUANTITY_MAX}."),
            ),
            Self::Price { index, fault } => {
                let (korean, english) = match fault {
                    MoneyFault::NotPositive => ("0 이상이어야 합니다.", "Must not be below 0."),
                    MoneyFault::NotANumber
                    | MoneyFault::TooFine
                    | MoneyFault::TooLarge
                    | MoneyFault::OtherCurrency => amount_texts(*fault),
                };
                Problem::from(Code::Pay4001).field(format!("lineItems[{index}].unitPrice"), korean, english)
            }
            Self::Total(fault) => {
                let (korean, english) = amount_texts(*fault);
                Problem::from(Code::Pay4001).field("lineItems", korean, english)
            }
        }
    }
}

/// What the step API tells people about the state a payment reached.
#[must_use]
pub const fn step_message(state: State, language: Language) -> &'static str {
    let (korean, english) = match state {
        State::Requested => ("결제가 요청되었습니다.", "The payment was requested."),
        State::Authorized => ("결제가 승인되었습니다.", "The payment is authorized."),
        State::AuthFailed => ("결제가 거절되었습니다.", "The payment was declined."),
        State::AuthUnknown => ("결제 결과를 확인하고 있습니다.", "The outcome is being looked up."),
        State::Expired => ("결제가 만료되었습니다.", "The payment has expired."),
        State::Voided => ("결제가 취소되었습니다.", "The payment was voided."),
        State::CaptureRequested => (
            "결제가 승인되었고 매입이 진행 중입니다.",
            "The payment is authorized and its capture is under way.",
        ),
        State::Captured => ("결제가 완료되었습니다.", "The payment is captured."),
        State::CaptureFailed => ("매입에 실패했습니다.", "The capture failed."),
        State::RefundRequested => ("환불이 진행 중입니다.", "The refund is under way."),
        State::PartiallyRefunded => ("일부 금액이 환불되었습니다.", "A part was refunded."),
        State::Refunded => ("전액 환불되었습니다.", "All of it was refunded."),
    };
    match language {
        Language::Korean => korean,
        Language::English => english,
    }
}

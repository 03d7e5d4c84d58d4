//! The manual: what the provider can be made to do, by name.

use maud::{Markup, html};
use sandbox_kit::page::Page;
use sandbox_kit::{Answer, Call, Language};

use crate::case;

/// `GET /v1/sandbox`
pub(crate) fn manual(call: &Call) -> Answer {
    let language = Language::of(call.header("accept-language"));
    let title = language.pick("결제 제공자", "Payment provider");
    let main = html! {
        h1 { (title) }
        p.soft {
            (language.pick(
                "토스페이먼츠와 같은 형식으로 말합니다. 진짜 돈은 움직이지 않습니다.",
                "Speaks Toss Payments' wire format. No real money moves.",
            ))
        }
        (profiles(language))
        (scripts(language))
        (report(language))
    };
    Page { language, title, main, form_target: None }.answer(200)
}

fn profiles(language: Language) -> Markup {
    html! {
        section.card {
            h2 { (language.pick("성격", "Profiles")) }
            p { code { "PUT /v1/sandbox/profile {\"name\": \"loadtest\", \"seed\": 7, \"errorsPerMillion\": 0}" } }
            dl {
                dt { code { "steady" } }
                dd { (language.pick("처음 상태. 바로 답하고 스스로 실패하지 않습니다.", "The first one: answers at once, never fails by itself.")) }
                dt { code { "loadtest" } }
                dd { (language.pick("1–3 ms, 오류 0.01 %.", "1–3 ms, 0.01 % errors.")) }
                dt { code { "realistic" } }
                dd { (language.pick(
                    "승인 50–150 ms에 오류 0.5 %, 정산 1–3 s에 오류 5 %.",
                    "Authorize 50–150 ms with 0.5 % errors, settle 1–3 s with 5 % errors.",
                )) }
            }
            p.soft { (language.pick("같은 seed와 같은 주문 번호에는 같은 일이 일어납니다.", "The same seed and order id have the same fate.")) }
        }
    }
}

fn scripts(language: Language) -> Markup {
    html! {
        section.card {
            h2 { (language.pick("시나리오", "Scripts")) }
            p { code { "PUT /v1/sandbox/scripts/{merchant | orderId}[/authorize|confirm|capture|cancel] {\"case\": \"decline\"}" } }
            p { (language.pick("또는 가맹점 이름으로: ", "Or by the merchant's name: "))
                code { "script-decline" } ", " code { "script-decline--17" } ", " code { "script-capture-down" } }
            dl {
                @for case in case::ALL {
                    dt { code { (case.name) } }
                    dd { (case.told) }
                }
            }
        }
    }
}

fn report(language: Language) -> Markup {
    html! {
        section.card {
            h2 { (language.pick("실제로 한 일", "What it really did")) }
            ul {
                li { a href="/v1/sandbox/charges" { code { "GET /v1/sandbox/charges?after&limit&merchant&orderId&all" } } }
                li { a href="/v1/sandbox/charges/summary" { code { "GET /v1/sandbox/charges/summary" } } }
                li { code { "POST /v1/sandbox/webhooks {\"orderId\": …, \"times\": 2, \"statuses\": [\"CANCELED\", \"DONE\"], \"delayMs\": 500, \"agedS\": 60}" } }
                li { code { "POST /v1/checkout {\"orderId\": …, \"amount\": 1000}" } }
            }
        }
    }
}

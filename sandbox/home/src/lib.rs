//! `GET /` of the sandbox: what it stands in for, and where each part is.
//!
//! Look next at `sandbox/identity-provider`, `sandbox/payment-provider` and `sandbox/webhooks`.

use maud::{Markup, html};
use sandbox_kit::page::Page;
use sandbox_kit::{Answer, Call, Language, not_allowed};
use spin_sdk::http::{Method, Request};
use spin_sdk::http_service;

#[http_service]
async fn home(request: Request) -> Answer {
    let call = Call::new(request);
    if !matches!(call.method, Method::GET | Method::HEAD) {
        return not_allowed("GET, HEAD");
    }
    let language = Language::of(call.header("accept-language"));
    let title = language.pick("Moalog 샌드박스", "Moalog sandbox");
    let main = html! {
        h1 { (title) }
        p.soft {
            (language.pick(
                "바깥세상의 대역입니다. 개발할 때만 쓰이고, 운영 매니페스트에는 이름조차 없습니다.",
                "A stand-in for the outside world: for development only, and not even named in the production manifest.",
            ))
        }
        (identity_provider(language))
        (payment_provider(language))
        (webhooks(language))
    };
    Page { language, title, main, form_target: None }.answer(200)
}

fn identity_provider(language: Language) -> Markup {
    html! {
        section.card {
            h2 { (language.pick("로그인 제공자", "Identity provider")) }
            p {
                (language.pick(
                    "Google과 카카오의 OAuth 2.0 / OpenID Connect 코드 흐름. 실패하는 사람들도 있습니다.",
                    "The OAuth 2.0 / OpenID Connect code flow of Google and Kakao, with people whose sign-in fails on purpose.",
                ))
            }
            ul {
                @for provider in ["google", "kakao"] {
                    li {
                        a href={ "/oauth/" (provider) "/.well-known/openid-configuration" } {
                            code { "/oauth/" (provider) "/.well-known/openid-configuration" }
                        }
                    }
                    li { a href={ "/oauth/" (provider) "/jwks" } { code { "/oauth/" (provider) "/jwks" } } }
                }
            }
        }
    }
}

fn payment_provider(language: Language) -> Markup {
    html! {
        section.card {
            h2 { (language.pick("결제 제공자", "Payment provider")) }
            p {
                a href="/v1/sandbox" { code { "/v1/sandbox" } } " "
                (language.pick(
                    "— 토스페이먼츠 형식. 거절, 무응답, 중복 콜백도 시킬 수 있습니다.",
                    "— Toss Payments' wire format, with declines, lost answers and doubled callbacks on demand.",
                ))
            }
            ul {
                li { a href="/v1/sandbox/charges" { code { "/v1/sandbox/charges" } } }
            }
        }
    }
}

fn webhooks(language: Language) -> Markup {
    html! {
        section.card {
            h2 { (language.pick("웹훅 수신함", "Webhook receiver")) }
            p {
                a href="/hooks" { code { "/hooks" } } " "
                (language.pick("— 받은 것을 보여 줍니다.", "— shows what it got."))
            }
        }
    }
}

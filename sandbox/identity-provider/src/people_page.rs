//! The page on which a person says who signs in.

use maud::{Markup, html};
use sandbox_kit::page::Page;
use sandbox_kit::{Answer, Form, Language};

use crate::people::{FAILURES, PEOPLE};
use crate::provider::Provider;
use crate::request::AuthorizeRequest;

/// The parameters that the form carries on, as they came.
const CARRIED: [&str; 8] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
];

/// The choice of people; `fault` is shown when the last choice was none.
pub(crate) fn choose(
    provider: Provider,
    language: Language,
    form: &Form,
    request: &AuthorizeRequest,
    fault: Option<&str>,
) -> Answer {
    let title = format!("{} {}", provider.title(language), language.pick("로그인", "sign-in"));
    let origin = request.redirect_uri.origin().ascii_serialization();
    let main = html! {
        div.narrow {
            div.card {
                span.mark { (provider.title(language)) " · sandbox" }
                h1 { (language.pick("누구로 로그인할까요?", "Who signs in?")) }
                p.soft { (language.pick("다음 주소로 돌아갑니다: ", "You go back to ")) code { (origin) } }
                form method="post" {
                    (carried(form))
                    (people())
                }
                (typed(language, form, fault))
                details {
                    summary { (language.pick("실패를 시험해 보기", "Try a failure")) }
                    form method="post" {
                        (carried(form))
                        (failing(language))
                    }
                }
            }
        }
    };
    let status = if fault.is_some() { 422 } else { 200 };
    Page { language, title: &title, main, form_target: Some(&origin) }.answer(status)
}

/// A request that must not be sent back anywhere.
pub(crate) fn refused(language: Language, reason: &str) -> Answer {
    let title = language.pick("로그인 요청이 잘못되었습니다", "The sign-in request is wrong");
    let main = html! {
        div.narrow { div.card {
            h1 { (title) }
            p { code { (reason) } }
            p.soft {
                (language.pick(
                    "앱이 보낸 client_id 또는 redirect_uri를 확인하세요. 이 페이지는 어디로도 이동하지 않습니다.",
                    "Check the client_id and redirect_uri that the application sent. This page leads nowhere.",
                ))
            }
        } }
    };
    Page { language, title, main, form_target: None }.answer(400)
}

fn carried(form: &Form) -> Markup {
    html! {
        @for name in CARRIED {
            @if let Some(value) = form.get(name) { input type="hidden" name=(name) value=(value); }
        }
    }
}

fn people() -> Markup {
    html! {
        ul.people {
            @for (email, name) in PEOPLE {
                li { (button(email, name, email, name.chars().next())) }
            }
        }
    }
}

fn failing(language: Language) -> Markup {
    html! {
        ul.people.trouble {
            @for (_, local, korean, english) in FAILURES {
                @let email = format!("{local}@sandbox.test");
                li { (button(&email, local, language.pick(korean, english), Some('!'))) }
            }
        }
    }
}

fn button(email: &str, title: &str, below: &str, letter: Option<char>) -> Markup {
    html! {
        button.person type="submit" name="person" value=(email) {
            span.face aria-hidden="true" { @if let Some(letter) = letter { (letter) } }
            strong { (title) }
            small { (below) }
        }
    }
}

fn typed(language: Language, form: &Form, fault: Option<&str>) -> Markup {
    html! {
        form method="post" {
            (carried(form))
            div.field {
                label for="person" { (language.pick("다른 이메일 주소", "Another e-mail address")) }
                input #person type="email" name="person" required maxlength="254" autocomplete="off"
                    placeholder="name@sandbox.test" value=[form.get("login_hint")]
                    aria-invalid=[fault.map(|_| "true")] aria-describedby=[fault.map(|_| "fault")];
                @if let Some(fault) = fault { strong #fault role="alert" { (fault) } }
            }
            button.go type="submit" { (language.pick("계속", "Continue")) }
        }
    }
}

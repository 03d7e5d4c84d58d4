//! The page that shows what came.

use maud::{Markup, html};
use sandbox_kit::page::Page;
use sandbox_kit::{Answer, Language, now_ms};

use crate::hook::Hook;

/// All hooks, the newest first.
pub(crate) fn list(language: Language, hooks: &[Hook]) -> Answer {
    let title = language.pick("받은 웹훅", "Webhooks received");
    let main = html! {
        div.row {
            h1 { (title) }
            @if !hooks.is_empty() {
                form method="post" action="/hooks?clear=1" {
                    button.quiet type="submit" { (language.pick("모두 지우기", "Clear all")) }
                }
            }
        }
        p.soft {
            (language.pick("보낼 곳: ", "Send to ")) code { "POST /hooks/{name}" } " · "
            code { "?status=500" } " · " code { "?delayMs=3000" }
        }
        @if hooks.is_empty() {
            div.card { p { (language.pick("아직 받은 것이 없습니다.", "Nothing has come yet.")) } }
        }
        @for hook in hooks { (card(language, hook)) }
    };
    Page { language, title, main, form_target: None }.answer(200)
}

fn card(language: Language, hook: &Hook) -> Markup {
    let ago_s = now_ms().saturating_sub(hook.received_at_ms) / 1000;
    html! {
        section.card {
            div.row {
                h2 { (hook.name) }
                span.soft { (ago_s) (language.pick("초 전 · 응답 ", " s ago · answered ")) (hook.answered) }
            }
            pre { (hook.body) }
            @if hook.is_lossy {
                p.soft { (language.pick("UTF-8이 아닌 바이트는 바꾸어 보여 줍니다.", "Bytes that are no UTF-8 are replaced.")) }
            }
            details {
                summary { (language.pick("헤더", "Headers")) " (" (hook.headers.len()) ")" }
                dl { @for (name, value) in &hook.headers { dt { code { (name) } } dd { code { (value) } } } }
            }
        }
    }
}

//! The page: one document, no script, nothing from outside.

use std::sync::OnceLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use wire::Language;

use crate::manifest::{self, Route};
use crate::returned::Returned;
use crate::texts::{area, pick, tag};

const STYLE: &str = include_str!("page.css");
const MARK: &str = include_str!("mark.svg");
const MEMBERS_ME: &str = "/api/v1/members/me";
/// Only where the dev stack adds it, which is where there is a sandbox.
const DEV_LOGIN: &str = "/api/v1/auth/dev-login";
const OPENAPI: &str = "/api/v1/openapi.json";

/// Where the page may lead.
pub(crate) struct Links {
    /// The service's own address, as browsers see it.
    pub(crate) origin: String,
    /// The sandbox, where there is one.
    pub(crate) sandbox: Option<String>,
    /// The admin port, where it may be shown.
    pub(crate) admin: Option<String>,
}

/// What the page may load: its own style and its own icon.
pub(crate) fn policy() -> &'static str {
    static POLICY: OnceLock<String> = OnceLock::new();
    POLICY.get_or_init(|| {
        let style = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        format!(
            "default-src 'none'; style-src 'sha256-{style}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    })
}

/// The whole document.
pub(crate) fn markup(language: Language, links: &Links, returned: Option<Returned>) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(tag(language)) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Moalog — " (pick(language, "팀 회고", "team retrospectives")) }
                link rel="icon" href=(icon());
                style { (PreEscaped(STYLE)) }
            }
            body {
                (hero(language))
                main {
                    @if let Some(returned) = returned { p.returned role="status" { (returned.text(language)) } }
                    (start(language, links))
                    (routes(language))
                }
                (footer(language, links))
            }
        }
    }
}

fn icon() -> String {
    format!("data:image/svg+xml;base64,{}", BASE64_STANDARD.encode(MARK))
}

fn hero(language: Language) -> Markup {
    html! {
        header {
            div.brand {
                span.mark aria-hidden="true" { (PreEscaped(MARK)) }
                span.name { "Moalog" }
                span.version { (manifest::NAME) " " (manifest::VERSION) }
            }
            h1 { (pick(language, "돌아보고, 모으고, 나아갑니다.", "Look back, gather, move on.")) }
            p.lead {
                (pick(
                    language,
                    "팀 회고를 위한 서비스입니다. 모든 엔드포인트가 저마다 하나의 WebAssembly 컴포넌트입니다.",
                    "A service for team retrospectives. Every endpoint is a WebAssembly component of its own.",
                ))
            }
        }
    }
}

fn start(language: Language, links: &Links) -> Markup {
    html! {
        section aria-labelledby="start" {
            h2 #start { (pick(language, "시작하기", "Get started")) }
            div.actions { (sign_in(language)) }
            p { (pick(language, "또는 터미널에서:", "Or in a terminal:")) }
            pre tabindex="0" { code { (first_calls(language, links)) } }
        }
    }
}

fn first_calls(language: Language, links: &Links) -> Markup {
    html! {
        "curl -i " (links.origin) (MEMBERS_ME) "\n"
        span.comment { "# 401 AUTH4001 — " (pick(language, "로그인이 필요합니다", "a sign-in is needed")) "\n" }
        @if links.sandbox.is_some() {
            "\ncurl -i " (links.origin) (DEV_LOGIN) " -H 'content-type: application/json' -d '{\"email\":\"minseo@sandbox.test\"}'\n"
            span.comment { "# 200 — " (pick(language, "브라우저 없이 로그인합니다 (개발용)", "signs in without a browser (development)")) "\n" }
        }
    }
}

fn sign_in(language: Language) -> Markup {
    let providers = [
        ("google", "/api/v1/auth/google/login", pick(language, "Google로 로그인", "Sign in with Google")),
        ("kakao", "/api/v1/auth/kakao/login", pick(language, "카카오로 로그인", "Sign in with Kakao")),
    ];
    html! {
        @for (class, path, text) in providers {
            @if manifest::serves(path) { a.action.(class) href=(path) { (text) } }
        }
    }
}

fn routes(language: Language) -> Markup {
    html! {
        section aria-labelledby="routes" {
            h2 #routes {
                (pick(language, "여기서 도는 것", "What runs here"))
                span.count { (manifest::ROUTES.len()) (pick(language, "개 경로", " routes")) }
            }
            div.areas {
                @for routes in manifest::areas() { (one_area(language, routes)) }
            }
        }
    }
}

fn one_area(language: Language, routes: &'static [Route]) -> Markup {
    html! {
        article.area {
            h3 { (area(language, routes[0].area)) span.count { (routes.len()) } }
            ul {
                @for route in routes {
                    li { code { (route.path) } small { (route.component) } }
                }
            }
        }
    }
}

fn footer(language: Language, links: &Links) -> Markup {
    html! {
        footer {
            nav aria-label=(pick(language, "개발용 주소", "For developers")) {
                @if manifest::serves(OPENAPI) { a href=(OPENAPI) { "OpenAPI" } }
                @if let Some(sandbox) = &links.sandbox {
                    a href=(sandbox) { (pick(language, "샌드박스", "Sandbox")) }
                    a href={ (sandbox) "/hooks" } { (pick(language, "받은 웹훅", "Webhooks received")) }
                }
                @if let Some(admin) = &links.admin {
                    a href={ (admin) "/readyz" } { (pick(language, "준비 상태", "Readiness")) }
                    a href={ (admin) "/metrics" } { (pick(language, "지표", "Metrics")) }
                }
            }
            p { "Moalog " (manifest::VERSION) " · Apache-2.0" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(language: Language, sandbox: Option<&str>) -> String {
        let links = Links {
            origin: "http://127.0.0.1:3000".to_owned(),
            sandbox: sandbox.map(str::to_owned),
            admin: None,
        };
        markup(language, &links, None).into_string()
    }

    #[test]
    fn who_comes_back_from_a_provider_reads_what_came_of_it() {
        let links = Links { origin: String::new(), sandbox: None, admin: None };
        for (word, text) in
            [("done", "Signed in."), ("signup", "/api/v1/auth/signup"), ("denied", "given up")]
        {
            let page = markup(Language::English, &links, Returned::read(word)).into_string();
            assert!(page.contains("role=\"status\"") && page.contains(text), "{word}");
        }
        assert!(
            Returned::read("<b>").is_none() && !shown(Language::English, None).contains("role=\"status\"")
        );
    }

    #[test]
    fn every_public_route_is_on_the_page() {
        let page = shown(Language::English, None);
        for route in manifest::ROUTES {
            assert!(page.contains(&format!("<code>{}</code>", route.path)), "{}", route.path);
        }
    }

    #[test]
    fn without_a_sandbox_nothing_is_said_of_one() {
        assert!(!shown(Language::English, None).to_lowercase().contains("sandbox"));
        assert!(
            shown(Language::English, Some("http://127.0.0.1:3002")).contains("http://127.0.0.1:3002/hooks")
        );
    }

    #[test]
    fn both_languages_name_themselves() {
        assert!(shown(Language::Korean, None).contains("lang=\"ko\""));
        assert!(shown(Language::English, None).contains("lang=\"en\""));
    }

    #[test]
    fn the_page_has_no_script_and_no_inline_style_attribute() {
        let page = shown(Language::Korean, Some("http://127.0.0.1:3002"));
        assert!(!page.contains("<script") && !page.contains(" style=") && !page.contains(" onclick="));
    }
}

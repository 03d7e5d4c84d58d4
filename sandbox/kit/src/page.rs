//! The sandbox's pages: one shell, one style sheet, no script, nothing from outside.

use std::sync::OnceLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use spin_sdk::http::HeaderValue;

use crate::answer::with_type;
use crate::{Answer, Language};

const STYLE: &str = include_str!("page.css");

/// A page: `title`, a `main` part, and where its forms may lead (an origin, for pages whose form ends in a redirect).
pub struct Page<'a> {
    pub language: Language,
    pub title: &'a str,
    pub main: Markup,
    pub form_target: Option<&'a str>,
}

impl Page<'_> {
    /// The page as an answer with its headers.
    pub fn answer(&self, status: u16) -> Answer {
        let mut answer = with_type(status, "text/html; charset=utf-8", self.markup().into_string());
        let headers = answer.headers_mut();
        headers.insert("x-frame-options", HeaderValue::from_static("DENY"));
        headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
        headers.insert("vary", HeaderValue::from_static("accept-language"));
        match HeaderValue::from_str(&self.policy()) {
            Ok(policy) => drop(headers.insert("content-security-policy", policy)),
            // An origin that is no header value never comes from a checked redirect URI; without it the form goes nowhere.
            Err(_) => drop(
                headers.insert("content-security-policy", HeaderValue::from_static("default-src 'none'")),
            ),
        }
        answer
    }

    fn markup(&self) -> Markup {
        let banner = self.language.pick(
            "샌드박스 — 실제 계정이 아닙니다. 여기에 적는 것은 아무 데도 전해지지 않습니다.",
            "Sandbox — no real accounts. Nothing typed here leaves this machine.",
        );
        html! {
            (DOCTYPE)
            html lang=(self.language.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · Moalog sandbox" }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    p.banner role="note" { (banner) }
                    main { (self.main) }
                }
            }
        }
    }

    fn policy(&self) -> String {
        let forms = self.form_target.map_or_else(|| "'self'".to_owned(), |target| format!("'self' {target}"));
        format!(
            "default-src 'none'; style-src 'sha256-{}'; form-action {forms}; base-uri 'none'; frame-ancestors 'none'",
            style_hash()
        )
    }
}

fn style_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes())))
}

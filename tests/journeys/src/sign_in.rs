//! A browser's way through the sandbox's identity provider.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use tests_support::{Answer, Person};

/// A text that nobody else uses, of letters and digits, at most 16 characters.
#[must_use]
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}{:x}x{:x}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Where the provider sent the browser back to.
pub struct Back {
    /// Path and query on the app.
    pub path: String,
}

/// Begins a sign-in on the app and answers as `person` at the provider; does not yet go back.
///
/// # Panics
/// When the app or the provider does not redirect.
pub async fn go_to_provider(browser: &Person, provider: &str, person: &str) -> Back {
    let begun = browser.get(&format!("/api/v1/auth/{provider}/login?returnTo=/rooms%3Ftab=all")).await;
    assert_eq!(begun.status, 302, "{}", begun.text);
    let there = location(&begun);
    let client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let request = client.post(&there).header("accept", "application/json");
    let answer = request.form(&[("person", person)]).send().await.expect("the provider answers");
    let body: Value = answer.json().await.expect("the provider tells the way back");
    let back = body["redirectTo"].as_str().unwrap_or_else(|| panic!("no way back: {body}"));
    let path = back.splitn(4, '/').nth(3).expect("a path");
    Back { path: format!("/{path}") }
}

fn location(answer: &Answer) -> String {
    answer.headers.get("location").and_then(|value| value.to_str().ok()).expect("a location").to_owned()
}

impl Back {
    /// Goes back to the app in this browser.
    pub async fn go(&self, browser: &Person) -> Answer {
        browser.get(&self.path).await
    }
}

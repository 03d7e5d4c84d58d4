//! A receiver that keeps and shows the webhooks it got: `POST /hooks/{name}`, `GET /hooks`, `DELETE /hooks`.
//!
//! The sender's query decides the answer: `?status=500` refuses, `?delayMs=3000` makes it wait first. The last
//! [`hook::KEPT_MAX`] are kept. Shows bodies as they came: it must never receive anything real. See `sandbox/spin.toml`.

mod hook;
mod page;

use std::time::Duration;

use sandbox_kit::{Answer, Call, Language, Store, Trouble, json, no_content, not_allowed, plain, redirect};
use serde_json::json;
use spin_sdk::http::{Method, Request};
use spin_sdk::http_service;

use hook::Hook;

const DELAY_MS_MAX: u64 = 60_000;

#[http_service]
async fn webhooks(request: Request) -> Answer {
    match route(Call::new(request)).await {
        Ok(answer) => answer,
        Err(trouble) => trouble.answer(),
    }
}

async fn route(call: Call) -> Result<Answer, Trouble> {
    match (call.method.clone(), call.path.is_empty()) {
        (Method::GET | Method::HEAD, true) => shown(&call, None).await,
        (Method::GET | Method::HEAD, false) => shown(&call, Some(&call.path)).await,
        (Method::DELETE, _) => cleared().await.map(|()| no_content()),
        (Method::POST, true) if call.query.get("clear").is_some() => {
            cleared().await.map(|()| redirect("/hooks"))
        }
        (Method::POST, true) => Ok(plain(404, "post to /hooks/{name}")),
        (Method::POST, false) => received(call).await,
        (_, _) => Ok(not_allowed("GET, HEAD, POST, DELETE")),
    }
}

/// Keeps the hook before it answers, whatever the answer is: a sender that gives up early is seen too.
async fn received(call: Call) -> Result<Answer, Trouble> {
    let number = |name: &str, otherwise: u64| match call.query.get(name) {
        None => Ok(otherwise),
        Some(digits) => digits.parse().map_err(|_| Trouble::Format("status and delayMs are numbers")),
    };
    let status = u16::try_from(number("status", 200)?).ok().filter(|status| (200..600).contains(status));
    let status = status.ok_or(Trouble::Format("status is 200 to 599"))?;
    let delay_ms = number("delayMs", 0)?.min(DELAY_MS_MAX);
    let store = Store::open().await?;
    let id = Hook::of(call, status).await?.keep(&store).await?;
    if delay_ms > 0 {
        spin_sdk::time::sleep(Duration::from_millis(delay_ms)).await;
    }
    Ok(json(status, &json!({ "received": id })))
}

async fn shown(call: &Call, name: Option<&str>) -> Result<Answer, Trouble> {
    let mut hooks = Hook::kept(&Store::open().await?).await?;
    hooks.retain(|hook| name.is_none_or(|name| hook.name == name));
    if call.wants_json() {
        return Ok(json(200, &json!({ "hooks": hooks })));
    }
    Ok(page::list(Language::of(call.header("accept-language")), &hooks))
}

async fn cleared() -> Result<(), Trouble> {
    Hook::clear(&Store::open().await?).await
}

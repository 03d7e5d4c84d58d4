//! `GET /`: a small page that says what runs here and links to what can be tried.
//!
//! It reads nothing but its variables and takes the list of routes from `spin.toml` when it is built. It never shows a setting's
//! value beyond the addresses that it links to. Look next at `page.rs`, and at `build.rs` for where the routes come from.

mod manifest;
mod page;
mod returned;
mod texts;

use guest::prelude::*;
use guest::settings::{Service, variable};
use spin_sdk::http::HeaderValue;

use page::Links;
use returned::Returned;

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![GET show]).await
}

async fn show(call: Call) -> Result<Answer, Failure> {
    let links = Links {
        origin: Service::read().await?.origin(),
        sandbox: address("playground_url").await?,
        admin: address("admin_url").await?,
    };
    let returned = call.query("signIn").as_deref().and_then(Returned::read);
    let page = page::markup(call.language(), &links, returned).into_string();
    let policy = HeaderValue::from_str(page::policy()).map_err(Failure::fault)?;
    Ok(Answer::document("text/html; charset=utf-8", page).header("content-security-policy", policy))
}

/// A variable that is an address, or nothing where it is not set.
async fn address(name: &'static str) -> Result<Option<String>, Failure> {
    let value = variable(name).await?;
    let value = value.trim_end_matches('/');
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

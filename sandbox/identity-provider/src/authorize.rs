//! `/authorize`: a page for people, a form post from that page, or a POST of JSON by a test without a browser.
//!
//! With `Accept: application/json` the way back is told instead of gone: `{"redirectTo", "code"?, "state"?, "error"?}`.

use sandbox_kit::{Answer, Call, Form, Language, Trouble, json, not_allowed, redirect};
use serde_json::json;
use spin_sdk::http::Method;
use url::Url;

use crate::client::Client;
use crate::code;
use crate::oauth_error::OauthError;
use crate::people::{Failure, Person};
use crate::people_page;
use crate::provider::Provider;
use crate::request::{AuthorizeRequest, Refused};

pub(crate) async fn handle(provider: Provider, call: Call) -> Result<Answer, Trouble> {
    let language = Language::of(call.header("accept-language"));
    let wants_json = call.wants_json();
    let client = Client::registered().await?;
    let (is_answer, form) = match call.method {
        Method::GET | Method::HEAD => (false, call.query),
        Method::POST => {
            let query = call.query.clone();
            (true, call.form().await?.or(&query))
        }
        _ => return Ok(not_allowed("GET, HEAD, POST")),
    };
    let request = match AuthorizeRequest::read(&form, &client) {
        Ok(request) => request,
        Err(Refused::Here(reason)) if wants_json => return Ok(json(400, &json!({ "error": reason }))),
        Err(Refused::Here(reason)) => return Ok(people_page::refused(language, reason)),
        Err(Refused::There(to)) => return Ok(sent_back(&to, wants_json)),
    };
    if !is_answer {
        return Ok(people_page::choose(provider, language, &form, &request, None));
    }
    let Some(person) = form.get("person").and_then(Person::with_email) else {
        return Ok(not_a_person(provider, language, &form, &request, wants_json));
    };
    let to = decided(provider, &client, &request, person).await?;
    Ok(sent_back(&to, wants_json))
}

async fn decided(
    provider: Provider,
    client: &Client,
    request: &AuthorizeRequest,
    person: Person,
) -> Result<Url, Trouble> {
    if person.failure() == Some(Failure::DeniesConsent) {
        return Ok(request.refusal(OauthError::AccessDenied));
    }
    Ok(request.granted(&code::issue(provider, client, request, person).await?))
}

fn not_a_person(
    provider: Provider,
    language: Language,
    form: &Form,
    request: &AuthorizeRequest,
    wants_json: bool,
) -> Answer {
    if wants_json {
        return json(422, &json!({ "error": "person must be an e-mail address" }));
    }
    let fault = language.pick("이메일 주소를 적어 주세요.", "Type an e-mail address.");
    people_page::choose(provider, language, form, request, Some(fault))
}

fn sent_back(to: &Url, wants_json: bool) -> Answer {
    if !wants_json {
        return redirect(to.as_str());
    }
    let mut told = json!({ "redirectTo": to.as_str() });
    for (name, value) in to.query_pairs() {
        if matches!(name.as_ref(), "code" | "state" | "error" | "error_description") {
            told[name.as_ref()] = json!(value);
        }
    }
    json(200, &told)
}

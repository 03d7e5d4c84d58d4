//! `/userinfo`: who an access token stands for, in Google's claims or in the shape of Kakao's `/v2/user/me`.

use sandbox_kit::{Answer, Call, Store, Trouble, json, not_allowed};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spin_sdk::http::{HeaderValue, Method};

use crate::claims;
use crate::code::{is_past, key_of};
use crate::people::{Failure, Person};
use crate::provider::Provider;

#[derive(Serialize, Deserialize)]
struct Access {
    provider: String,
    person: Person,
}

/// Keeps what an access token stands for, under the token's hash.
pub(crate) async fn remember(
    store: &Store,
    provider: Provider,
    token: &str,
    person: Person,
) -> Result<(), Trouble> {
    let Some(key) = key_of("access/", token) else {
        return Err(Trouble::Key("an access token without its end".to_owned()));
    };
    store.set(&key, &Access { provider: provider.name().to_owned(), person }).await
}

pub(crate) async fn handle(provider: Provider, call: &Call) -> Result<Answer, Trouble> {
    if !matches!(call.method, Method::GET | Method::HEAD | Method::POST) {
        return Ok(not_allowed("GET, HEAD, POST"));
    }
    let Some(person) = bearer(provider, call.header("authorization")).await? else {
        return Ok(unauthorized(provider));
    };
    if person.failure() == Some(Failure::UserinfoDown) {
        return Ok(json(500, &json!({ "error": "a failure that was asked for" })));
    }
    Ok(json(200, &told(provider, &person)))
}

async fn bearer(provider: Provider, authorization: &str) -> Result<Option<Person>, Trouble> {
    let Some((scheme, token)) = authorization.split_once(' ') else {
        return Ok(None);
    };
    let Some(key) = key_of("access/", token).filter(|_| scheme.eq_ignore_ascii_case("bearer")) else {
        return Ok(None);
    };
    let access: Option<Access> = Store::open().await?.get(&key).await?;
    let is_valid = |access: &Access| access.provider == provider.name() && !is_past(token);
    Ok(access.filter(is_valid).map(|access| access.person))
}

fn told(provider: Provider, person: &Person) -> Value {
    match provider {
        Provider::Google => Value::Object(claims::profile(provider, person)),
        Provider::Kakao => kakao(person),
    }
}

fn kakao(person: &Person) -> Value {
    let failure = person.failure();
    let mut account = json!({
        "profile_nickname_needs_agreement": false,
        "profile": { "nickname": person.name, "is_default_nickname": false },
        "has_email": failure != Some(Failure::NoEmail),
    });
    if failure != Some(Failure::NoEmail) {
        account["email_needs_agreement"] = json!(false);
        account["is_email_valid"] = json!(true);
        account["is_email_verified"] = json!(failure != Some(Failure::EmailUnverified));
        account["email"] = json!(person.email);
    }
    json!({ "id": person.kakao_id(), "properties": { "nickname": person.name }, "kakao_account": account })
}

fn unauthorized(provider: Provider) -> Answer {
    let body = match provider {
        Provider::Google => json!({ "error": "invalid_request", "error_description": "Invalid Credentials" }),
        Provider::Kakao => json!({ "msg": "this access token does not exist", "code": -401 }),
    };
    let mut answer = json(401, &body);
    answer
        .headers_mut()
        .insert("www-authenticate", HeaderValue::from_static("Bearer error=\"invalid_token\""));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kakao_tells_in_its_own_shape() {
        let person = Person::with_email("jiwoo.lee@sandbox.test").unwrap();
        let told = told(Provider::Kakao, &person);
        assert_eq!(told["kakao_account"]["profile"]["nickname"], "이지우");
        assert_eq!(told["kakao_account"]["email"], "jiwoo.lee@sandbox.test");
        assert!(told["id"].is_u64());
    }

    #[test]
    fn an_unverified_address_says_so_at_both_providers() {
        let person = Person::with_email("unverified@sandbox.test").unwrap();
        assert_eq!(told(Provider::Google, &person)["email_verified"], false);
        assert_eq!(told(Provider::Kakao, &person)["kakao_account"]["is_email_verified"], false);
    }
}

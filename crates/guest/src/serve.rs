//! A request's way through a component: origin, route, handler, answer, headers.

use std::{future::Future, pin::Pin};

use bytes::Bytes;
use http_body_util::Full;
use spin_sdk::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use wire::{Code, Language, Problem};

use crate::{Answer, Call, Failure, Reply, origin};

/// A handler's future.
type Running = Pin<Box<dyn Future<Output = Result<Answer, Failure>>>>;

/// A method, for several paths in one component also a path, and its handler. Written with [`crate::routes!`].
pub struct Route {
    /// The method; `HEAD` and `OPTIONS` are served by themselves.
    pub method: Method,
    /// The route as in `spin.toml`, for components that serve several.
    pub path: Option<&'static str>,
    /// The handler.
    pub run: fn(Call) -> Running,
}

/// How a refusal looks; [`Answer::refusal`] is the envelope's.
pub type Face = fn(&Problem, Language) -> Answer;

/// Serves one request: always an answer in the envelope, always with the security headers and the request id.
pub async fn serve(request: Request, routes: &'static [Route]) -> Reply {
    serve_in(request, routes, |_route| Answer::refusal).await
}

/// As [`serve`], for an interface whose refusals are not in the envelope: `face` chooses by the route as it stands in
/// `spin.toml`.
pub async fn serve_in(request: Request, routes: &'static [Route], face: fn(Option<&str>) -> Face) -> Reply {
    let call = Call::new(request);
    let (id, language, head) = (call.request_id().to_owned(), call.language(), call.method() == Method::HEAD);
    let refusal = face(call.route());
    let cross = match origin::Cross::of(&call).await {
        Ok(cross) => cross,
        Err(failure) => {
            failure.log(&id);
            return finish(refusal(failure.problem(), language), &id, head, origin::Cross::none());
        }
    };
    let answer = match run(call, routes, &cross, refusal).await {
        Ok(answer) => answer,
        Err(failure) => {
            failure.log(&id);
            refusal(failure.problem(), language)
        }
    };
    finish(answer, &id, head, cross)
}

async fn run(
    call: Call,
    routes: &'static [Route],
    cross: &origin::Cross,
    refusal: Face,
) -> Result<Answer, Failure> {
    let path = call.route();
    let here = || routes.iter().filter(|route| route.path.is_none_or(|p| Some(p) == path));
    if here().next().is_none() {
        return Err(Code::Common404.into());
    }
    let method = if call.method() == Method::HEAD { Method::GET } else { call.method().clone() };
    if let Some(route) = here().find(|route| route.method == method) {
        cross.allow(&call)?;
        return (route.run)(call).await;
    }
    let allow = allow_header(here().map(|route| &route.method));
    if method == Method::OPTIONS {
        return Ok(
            cross.preflight(Answer::empty(StatusCode::NO_CONTENT).header("allow", allow.clone()), &allow)
        );
    }
    Ok(refusal(&Code::Common405.into(), call.language()).header("allow", allow))
}

fn allow_header<'m>(methods: impl Iterator<Item = &'m Method>) -> HeaderValue {
    let mut names = Vec::with_capacity(6);
    for method in methods {
        names.push(method.as_str());
        if method == Method::GET {
            names.push("HEAD");
        }
    }
    names.push("OPTIONS");
    HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
}

fn finish(answer: Answer, request_id: &str, head: bool, cross: origin::Cross) -> Reply {
    let Answer { status, mut headers, body } = answer;
    cross.mark(&mut headers);
    secure(&mut headers);
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
    }
    let body = if head { Bytes::new() } else { body };
    let mut reply = Reply::new(Full::new(body));
    *reply.status_mut() = status;
    *reply.headers_mut() = headers;
    reply
}

/// The headers every response gets unless the answer has its own.
fn secure(headers: &mut HeaderMap) {
    const EVERY: [(&str, &str); 6] = [
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ];
    for (name, value) in EVERY {
        if !headers.contains_key(name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    headers.append("vary", HeaderValue::from_static("accept-language"));
}

/// The language a request asks for.
pub(crate) fn language(headers: &HeaderMap) -> Language {
    let header = headers.get("accept-language").and_then(|value| value.to_str().ok());
    header.map_or(Language::default(), Language::from_accept)
}

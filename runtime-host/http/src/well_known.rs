//! The paths that Spin keeps for itself.

use bytes::Bytes;
use host_engine::App;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

const PREFIX: &str = "/.well-known/spin/";

/// The answer to a path below `/.well-known/spin/`; `None` for any other path.
pub(crate) fn answer(path: &str, app: &App) -> Option<Response<Full<Bytes>>> {
    let (status, kind, body) = match path.strip_prefix(PREFIX)? {
        "health" => (StatusCode::OK, "text/plain; charset=utf-8", "OK".to_owned()),
        "info" => {
            let info = serde_json::json!({ "name": app.name(), "version": app.version() });
            (StatusCode::OK, "application/json", info.to_string())
        }
        _ => return None,
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Some(response)
}

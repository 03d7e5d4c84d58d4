//! `GET /api/v1/openapi.json`: the OpenAPI document of all public routes.
//!
//! It is made when the component is built, from the wire types and the tables in `crates/wire/src/openapi`; here it is
//! only handed out. Look next at `build.rs`.

use guest::prelude::*;
use spin_sdk::http::HeaderValue;

const DOCUMENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json"));

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![GET show]).await
}

async fn show(_call: Call) -> Result<Answer, Failure> {
    // It changes with a release alone.
    let minutes = HeaderValue::from_static("public, max-age=300");
    Ok(Answer::document("application/json", DOCUMENT).header("cache-control", minutes))
}

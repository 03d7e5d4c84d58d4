//! `GET /api/v1/auth/:provider/login`: sends a browser to an identity provider (authorization code, state, PKCE).

use guest::prelude::*;
use guest_sign_in::begin;
use rules_account::{Provider, ReturnPath};
use wire::Code;

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![GET login]).await
}

async fn login(call: Call) -> Result<Answer, Failure> {
    let provider: Provider = call.path_text("provider").parse().map_err(|_| Code::Common404)?;
    let return_to =
        call.query("returnTo").map_or(Ok(ReturnPath::default()), |path| ReturnPath::parse(&path))?;
    begin(provider, &return_to).await
}

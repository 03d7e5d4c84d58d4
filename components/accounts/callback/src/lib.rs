//! `GET /api/v1/auth/:provider/callback`: a browser comes back from an identity provider and is signed in by cookies.
//!
//! The browser is led to the path it came from, with `signIn=done`, `signIn=signup` (someone new) or `signIn=denied`.

use guest::prelude::*;
use guest_sign_in::{Client, Exchange, callback_url, forget, sign_in, subject_of, take};
use rules_account::{Provider, ReturnPath};
use wire::{Code, Success};

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![GET callback]).await
}

async fn callback(call: Call) -> Result<Answer, Failure> {
    let provider: Provider = call.path_text("provider").parse().map_err(|_| Code::Common404)?;
    let attempt = take(&call, provider).await?;
    let return_to = ReturnPath::parse(&attempt.return_to)?;
    if call.query("error").as_deref() == Some("access_denied") {
        return forget(Answer::redirect(&return_to.with("signIn", "denied"))?).await;
    }
    let code = call
        .query("code")
        .ok_or_else(|| Failure::from(Code::Auth4002).because("the provider sent no code"))?;
    let service = guest::settings::Service::read().await?;
    let exchange = Exchange {
        code: &code,
        redirect_uri: &callback_url(&service, provider),
        code_verifier: Some(&attempt.verifier),
        nonce: Some(&attempt.nonce),
    };
    let subject = subject_of(&Client::read(provider).await?, &exchange).await?;
    let signed_in = sign_in(&call, provider, subject).await?;
    let word = match signed_in.success {
        Success::NewMember => "signup",
        Success::Ok | Success::Created => "done",
    };
    forget(signed_in.cookies(Answer::redirect(&return_to.with("signIn", word))?).await?).await
}

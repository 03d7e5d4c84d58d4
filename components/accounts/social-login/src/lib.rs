//! `POST /api/v1/auth/social-login`: an app ran the provider's flow itself and brings the code.

use guest::prelude::*;
use guest_sign_in::{Client, Exchange, sign_in, subject_of};
use rules_account::{Provider, is_code_verifier};
use wire::{Code, Fields, SocialLoginBody};

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![POST social_login]).await
}

async fn social_login(mut call: Call) -> Result<Answer, Failure> {
    let body: SocialLoginBody = call.json().await?;
    let mut fields = Fields::default();
    let provider = fields.check("provider", body.provider.parse::<Provider>());
    let code = fields.check("code", filled(&body.code));
    let redirect_uri = fields.check("redirectUri", filled(&body.redirect_uri));
    let verifier = body.code_verifier.as_deref();
    let sane = fields.check(
        "codeVerifier",
        if verifier.is_none_or(is_code_verifier) { Ok(()) } else { Err(Code::Common400) },
    );
    let (Some(provider), Some(code), Some(redirect_uri), Some(())) = (provider, code, redirect_uri, sane)
    else {
        return Err(fields.refusal().into());
    };
    let exchange = Exchange { code, redirect_uri, code_verifier: verifier, nonce: body.nonce.as_deref() };
    let subject = subject_of(&Client::read(provider).await?, &exchange).await?;
    sign_in(&call, provider, subject).await?.answer(&call).await
}

fn filled(text: &str) -> Result<&str, Code> {
    if (1..=2_048).contains(&text.len()) { Ok(text) } else { Err(Code::Common400) }
}

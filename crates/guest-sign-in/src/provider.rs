//! How to reach an identity provider: variables `google_…` and `kakao_…`.

use std::rc::Rc;

use guest::{Failure, settings::variable};
use rules_account::Provider;

/// Our registration at a provider, and its addresses.
pub struct Client {
    /// Which one.
    pub provider: Provider,
    /// Our client id there.
    pub id: Rc<str>,
    pub(crate) secret: Rc<str>,
    pub(crate) issuer: Rc<str>,
    pub(crate) token_url: Rc<str>,
    pub(crate) jwks_url: Rc<str>,
}

impl Client {
    /// Reads the variables of a provider.
    ///
    /// # Errors
    /// A fault that names a variable that is not granted.
    pub async fn read(provider: Provider) -> Result<Self, Failure> {
        let [id, secret, issuer, token_url, jwks_url] = match provider {
            Provider::Google => [
                "google_client_id",
                "google_client_secret",
                "google_issuer",
                "google_token_url",
                "google_jwks_url",
            ],
            Provider::Kakao => [
                "kakao_client_id",
                "kakao_client_secret",
                "kakao_issuer",
                "kakao_token_url",
                "kakao_jwks_url",
            ],
        };
        Ok(Self {
            provider,
            id: variable(id).await?,
            secret: variable(secret).await?,
            issuer: variable(issuer).await?,
            token_url: variable(token_url).await?,
            jwks_url: variable(jwks_url).await?,
        })
    }
}

/// Where a browser is sent, and our client id there.
pub(crate) async fn authorization(provider: Provider) -> Result<(Rc<str>, Rc<str>), Failure> {
    let [url, id] = match provider {
        Provider::Google => ["google_authorize_url", "google_client_id"],
        Provider::Kakao => ["kakao_authorize_url", "kakao_client_id"],
    };
    Ok((variable(url).await?, variable(id).await?))
}

/// What is asked for: an ID token everywhere, and an address where the member agrees.
pub(crate) fn scope(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "openid email",
        Provider::Kakao => "openid account_email",
    }
}

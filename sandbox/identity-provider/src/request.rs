//! An authorization request, checked: who asks, where the answer goes, what it must carry (RFC 6749 §4.1.1, RFC 7636 §4.3).

use sandbox_kit::Form;
use url::Url;

use crate::client::Client;
use crate::oauth_error::OauthError;

const CHALLENGE_CHARACTERS: usize = 43;
const TEXT_BYTES_MAX: usize = 2048;

/// A request that may be answered at its redirect URI.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizeRequest {
    pub(crate) redirect_uri: Url,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    /// S256 of the verifier that the token call must bring.
    pub(crate) challenge: Option<String>,
}

/// Why a request is not answered as asked.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Client or redirect URI are wrong: the browser must not be sent anywhere.
    Here(&'static str),
    /// Anything else: the application is told at its redirect URI.
    There(Url),
}

impl AuthorizeRequest {
    /// Checks the parameters of `form`.
    pub(crate) fn read(form: &Form, client: &Client) -> Result<Self, Refused> {
        if form.get("client_id") != Some(client.id.as_str()) {
            return Err(Refused::Here("client_id is unknown"));
        }
        let redirect_uri = form.get("redirect_uri").and_then(|uri| client.redirect_uri(uri));
        let redirect_uri = redirect_uri.ok_or(Refused::Here("redirect_uri is not registered"))?;
        let text = |name: &str| form.get(name).map(str::to_owned);
        let request = Self {
            redirect_uri,
            state: text("state"),
            nonce: text("nonce"),
            challenge: text("code_challenge"),
        };
        match request.fault(form) {
            None => Ok(request),
            Some(error) => Err(Refused::There(request.refusal(error))),
        }
    }

    /// The way back with a code.
    pub(crate) fn granted(&self, code: &str) -> Url {
        self.answered(&[("code", code)])
    }

    /// The way back with an error.
    pub(crate) fn refusal(&self, error: OauthError) -> Url {
        self.answered(&[("error", error.name()), ("error_description", error.description())])
    }

    fn answered(&self, pairs: &[(&str, &str)]) -> Url {
        let mut to = self.redirect_uri.clone();
        to.query_pairs_mut().extend_pairs(pairs);
        if let Some(state) = &self.state {
            to.query_pairs_mut().append_pair("state", state);
        }
        to
    }

    fn fault(&self, form: &Form) -> Option<OauthError> {
        if form.repeats() {
            return Some(OauthError::InvalidRequest("a parameter comes more than once"));
        }
        if form.get("response_type") != Some("code") {
            return Some(OauthError::UnsupportedResponseType);
        }
        if !form.get("scope").unwrap_or_default().split(' ').any(|scope| scope == "openid") {
            return Some(OauthError::InvalidScope);
        }
        if [&self.state, &self.nonce].into_iter().flatten().any(|text| text.len() > TEXT_BYTES_MAX) {
            return Some(OauthError::InvalidRequest("state or nonce is too long"));
        }
        match (&self.challenge, form.get("code_challenge_method")) {
            (None, None) => None,
            (None, Some(_)) => Some(OauthError::InvalidRequest("code_challenge is missing")),
            (Some(challenge), Some("S256")) if is_challenge(challenge) => None,
            (Some(_), Some("S256")) => Some(OauthError::InvalidRequest("code_challenge is not an S256 hash")),
            (Some(_), Some(_) | None) => {
                Some(OauthError::InvalidRequest("code_challenge_method must be S256"))
            }
        }
    }
}

fn is_challenge(text: &str) -> bool {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() == CHALLENGE_CHARACTERS && text.bytes().all(is_base64url)
}

#[cfg(test)]
mod tests;

//! The one registered client: its id, its secret, and where it may be sent back to.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sandbox_kit::{Form, Trouble};
use spin_sdk::variables;
use subtle::ConstantTimeEq;
use url::{Host, Url};

/// The application as it is registered here, from the manifest's variables.
pub(crate) struct Client {
    pub(crate) id: String,
    secret: String,
    /// Origins, beyond loopback, to which a redirect may lead.
    origins: Vec<String>,
}

impl Client {
    /// Reads `client_id`, `client_secret` and `redirect_origins` (comma-separated).
    pub(crate) async fn registered() -> Result<Self, Trouble> {
        let origins = variable("redirect_origins").await?;
        Ok(Self {
            id: variable("client_id").await?,
            secret: variable("client_secret").await?,
            origins: origins
                .split(',')
                .map(|origin| origin.trim().trim_end_matches('/').to_owned())
                .collect(),
        })
    }

    /// A redirect URI that may be used: `http(s)`, no fragment, and either loopback on any port (RFC 8252 §7.3) or registered.
    pub(crate) fn redirect_uri(&self, given: &str) -> Option<Url> {
        let uri = Url::parse(given).ok()?;
        let is_web = matches!(uri.scheme(), "http" | "https") && uri.fragment().is_none();
        let is_known = is_loopback(&uri) || self.origins.contains(&uri.origin().ascii_serialization());
        (is_web && is_known).then_some(uri)
    }

    /// Whether the call carries this client's id and secret, by HTTP Basic or in the form (RFC 6749 §2.3.1), not by both.
    pub(crate) fn is_proved_by(&self, authorization: &str, form: &Form) -> bool {
        let posted = form.get("client_secret");
        match (basic(authorization), posted) {
            (Some(_), Some(_)) | (None, None) => false,
            (Some((id, secret)), None) => self.matches(&id, &secret),
            (None, Some(secret)) => self.matches(form.get("client_id").unwrap_or_default(), secret),
        }
    }

    fn matches(&self, id: &str, secret: &str) -> bool {
        bool::from(id.as_bytes().ct_eq(self.id.as_bytes()) & secret.as_bytes().ct_eq(self.secret.as_bytes()))
    }
}

#[cfg(test)]
impl Client {
    pub(crate) fn for_tests(id: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            origins: vec!["https://moalog.example".to_owned()],
        }
    }
}

fn is_loopback(uri: &Url) -> bool {
    match uri.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Id and secret of `Authorization: Basic`, each form-decoded as RFC 6749 §2.3.1 demands.
fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((form_decoded(id), form_decoded(secret)))
}

fn form_decoded(text: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    pairs.next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

async fn variable(name: &str) -> Result<String, Trouble> {
    variables::get(name).await.map_err(|error| Trouble::Store(format!("variable {name}: {error:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        Client::for_tests("app", "s:cret")
    }

    #[test]
    fn redirects_lead_to_loopback_or_registered_origins_only() {
        for good in [
            "http://127.0.0.1:40123/cb",
            "http://localhost/cb",
            "http://[::1]:1/cb",
            "https://moalog.example/cb",
        ] {
            assert!(client().redirect_uri(good).is_some(), "{good}");
        }
        for bad in [
            "https://evil.example/cb",
            "https://moalog.example.evil/cb",
            "http://127.0.0.1.evil.example/cb",
            "javascript:alert(1)",
            "http://localhost/cb#there",
            "not a url",
        ] {
            assert!(client().redirect_uri(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_secret_comes_by_basic_or_by_post_but_not_by_both() {
        let basic = format!("Basic {}", BASE64_STANDARD.encode("app:s%3Acret"));
        let posted = Form::parse(b"client_id=app&client_secret=s%3Acret");
        assert!(client().is_proved_by(&basic, &Form::default()));
        assert!(client().is_proved_by("", &posted));
        assert!(!client().is_proved_by(&basic, &posted));
        assert!(!client().is_proved_by("", &Form::default()));
        assert!(!client().is_proved_by("", &Form::parse(b"client_id=app&client_secret=wrong")));
    }
}

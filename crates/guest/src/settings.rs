//! Variables of the component, read once per instance. Each component is granted only those it asks for in `spin.toml`.

use std::{cell::RefCell, collections::HashMap, net::IpAddr, rc::Rc};

use spin_sdk::{http::Uri, variables};

use crate::Failure;

thread_local! {
    static READ: RefCell<HashMap<&'static str, Rc<str>>> = RefCell::default();
}

/// The value of a variable. The second reading in an instance costs nothing.
///
/// # Errors
/// A fault that names the variable when it is not granted; unavailable when its provider is away.
pub async fn variable(name: &'static str) -> Result<Rc<str>, Failure> {
    if let Some(value) = READ.with_borrow(|read| read.get(name).cloned()) {
        return Ok(value);
    }
    let value: Rc<str> = match variables::get(name).await {
        Ok(value) => value.into(),
        Err(variables::Error::Undefined(_) | variables::Error::InvalidName(_)) => {
            return Err(Failure::fault(format!("variable {name} is not granted to this component")));
        }
        Err(variables::Error::Provider(why) | variables::Error::Other(why)) => {
            return Err(Failure::unavailable(format!("variable {name}: {why}")));
        }
    };
    READ.with_borrow_mut(|read| read.insert(name, value.clone()));
    Ok(value)
}

/// The service's own address, from the variable `public_url`.
#[derive(Clone)]
pub struct Service {
    scheme: String,
    authority: String,
    loopback: bool,
}

impl Service {
    /// Reads `public_url`.
    ///
    /// # Errors
    /// A fault when it is no http(s) address.
    pub async fn read() -> Result<Self, Failure> {
        let text = variable("public_url").await?;
        Self::parse(&text).ok_or_else(|| Failure::fault("variable public_url is no http(s) address"))
    }

    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?.to_owned(), uri.authority()?.as_str().to_owned());
        let host = uri.host()?.trim_matches(['[', ']']).to_owned();
        let named = host == "localhost" || host.ends_with(".localhost");
        let loopback = named || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        matches!(scheme.as_str(), "http" | "https").then_some(Self { scheme, authority, loopback })
    }

    /// The origin browsers see, e.g. `https://moalog.example`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Whether only this machine can reach it.
    #[must_use]
    pub fn loopback(&self) -> bool {
        self.loopback
    }

    /// Cookies travel over TLS only, unless the service runs on a loopback address without it.
    #[must_use]
    pub fn secure_cookies(&self) -> bool {
        self.scheme == "https" || !self.loopback
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_secure_everywhere_but_on_plain_loopback() {
        for (url, origin, secure) in [
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000", false),
            ("http://localhost:3000/", "http://localhost:3000", false),
            ("http://[::1]:3000", "http://[::1]:3000", false),
            ("https://localhost", "https://localhost", true),
            ("https://moalog.example/app", "https://moalog.example", true),
            ("http://moalog.example", "http://moalog.example", true),
        ] {
            let service = Service::parse(url).unwrap();
            assert_eq!((service.origin().as_str(), service.secure_cookies()), (origin, secure));
        }
        assert!(["", "ftp://a", "moalog.example", "/x"].iter().all(|url| Service::parse(url).is_none()));
    }
}

//! Variables of the component, read once per instance. Each component is granted only those it asks for in `spin.toml`.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use spin_sdk::variables;

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
    url: url::Url,
}

impl Service {
    /// Reads `public_url`.
    ///
    /// # Errors
    /// A fault when it is no http(s) address.
    pub async fn read() -> Result<Self, Failure> {
        let text = variable("public_url").await?;
        let url = url::Url::parse(&text).map_err(|e| Failure::fault(format!("variable public_url: {e}")))?;
        match url.scheme() {
            "http" | "https" => Ok(Self { url }),
            other => {
                Err(Failure::fault(format!("variable public_url: scheme {other} is neither http nor https")))
            }
        }
    }

    /// The origin browsers see, e.g. `https://moalog.example`.
    #[must_use]
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Cookies travel over TLS only, unless the service runs on a loopback address without it.
    #[must_use]
    pub fn secure_cookies(&self) -> bool {
        let loopback = match self.url.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        self.url.scheme() == "https" || !loopback
    }
}

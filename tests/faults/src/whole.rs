//! The whole app as `moalog up` runs it, on servers that a test may break.

use crate::host::Host;
use crate::launch::Launch;
use anyhow::Result;
use host_dev_stack::{Database, DevStack};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The secret that all hosts of a test sign with.
const JWT_KEYS: &str = "test:planted-signing-key-of-forty-characters-x";

/// Servers of a test's own, and the database that its hosts share.
pub struct Whole {
    /// The servers.
    pub stack: DevStack,
    /// The database.
    pub database: Database,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Said {
    /// The status.
    pub status: u16,
    /// `Retry-After`, if any.
    pub retry_after: Option<String>,
    /// The body.
    pub body: Value,
    /// How long it took.
    pub after: Duration,
}

impl Whole {
    /// Starts the servers.
    ///
    /// # Errors
    /// When one does not start.
    pub async fn start() -> Result<Self> {
        let stack = DevStack::throwaway().await?;
        let database = stack.create_database(None).await?;
        Ok(Whole { stack, database })
    }

    /// A host of the app; `public` is where browsers find it.
    pub fn launch(&self, public: &str) -> Launch {
        Launch::up()
            .flag("--database-url", &self.database.database_url)
            .flag("--migration-url", &self.database.owner_url)
            .flag("--redis-url", self.stack.redis_url())
            .flag("--key-value-redis-url", self.stack.redis_url())
            .variable("jwt_keys", JWT_KEYS)
            .variable("public_url", public)
    }

    /// One host of the app.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn host(&self) -> Result<Host> {
        let address = crate::free_address();
        self.launch(&format!("http://{address}")).on(address).start().await
    }
}

/// Signs somebody in for development; gives the access token.
///
/// # Panics
/// When that does not work.
pub async fn token(origin: &str, name: &str) -> String {
    let body = json!({ "email": format!("{name}@example.org") });
    let said = ask(Method::POST, &format!("{origin}/api/v1/auth/dev-login"), None, Some(&body)).await;
    said.body["result"]["accessToken"].as_str().unwrap_or_else(|| panic!("no sign-in: {said:?}")).to_owned()
}

/// One request of its own connection.
///
/// # Panics
/// When there is no answer.
pub async fn ask(method: Method, url: &str, token: Option<&str>, body: Option<&Value>) -> Said {
    let mut request = reqwest::Client::new().request(method, url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    let began = Instant::now();
    let answer = request.send().await.expect("the app answers");
    let status = answer.status().as_u16();
    let retry_after =
        answer.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = answer.json().await.unwrap_or_default();
    Said { status, retry_after, body, after: began.elapsed() }
}

impl Said {
    /// Checks that it says that the service is away, at once, and when to come back.
    ///
    /// # Panics
    /// When it says anything else.
    #[track_caller]
    pub fn is_away(&self) {
        assert_eq!((self.status, self.body["code"].as_str()), (503, Some("COMMON503")), "{self:?}");
        assert!(self.retry_after.is_some(), "{self:?}");
        assert!(self.after <= Duration::from_millis(1_000), "{self:?}");
    }
}

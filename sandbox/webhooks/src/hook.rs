//! One webhook as it was received, and the last so many of them in the store.

use sandbox_kit::{Call, Store, Trouble, hex_token, now_ms};
use serde::{Deserialize, Serialize};

/// How many are kept.
pub(crate) const KEPT_MAX: usize = 100;
const HEADERS_MAX: usize = 64;
const HEADER_CHARACTERS_MAX: usize = 1024;
const NAME_CHARACTERS_MAX: usize = 100;
const PREFIX: &str = "hook/";

/// What came, and what was answered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hook {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) received_at_ms: u64,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Whether bytes that are no UTF-8 were replaced in `body`.
    pub(crate) is_lossy: bool,
    pub(crate) answered: u16,
}

impl Hook {
    /// Reads the whole call.
    pub(crate) async fn of(call: Call, answered: u16) -> Result<Self, Trouble> {
        let received_at_ms = now_ms();
        let name = call.path.chars().take(NAME_CHARACTERS_MAX).collect();
        // What the host adds was not sent.
        let sent = call.headers.iter().filter(|(name, _)| !name.as_str().starts_with("spin-"));
        let headers = sent.take(HEADERS_MAX).map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), value.chars().take(HEADER_CHARACTERS_MAX).collect())
        });
        let headers = headers.collect();
        let bytes = call.bytes().await?;
        let body = String::from_utf8_lossy(&bytes);
        let is_lossy = matches!(body, std::borrow::Cow::Owned(_));
        let id = format!("{received_at_ms:014}-{}", hex_token());
        Ok(Self { id, name, received_at_ms, headers, body: body.into_owned(), is_lossy, answered })
    }

    /// Stores it and lets go of the oldest beyond [`KEPT_MAX`]; gives its id.
    pub(crate) async fn keep(self, store: &Store) -> Result<String, Trouble> {
        store.set(&format!("{PREFIX}{}", self.id), &self).await?;
        let keys = store.keys(PREFIX).await?;
        for key in keys.iter().take(keys.len().saturating_sub(KEPT_MAX)) {
            store.delete(key).await?;
        }
        Ok(self.id)
    }

    /// All that are kept, the newest first.
    pub(crate) async fn kept(store: &Store) -> Result<Vec<Self>, Trouble> {
        let mut hooks = Vec::new();
        for key in store.keys(PREFIX).await?.iter().rev() {
            hooks.extend(store.get(key).await?);
        }
        Ok(hooks)
    }

    /// Forgets all of them.
    pub(crate) async fn clear(store: &Store) -> Result<(), Trouble> {
        for key in store.keys(PREFIX).await? {
            store.delete(&key).await?;
        }
        Ok(())
    }
}

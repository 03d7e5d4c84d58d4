//! The key-value store: values as JSON, keys that carry their end, and taking a value exactly once.
//!
//! A key that ends is written `prefix/<unix seconds, 12 digits>-<name>`, so that a sweep needs only the names of keys.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use spin_sdk::key_value;

use crate::{Trouble, now_s, url_token};

/// The sandbox's one store.
pub struct Store(key_value::Store);

impl Store {
    /// Opens the store `default`.
    pub async fn open() -> Result<Self, Trouble> {
        Ok(Self(key_value::Store::open_default().await?))
    }

    /// A value, or nothing when there is none or it was written by another version.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Trouble> {
        Ok(self.0.get(key).await?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Writes a value over whatever is there.
    pub async fn set(&self, key: &str, value: &impl Serialize) -> Result<(), Trouble> {
        let bytes = serde_json::to_vec(value).map_err(|error| Trouble::Store(error.to_string()))?;
        Ok(self.0.set(key, bytes).await?)
    }

    /// Removes a value, if it is there.
    pub async fn delete(&self, key: &str) -> Result<(), Trouble> {
        Ok(self.0.delete(key).await?)
    }

    /// All keys that begin with `prefix`, in order.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>, Trouble> {
        let keys = self.0.get_keys().await.collect().await?;
        let mut keys: Vec<String> = keys.into_iter().filter(|key| key.starts_with(prefix)).collect();
        keys.sort();
        Ok(keys)
    }

    /// Takes a value away; of several callers at the same moment at most one gets it.
    ///
    /// Each writes its claim, looks for the value, removes it, and looks whether the claim is still its own. Who claimed last
    /// overwrote the others' claims, and who looks after a removal finds nothing: two can never both be content.
    pub async fn take<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Trouble> {
        let (claim_key, claim) = (format!("claim/{}", ending_part(key)), url_token());
        self.set(&claim_key, &claim).await?;
        let found = self.get(key).await?;
        self.delete(key).await?;
        let is_ours = self.get::<String>(&claim_key).await?.is_some_and(|present| present == claim);
        Ok(found.filter(|_| is_ours))
    }

    /// Removes what has ended under each of `prefixes`, and old claims.
    pub async fn sweep(&self, prefixes: &[&str]) -> Result<(), Trouble> {
        let now_s = now_s();
        for prefix in prefixes.iter().chain(&["claim/"]) {
            for key in self.keys(prefix).await? {
                if end_s(&key).is_some_and(|end_s| end_s < now_s) {
                    self.delete(&key).await?;
                }
            }
        }
        Ok(())
    }
}

fn ending_part(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, rest)| rest)
}

fn end_s(key: &str) -> Option<u64> {
    ending_part(key).split_once('-')?.0.parse().ok()
}

/// SHA-256 in hexadecimal: what is secret is stored under its hash.
pub fn sha256_hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_read_out_of_the_key() {
        assert_eq!(end_s("code/000000000042-abc"), Some(42));
        assert_eq!(end_s("people/minseo"), None);
    }
}

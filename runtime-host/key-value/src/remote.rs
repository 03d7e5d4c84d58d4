//! One store in Redis: its keys are those that begin with `kv:<label>:`.

use crate::StoreError;
use host_egress::Grants;
use host_redis::{Parameter, Redis, RedisResult, Session};
use tokio::sync::OnceCell;

/// A store on a Redis server that is dialled when the store is first used.
pub(crate) struct Remote {
    redis: Redis,
    address: String,
    grants: Grants,
    prefix: String,
    session: OnceCell<Session>,
}

impl Remote {
    pub(crate) fn new(redis: Redis, address: &str, grants: Grants, label: &str) -> Self {
        let prefix = format!("kv:{label}:");
        Self { redis, address: address.to_owned(), grants, prefix, session: OnceCell::new() }
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.session().await?.get(&self.key(key)).await?)
    }

    pub(crate) async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        Ok(self.session().await?.set(&self.key(key), value).await?)
    }

    pub(crate) async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.session().await?.del(&[self.key(key)]).await?;
        Ok(())
    }

    pub(crate) async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        let key = Parameter::Binary(self.key(key).into_bytes());
        let found = self.session().await?.execute("EXISTS", &[key]).await?;
        Ok(matches!(found[..], [RedisResult::Int64(1)]))
    }

    /// Some keys (about `keys_about`, perhaps none, a few perhaps twice) and where to go on, if there are more.
    pub(crate) async fn scan(
        &self,
        cursor: Vec<u8>,
        keys_about: usize,
    ) -> Result<(Vec<String>, Option<Vec<u8>>), StoreError> {
        let pattern = format!("{}*", escape_pattern(&self.prefix));
        let count = i64::try_from(keys_about).unwrap_or(i64::MAX);
        let arguments = [
            Parameter::Binary(cursor),
            Parameter::Binary(b"MATCH".to_vec()),
            Parameter::Binary(pattern.into_bytes()),
            Parameter::Binary(b"COUNT".to_vec()),
            Parameter::Int64(count),
        ];
        let mut reply = self.session().await?.execute("SCAN", &arguments).await?.into_iter();
        let Some(RedisResult::Binary(next)) = reply.next() else {
            return Err(StoreError::Unavailable("SCAN answered without a cursor".to_owned()));
        };
        let keys = reply.filter_map(|key| match key {
            RedisResult::Binary(bytes) => self.strip(bytes),
            RedisResult::Nil | RedisResult::Status(_) | RedisResult::Int64(_) => None,
        });
        Ok((keys.collect(), (next != b"0").then_some(next)))
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// A key as the guest knows it; only what this store wrote is UTF-8 for certain.
    fn strip(&self, bytes: Vec<u8>) -> Option<String> {
        String::from_utf8(bytes).ok()?.strip_prefix(&self.prefix).map(str::to_owned)
    }

    /// The session recovers from outages by itself: it is opened once.
    async fn session(&self) -> Result<&Session, StoreError> {
        Ok(self.session.get_or_try_init(|| self.redis.open(&self.grants, &self.address)).await?)
    }
}

/// `text` as a pattern that only matches itself.
fn escape_pattern(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\' | '^' | '-') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_with_pattern_characters_matches_only_itself() {
        assert_eq!(escape_pattern(r"kv:a*[b]?\:"), r"kv:a\*\[b\]\?\\:");
        assert_eq!(escape_pattern("kv:default:"), "kv:default:");
    }
}

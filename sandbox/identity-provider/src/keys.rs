//! The RSA keys that sign ID tokens: made when first needed, kept in the store, all of them listed in JWKS.
//!
//! Each key is stored under its own name and a pointer says which one signs. Two instances that make a key at the same moment
//! make two; both are listed, so that nothing that was signed becomes unverifiable.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use futures::lock::Mutex;
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::traits::PublicKeyParts;
use sandbox_kit::{Store, Trouble, hex_token};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::primes::random_prime;

const PRIME_BYTES: u64 = 128;
const PUBLIC_EXPONENT: u32 = 65_537;
const POINTER: &str = "signing-key";
const PREFIX: &str = "key/";
const UNLISTED: &str = "unlisted-key";

/// A key as it is stored.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    /// PKCS#1 DER, base64.
    private: String,
    n: String,
    e: String,
}

impl SigningKey {
    /// The key that signs now; made when there is none.
    pub(crate) async fn current(store: &Store) -> Result<Self, Trouble> {
        static MAKING: Mutex<()> = Mutex::new(());
        if let Some(key) = Self::pointed_at(store).await? {
            return Ok(key);
        }
        let _making = MAKING.lock().await;
        match Self::pointed_at(store).await? {
            Some(key) => Ok(key),
            None => Self::make(store).await,
        }
    }

    /// Makes a key and lets it sign from now on; older ones stay listed.
    pub(crate) async fn make(store: &Store) -> Result<Self, Trouble> {
        let key = Self::generate().await?;
        store.set(&format!("{PREFIX}{}", key.kid), &key).await?;
        store.set(POINTER, &key.kid).await?;
        Ok(key)
    }

    /// A key that is in no list: what it signs cannot be verified. Made once, since making one takes about a second.
    pub(crate) async fn unlisted(store: &Store) -> Result<Self, Trouble> {
        if let Some(key) = store.get(UNLISTED).await? {
            return Ok(key);
        }
        let key = Self::generate().await?;
        store.set(UNLISTED, &key).await?;
        Ok(key)
    }

    async fn generate() -> Result<Self, Trouble> {
        let (p, q) = (random_prime(PRIME_BYTES).await, random_prime(PRIME_BYTES).await);
        let key = RsaPrivateKey::from_p_q(p, q, PUBLIC_EXPONENT.into()).map_err(unusable)?;
        let private = key.to_pkcs1_der().map_err(|error| Trouble::Key(error.to_string()))?;
        Ok(Self {
            kid: format!("sandbox-{}", hex_token()),
            private: BASE64_STANDARD.encode(private.as_bytes()),
            n: BASE64_URL_SAFE_NO_PAD.encode(key.n().to_bytes_be()),
            e: BASE64_URL_SAFE_NO_PAD.encode(key.e().to_bytes_be()),
        })
    }

    /// Removes every key but the one that signs.
    pub(crate) async fn drop_others(store: &Store) -> Result<(), Trouble> {
        let current = Self::current(store).await?;
        for name in store.keys(PREFIX).await? {
            if name != format!("{PREFIX}{}", current.kid) {
                store.delete(&name).await?;
            }
        }
        Ok(())
    }

    /// All listed keys as a JSON Web Key Set (RFC 7517).
    pub(crate) async fn listed(store: &Store) -> Result<Value, Trouble> {
        Self::current(store).await?;
        let mut keys = Vec::new();
        for name in store.keys(PREFIX).await? {
            keys.extend(store.get::<Self>(&name).await?.map(|key| key.public()));
        }
        Ok(json!({ "keys": keys }))
    }

    /// PKCS#1 DER.
    pub(crate) fn private_der(&self) -> Result<Vec<u8>, Trouble> {
        BASE64_STANDARD.decode(&self.private).map_err(|error| Trouble::Key(error.to_string()))
    }

    async fn pointed_at(store: &Store) -> Result<Option<Self>, Trouble> {
        match store.get::<String>(POINTER).await? {
            Some(kid) => store.get(&format!("{PREFIX}{kid}")).await,
            None => Ok(None),
        }
    }

    fn public(&self) -> Value {
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": self.n, "e": self.e })
    }
}

fn unusable(error: rsa::Error) -> Trouble {
    Trouble::Key(error.to_string())
}

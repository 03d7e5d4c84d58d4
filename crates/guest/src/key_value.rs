//! Small things that may vanish: sign-in attempts, cached keys of a provider. Never needed for correctness.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use spin_sdk::key_value::{Error, Store};

use crate::{Failure, clock};

/// The interface has no lifetimes of its own, so each value carries one.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    until: DateTime<Utc>,
    value: T,
}

/// The value, unless it is gone, too old or of an older shape.
///
/// # Errors
/// Unavailable when the store is away; a fault when the component has no such store.
pub async fn get<T: DeserializeOwned>(store: &str, key: &str) -> Result<Option<T>, Failure> {
    let store = Store::open(store).await.map_err(failure)?;
    let bytes = store.get(key).await.map_err(failure)?;
    let kept = bytes.and_then(|bytes| serde_json::from_slice::<Kept<T>>(&bytes).ok());
    Ok(kept.filter(|kept| kept.until > clock::now()).map(|kept| kept.value))
}

/// Keeps a value for some seconds.
///
/// # Errors
/// As [`get`].
pub async fn set<T: Serialize>(store: &str, key: &str, value: &T, lifetime_s: u32) -> Result<(), Failure> {
    let until = clock::now() + TimeDelta::seconds(i64::from(lifetime_s));
    let bytes = serde_json::to_vec(&Kept { until, value }).map_err(Failure::fault)?;
    Store::open(store).await.map_err(failure)?.set(key, bytes).await.map_err(failure)
}

/// Forgets a value.
///
/// # Errors
/// As [`get`].
pub async fn delete(store: &str, key: &str) -> Result<(), Failure> {
    Store::open(store).await.map_err(failure)?.delete(key).await.map_err(failure)
}

fn failure(error: Error) -> Failure {
    match error {
        Error::NoSuchStore | Error::AccessDenied => Failure::fault(format!("key-value store: {error}")),
        Error::StoreTableFull | Error::Other(_) => Failure::unavailable(format!("key-value store: {error}")),
    }
}

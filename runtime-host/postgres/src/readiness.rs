//! Whether the databases answer, for `/readyz`.

use crate::Postgres;
use crate::address::Address;
use crate::error::reason;
use crate::interface::Error;
use crate::pool::Pool;
use host_egress::Grants;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Longest wait for one database in [`Postgres::ready`].
const READY_MS: u64 = 1_000;

impl Postgres {
    /// From now on, [`Postgres::ready`] asks the database at `text` too, if it is a complete address with a user and
    /// `hosts` grant it. For what the components' configuration names, before any of them has connected.
    pub fn expect(&self, text: &str, hosts: &Grants) {
        if !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
            return;
        }
        let Ok(address) = Address::parse(text) else { return };
        if address.config.get_user().is_none() || address.check(hosts).is_err() {
            return;
        }
        let pool = self.known_pool(text, None).map_or_else(|| self.new_pool(text, address, None), Ok);
        let Ok(pool) = pool else { return };
        let mut expected = self.0.expected.lock().unwrap_or_else(PoisonError::into_inner);
        if !expected.iter().any(|known| Arc::ptr_eq(known, &pool)) {
            expected.push(pool);
        }
    }

    /// Ok when every database that is expected or was ever reached answers within a second.
    ///
    /// Errors with what does not, in words for an operator.
    pub async fn ready(&self) -> Result<(), String> {
        let expected = self.0.expected.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_expected = |pool: &Arc<Pool>| expected.iter().any(|known| Arc::ptr_eq(known, pool));
        let pools = self.pools();
        let asked = pools.iter().filter(|pool| pool.server.was_reached() || is_expected(pool));
        let checks = asked.map(|pool| async move {
            let label = &pool.server.label;
            match tokio::time::timeout(Duration::from_millis(READY_MS), pool.check()).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) if is_vouched_for_elsewhere(&error) => Ok(()),
                Ok(Err(error)) => Err(format!("PostgreSQL {label}: {}", reason(&error))),
                Err(_) => Err(format!("PostgreSQL {label}: no answer within {READY_MS} ms")),
            }
        });
        let failed: Vec<_> =
            futures::future::join_all(checks).await.into_iter().filter_map(Result::err).collect();
        if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
    }
}

/// The server is there and shows a certificate that the public authorities did not sign: a component that brings an
/// authority of its own may well know it, and none has connected yet.
fn is_vouched_for_elsewhere(error: &Error) -> bool {
    // The TLS library's name for it; its error type is gone by now.
    reason(error).contains("UnknownIssuer")
}

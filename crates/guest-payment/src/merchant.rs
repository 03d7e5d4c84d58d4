//! Merchants of the unsigned step API: from the public name to the tenant, remembered in the instance.

use std::{cell::RefCell, collections::HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use guest::{Failure, clock, params, rows};
use rules_payment::MerchantId;

/// Merchants an instance remembers at most.
const REMEMBERED_MAX: usize = 4_096;
/// Seconds a merchant is remembered.
const REMEMBERED_S: i64 = 60;
const MADE: &str = "SELECT pay.tenant_by_merchant($1, true)";
const KNOWN: &str = "SELECT pay.tenant_by_merchant($1, false)";
/// The tenant of a merchant that nobody knows: no row is its own.
const NOBODY: i64 = 0;

thread_local! {
    static REMEMBERED: RefCell<HashMap<String, (i64, DateTime<Utc>)>> = RefCell::default();
}

/// The tenant of a merchant. When nobody was called so before it is made now, or, for those who only read, nobody.
pub(crate) async fn tenant_of(merchant: &MerchantId, make: bool) -> Result<i64, Failure> {
    let (name, now) = (merchant.as_str(), clock::now());
    let known =
        REMEMBERED.with_borrow(|all| all.get(name).filter(|(_, until)| *until > now).map(|(id, _)| *id));
    if let Some(tenant) = known {
        return Ok(tenant);
    }
    let rows = rows(if make { MADE } else { KNOWN }, params![name], &[]).await?;
    let tenant: Option<i64> =
        rows.first().ok_or_else(|| Failure::fault("one row, with a tenant or none"))?.get(0)?;
    let Some(tenant) = tenant else {
        return if make { Err(Failure::fault("no tenant was made")) } else { Ok(NOBODY) };
    };
    REMEMBERED.with_borrow_mut(|all| {
        if all.len() >= REMEMBERED_MAX {
            all.clear();
        }
        all.insert(name.to_owned(), (tenant, now + TimeDelta::seconds(REMEMBERED_S)));
    });
    Ok(tenant)
}

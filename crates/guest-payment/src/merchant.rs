//! Merchants of the unsigned step API: from the public name to the tenant, remembered in the instance.

use std::{cell::RefCell, collections::HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use guest::{Failure, clock, params, rows};
use rules_payment::MerchantId;

/// Merchants an instance remembers at most.
const REMEMBERED_MAX: usize = 4_096;
/// Seconds a merchant is remembered.
const REMEMBERED_S: i64 = 60;
const TENANT: &str = "SELECT pay.tenant_by_merchant($1, true)";

thread_local! {
    static REMEMBERED: RefCell<HashMap<String, (i64, DateTime<Utc>)>> = RefCell::default();
}

/// The tenant of a merchant; made now when nobody was called so before.
pub(crate) async fn tenant_of(merchant: &MerchantId) -> Result<i64, Failure> {
    let (name, now) = (merchant.as_str(), clock::now());
    let known =
        REMEMBERED.with_borrow(|all| all.get(name).filter(|(_, until)| *until > now).map(|(id, _)| *id));
    if let Some(tenant) = known {
        return Ok(tenant);
    }
    let rows = rows(TENANT, params![name], &[]).await?;
    let tenant = rows.first().ok_or_else(|| Failure::fault("no tenant was made"))?.get(0)?;
    REMEMBERED.with_borrow_mut(|all| {
        if all.len() >= REMEMBERED_MAX {
            all.clear();
        }
        all.insert(name.to_owned(), (tenant, now + TimeDelta::seconds(REMEMBERED_S)));
    });
    Ok(tenant)
}

//! `POST /api/v1/dev/merchants` `{merchantId, role?}`: a merchant and a key of its, for development machines.
//!
//! Hands a key to anybody who asks, so it is no part of the application: only the development stack adds it, by
//! `sandbox/dev-routes.toml`. The secret is told here and nowhere else, and never stored.

use guest::prelude::*;
use guest::rows;
use guest_payment::{Role, key_secret};
use rules_payment::MerchantId;
use serde::{Deserialize, Serialize};
use wire::{Code, Problem};

const MAKE_KEY: &str = include_str!("make_key.sql");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DevMerchantBody {
    merchant_id: String,
    role: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DevMerchantMade {
    merchant_id: String,
    tenant_id: i64,
    role: &'static str,
    key_id: String,
    secret: String,
}

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![POST make]).await
}

async fn make(mut call: Call) -> Result<Answer, Failure> {
    let body: DevMerchantBody = call.json().await?;
    let merchant = MerchantId::parse(&body.merchant_id)?;
    let role = body.role.as_deref().map_or(Some(Role::Merchant), Role::parse);
    let role = role.ok_or_else(|| Problem::from(Code::Common400).at("role"))?;
    let rows = rows(MAKE_KEY, params![merchant.as_str(), role.name()], &[]).await?;
    let row = rows.first().ok_or_else(|| Failure::fault("no merchant was made"))?;
    let (tenant_id, outcome, key_id): (i64, String, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
    match (outcome.as_str(), key_id) {
        ("DONE", Some(key_id)) => {
            let secret = key_secret(&key_id).await?;
            let merchant_id = merchant.as_str().to_owned();
            call.ok(&DevMerchantMade { merchant_id, tenant_id, role: role.name(), key_id, secret })
        }
        // Two keys live already: that is what a rotation needs, and all it needs.
        ("TWO_LIVE", _) => Err(Problem::from(Code::Common409).at("merchantId").into()),
        (other, _) => Err(Failure::fault(format!("pay.make_key says {other}"))),
    }
}

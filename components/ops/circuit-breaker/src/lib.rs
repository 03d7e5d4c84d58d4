//! `GET /circuit-breaker/:name`, `GET /api/circuit-breaker/status`, `GET /circuit-breaker/metrics` (Prometheus' text) and
//! `POST /circuit-breaker/:name/{force-open,disable,reset}`: what the circuit breakers see, and what operators may order.
//!
//! Answers are bare, as dashboards of such breakers expect; refusals are in the envelope. Reading needs no key: no breaker
//! knows of a tenant. The machine is `rules-breaker`, what instances share of it `guest_payment::breaker`.

use guest::prelude::*;
use guest_payment::{
    breaker::{self, Order},
    present,
};
use wire::{BreakerStatus, BreakerStatuses, Code};

const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(
        request,
        routes![
            GET "/circuit-breaker/:name" one,
            GET "/circuit-breaker/metrics" metrics,
            GET "/api/circuit-breaker/status" all,
            POST "/circuit-breaker/:name/force-open" force_open,
            POST "/circuit-breaker/:name/disable" disable,
            POST "/circuit-breaker/:name/reset" reset,
        ],
    )
    .await
}

async fn one(call: Call) -> Result<Answer, Failure> {
    bare(&found(breaker::status(&call.path_text("name")).await)?)
}

async fn all(_call: Call) -> Result<Answer, Failure> {
    let mut circuit_breakers = Vec::with_capacity(breaker::ALL.len());
    for (name, _) in breaker::ALL {
        circuit_breakers.push(found(breaker::status(name).await)?);
    }
    bare(&BreakerStatuses { circuit_breakers })
}

async fn metrics(_call: Call) -> Result<Answer, Failure> {
    Ok(Answer::document(METRICS_TYPE, breaker::metrics().await))
}

async fn force_open(call: Call) -> Result<Answer, Failure> {
    carry_out(call, Order::ForceOpen).await
}

async fn disable(call: Call) -> Result<Answer, Failure> {
    carry_out(call, Order::Disable).await
}

async fn reset(call: Call) -> Result<Answer, Failure> {
    carry_out(call, Order::Reset).await
}

/// An operator's order, signed; who gave it is in the log.
async fn carry_out(mut call: Call, order: Order) -> Result<Answer, Failure> {
    let caller = present(&mut call).await?.signed().await?.operator()?;
    let status = found(breaker::order(&call.path_text("name"), order).await)?;
    eprintln!(
        "level=info request_id={} circuit_breaker={} state={} actor={}",
        call.request_id(),
        status.name,
        status.state,
        caller.actor
    );
    bare(&status)
}

fn found(status: Option<BreakerStatus>) -> Result<BreakerStatus, Failure> {
    status.ok_or_else(|| Code::Common404.into())
}

fn bare<T: serde::Serialize>(result: &T) -> Result<Answer, Failure> {
    Ok(Answer::document("application/json", serde_json::to_vec(result).map_err(Failure::fault)?))
}

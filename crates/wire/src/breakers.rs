//! Bodies of the circuit breaker routes (design: events and jobs).

use serde::{Deserialize, Serialize};

/// A change of a breaker's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BreakerTransition {
    /// Where it was.
    pub from: String,
    /// Where it went.
    pub to: String,
    /// Why, e.g. `FAILURE_RATE`, `OPERATOR`.
    pub cause: String,
    /// RFC 3339.
    pub at: String,
}

/// `GET /circuit-breaker/{name}` (bare).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BreakerStatus {
    /// Its name, e.g. `payment-provider`.
    pub name: String,
    /// `CLOSED`, `OPEN`, `HALF_OPEN`, `DISABLED` or `FORCED_OPEN`.
    pub state: String,
    /// In the window.
    pub number_of_successful_calls: u32,
    /// In the window.
    pub number_of_failed_calls: u32,
    /// In the window, successful or not.
    pub number_of_slow_calls: u32,
    /// Since it last closed.
    pub number_of_not_permitted_calls: u64,
    /// Calls in the window.
    pub buffered_calls: u32,
    /// Percent; −1 while there are too few calls.
    pub failure_rate: f32,
    /// Percent; −1 while there are too few calls.
    pub slow_call_rate: f32,
    /// `SHARED`, or `LOCAL` while what the instances share is out of reach.
    pub scope: String,
    /// The last ones, newest first.
    pub transitions: Vec<BreakerTransition>,
}

/// `GET /api/circuit-breaker/status` (bare).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BreakerStatuses {
    /// All breakers, by name.
    pub circuit_breakers: Vec<BreakerStatus>,
}

//! The one place where a caller's rate is asked about.

use guest::Failure;

use crate::Caller;

/// May this caller do this now? Every payment component asks here, once, after it knows who calls and before anything
/// has an effect. Today everybody may: the rate limiter is not built yet, and takes its place behind this call.
///
/// # Errors
/// None today; later 429 with `Retry-After`.
pub async fn admit(_caller: &Caller, _endpoint: &'static str) -> Result<(), Failure> {
    Ok(())
}

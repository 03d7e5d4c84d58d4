//! The only place a component reads the time from.

use chrono::{DateTime, Utc};

/// Now, as given by the host.
#[must_use]
pub fn now() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

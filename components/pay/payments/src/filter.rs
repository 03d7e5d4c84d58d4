//! What a list of payments is narrowed to.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use guest::Call;
use rules_payment::State;
use wire::{Code, Fields, Problem};

/// The query parameters `status`, `from` and `to`.
pub(crate) struct Filter {
    pub(crate) status: Option<State>,
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) to: Option<DateTime<Utc>>,
}

impl Filter {
    /// Reads them; `from` is within the list, `to` is not.
    pub(crate) fn of(call: &Call) -> Result<Self, Problem> {
        let mut fields = Fields::default();
        let status = call.query("status").map(|name| State::parse(&name)).transpose();
        let status = fields.check("status", status.map_err(|_| Code::Common400));
        let from = fields.check("from", time(call.query("from")));
        let to = fields.check("to", time(call.query("to")));
        match (status, from, to) {
            (Some(status), Some(from), Some(to)) => Ok(Self { status, from, to }),
            (_, _, _) => Err(fields.refusal()),
        }
    }
}

/// An instant of RFC 3339, or a day in UTC.
fn time(text: Option<String>) -> Result<Option<DateTime<Utc>>, Code> {
    let Some(text) = text else { return Ok(None) };
    let instant = DateTime::parse_from_rfc3339(&text).ok().map(|instant| instant.to_utc());
    let day = || text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    instant.or_else(day).map(Some).ok_or(Code::Common400)
}

//! What a list of payments is narrowed to.

use chrono::{DateTime, Utc};
use guest::{Call, calendar};
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

fn time(text: Option<String>) -> Result<Option<DateTime<Utc>>, Code> {
    text.map(|text| calendar::instant(&text).ok_or(Code::Common400)).transpose()
}

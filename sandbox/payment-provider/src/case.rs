//! What can be made to happen, by name: through a script, or by a merchant whose id begins with `script-`.

/// One thing that happens to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Case {
    /// Its name in scripts, merchants and the database.
    pub(crate) name: &'static str,
    /// What it does, for people.
    pub(crate) told: &'static str,
    pub(crate) effect: Effect,
}

/// How the answer is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Refused with this code of Toss.
    Decline(&'static str),
    /// As without a case; the database changes what is told.
    Plain,
    /// [`crate::fault::SLOW_MS`] more than usual.
    Slow,
    /// The callback comes this many times, before the answer.
    Callbacks(u8),
    /// The connection stays open without an answer.
    Hang,
    /// The connection ends in the middle of an answer.
    Drop,
    /// Status 500.
    Error,
    /// An answer of status 200 that is no JSON.
    Garbage,
    /// Refused as busy; nothing happened.
    RetryLater,
    /// Status 500, and carried out seconds later.
    Late,
}

const fn case(name: &'static str, effect: Effect, told: &'static str) -> Case {
    Case { name, told, effect }
}

/// All of them. `once-` happens to an order's operation once; `-before` without the effect, `-after` with it.
pub(crate) const ALL: [Case; 22] = [
    case("decline", Effect::Decline("REJECT_CARD_COMPANY"), "declined by the card company"),
    case("decline-balance", Effect::Decline("REJECT_ACCOUNT_PAYMENT"), "declined: not enough money"),
    case("decline-stolen", Effect::Decline("INVALID_CARD_LOST_OR_STOLEN"), "declined: lost or stolen card"),
    case("decline-limit", Effect::Decline("EXCEED_MAX_DAILY_PAYMENT_COUNT"), "declined: daily limit"),
    case("decline-expired", Effect::Decline("INVALID_CARD_EXPIRATION"), "declined: the card has expired"),
    case("once-timeout-before", Effect::Hang, "no answer, and no charge"),
    case("once-timeout-after", Effect::Hang, "charged, but no answer"),
    case("once-drop-before", Effect::Drop, "the connection breaks, and no charge"),
    case("once-drop-after", Effect::Drop, "charged, but the connection breaks"),
    case("once-500-before", Effect::Error, "status 500, and no charge"),
    case("once-500-after", Effect::Error, "charged, but status 500"),
    case("once-garbage-after", Effect::Garbage, "charged, but the answer cannot be read"),
    case("once-retry-later", Effect::RetryLater, "busy: known not to be charged"),
    case("once-late", Effect::Late, "status 500, and the charge comes seconds later"),
    case("down", Effect::Error, "status 500, every time, and no charge"),
    case("slow", Effect::Slow, "charged, seconds later than usual"),
    case("echo-amount", Effect::Plain, "charged, but the answer names another amount"),
    case("echo-currency", Effect::Plain, "charged, but the answer names another currency"),
    case("echo-order", Effect::Plain, "charged, but the answer names another order"),
    case("callback-first", Effect::Callbacks(1), "the callback comes before the answer"),
    case("callback-twice", Effect::Callbacks(2), "the callback comes twice, before the answer"),
    case("callback-storm", Effect::Callbacks(5), "the callback comes five times, before the answer"),
];

impl Case {
    /// The case of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|case| case.name == name)
    }

    /// What a merchant's id asks for: `script-<case>`, or `script-<case>--<anything>`, for the first call of a payment
    /// (authorize, confirm); `script-<operation>-<case>` for capture and cancel.
    pub(crate) fn of_merchant(merchant: &str, operation: Operation) -> Option<Self> {
        let asked = merchant.strip_prefix("script-")?;
        let asked = asked.split_once("--").map_or(asked, |(name, _)| name);
        match operation {
            Operation::Authorize | Operation::Confirm => Self::named(asked),
            Operation::Capture => Self::named(asked.strip_prefix("capture-")?),
            Operation::Cancel => Self::named(asked.strip_prefix("cancel-")?),
        }
    }
}

/// What a case may happen to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Authorize,
    Confirm,
    Capture,
    Cancel,
}

impl Operation {
    pub(crate) const ALL: [Self; 4] = [Self::Authorize, Self::Confirm, Self::Capture, Self::Cancel];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Confirm => "confirm",
            Self::Capture => "capture",
            Self::Cancel => "cancel",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merchant_named_after_a_case_asks_for_it() {
        let of = |merchant, operation| Case::of_merchant(merchant, operation).map(|case| case.name);
        assert_eq!(of("script-once-timeout-after", Operation::Authorize), Some("once-timeout-after"));
        assert_eq!(of("script-decline--17", Operation::Confirm), Some("decline"));
        assert_eq!(of("script-decline--17", Operation::Capture), None);
        assert_eq!(of("script-capture-down", Operation::Capture), Some("down"));
        assert_eq!(of("acme", Operation::Authorize), None);
    }

    #[test]
    fn the_first_part_of_a_name_tells_the_database_what_to_do() {
        for case in ALL {
            let declines = matches!(case.effect, Effect::Decline(_));
            assert_eq!(case.name.starts_with("decline"), declines, "{}", case.name);
        }
    }
}

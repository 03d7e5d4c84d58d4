//! A payment's life: every state, every event, and the one list of moves. A move that is not listed is refused.
//!
//! The database holds the same pairs in `pay.may_move(from, to)`, which a test compares with [`may_move`] pair by pair.

use thiserror::Error;

/// Where a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// The row is there, the provider was not asked or has not answered yet.
    Requested,
    /// The provider holds the money for us.
    Authorized,
    /// The provider declined.
    AuthFailed,
    /// Nobody knows whether the provider charged; it is asked until that is known.
    AuthUnknown,
    /// Nothing came of it in time.
    Expired,
    /// Given back before it was captured.
    Voided,
    /// The capture is under way.
    CaptureRequested,
    /// The money is ours.
    Captured,
    /// The provider did not capture; the authorization is still there.
    CaptureFailed,
    /// A refund is under way.
    RefundRequested,
    /// Some of it was given back.
    PartiallyRefunded,
    /// All of it was given back.
    Refunded,
}

/// What happens to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// The provider approved the authorization.
    Authorize,
    /// The provider declined.
    Decline,
    /// The provider's answer is not known, or says something else than was asked.
    LoseTrack,
    /// Its time is over.
    Expire,
    /// It was given back, or the provider says that it never charged.
    Void,
    /// Somebody asked for the capture.
    RequestCapture,
    /// The provider captured.
    Capture,
    /// The provider did not capture.
    FailCapture,
    /// Somebody asked for a refund.
    RequestRefund,
    /// A refund went through and more can be refunded.
    RefundPart,
    /// A refund went through and nothing is left.
    RefundRest,
    /// A refund failed and nothing was refunded before it.
    FailFirstRefund,
    /// A refund failed and others went through before it.
    FailLaterRefund,
}

/// A move that the list does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a payment in state {} cannot {event:?}", from.name())]
pub struct IllegalMove {
    /// Where the payment is.
    pub from: State,
    /// What was to happen.
    pub event: Event,
}

/// The name in the database is not one of ours: schema and program disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no payment state has this name")]
pub struct UnknownState;

impl State {
    /// Where every payment begins; the row exists before the provider is called.
    pub const FIRST: Self = Self::Requested;

    /// Every state.
    pub const ALL: [Self; 12] = [
        Self::Requested,
        Self::Authorized,
        Self::AuthFailed,
        Self::AuthUnknown,
        Self::Expired,
        Self::Voided,
        Self::CaptureRequested,
        Self::Captured,
        Self::CaptureFailed,
        Self::RefundRequested,
        Self::PartiallyRefunded,
        Self::Refunded,
    ];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Authorized => "AUTHORIZED",
            Self::AuthFailed => "AUTH_FAILED",
            Self::AuthUnknown => "AUTH_UNKNOWN",
            Self::Expired => "EXPIRED",
            Self::Voided => "VOIDED",
            Self::CaptureRequested => "CAPTURE_REQUESTED",
            Self::Captured => "CAPTURED",
            Self::CaptureFailed => "CAPTURE_FAILED",
            Self::RefundRequested => "REFUND_REQUESTED",
            Self::PartiallyRefunded => "PARTIALLY_REFUNDED",
            Self::Refunded => "REFUNDED",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.name() == name).ok_or(UnknownState)
    }

    /// The state after an event.
    ///
    /// # Errors
    /// For every pair that this list does not have.
    pub const fn after(self, event: Event) -> Result<Self, IllegalMove> {
        use Event as E;
        match (self, event) {
            (Self::Requested | Self::AuthUnknown, E::Authorize) => Ok(Self::Authorized),
            (Self::Requested | Self::AuthUnknown, E::Decline) => Ok(Self::AuthFailed),
            (Self::Requested, E::LoseTrack) => Ok(Self::AuthUnknown),
            (Self::Requested | Self::Authorized, E::Expire) => Ok(Self::Expired),
            (Self::AuthUnknown | Self::Authorized | Self::CaptureFailed, E::Void) => Ok(Self::Voided),
            (Self::Authorized | Self::CaptureFailed, E::RequestCapture) => Ok(Self::CaptureRequested),
            (Self::CaptureRequested, E::Capture) => Ok(Self::Captured),
            (Self::CaptureRequested, E::FailCapture) => Ok(Self::CaptureFailed),
            (Self::Captured | Self::PartiallyRefunded, E::RequestRefund) => Ok(Self::RefundRequested),
            (Self::RefundRequested, E::RefundPart | E::FailLaterRefund) => Ok(Self::PartiallyRefunded),
            (Self::RefundRequested, E::RefundRest) => Ok(Self::Refunded),
            (Self::RefundRequested, E::FailFirstRefund) => Ok(Self::Captured),
            (from, event) => Err(IllegalMove { from, event }),
        }
    }

    /// Whether money moved, may have moved, or may still move: an order has at most one such payment.
    #[must_use]
    pub const fn is_live(self) -> bool {
        match self {
            Self::AuthFailed | Self::Expired | Self::Voided => false,
            Self::Requested
            | Self::Authorized
            | Self::AuthUnknown
            | Self::CaptureRequested
            | Self::Captured
            | Self::CaptureFailed
            | Self::RefundRequested
            | Self::PartiallyRefunded
            | Self::Refunded => true,
        }
    }
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 13] = [
        Self::Authorize,
        Self::Decline,
        Self::LoseTrack,
        Self::Expire,
        Self::Void,
        Self::RequestCapture,
        Self::Capture,
        Self::FailCapture,
        Self::RequestRefund,
        Self::RefundPart,
        Self::RefundRest,
        Self::FailFirstRefund,
        Self::FailLaterRefund,
    ];

    /// The outbox event that goes out with the move; none where nobody outside has to know.
    #[must_use]
    pub const fn announced_as(self) -> Option<&'static str> {
        match self {
            Self::Authorize => Some("payment.authorized"),
            Self::Decline | Self::Expire => Some("payment.failed"),
            Self::Void => Some("payment.voided"),
            Self::RequestCapture => Some("payment.capture-requested"),
            Self::Capture => Some("payment.captured"),
            Self::RequestRefund => Some("payment.refund-requested"),
            Self::RefundPart | Self::RefundRest => Some("payment.refunded"),
            Self::LoseTrack | Self::FailCapture | Self::FailFirstRefund | Self::FailLaterRefund => None,
        }
    }
}

/// The state after an event; [`State::after`] as a function.
///
/// # Errors
/// For a move that is not listed.
pub fn next(from: State, event: Event) -> Result<State, IllegalMove> {
    from.after(event)
}

/// Whether some event leads from one state straight to the other.
#[must_use]
pub fn may_move(from: State, to: State) -> bool {
    Event::ALL.into_iter().any(|event| from.after(event) == Ok(to))
}

#[cfg(test)]
mod tests;

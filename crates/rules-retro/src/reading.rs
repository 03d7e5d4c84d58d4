//! Who may read what: membership opens a room, the reveal opens the answers.

use chrono::{DateTime, Utc};
use thiserror::Error;

/// How someone stands to a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// No member: must not even learn that the room exists.
    Outsider,
    /// A member.
    Member,
    /// The member who owns it.
    Owner,
}

/// Nothing there, as far as this reader may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not found for this reader")]
pub struct NotVisible;

impl Membership {
    /// From what a statement found.
    #[must_use]
    pub fn of(is_member: bool, is_owner: bool) -> Self {
        match (is_member, is_owner) {
            (true, true) => Self::Owner,
            (true, false) => Self::Member,
            // Owning without being a member cannot be; if it ever were, it would open nothing.
            (false, _) => Self::Outsider,
        }
    }

    /// Whether the room, its members and its retrospects can be seen.
    pub fn see(self) -> Result<(), NotVisible> {
        match self {
            Self::Member | Self::Owner => Ok(()),
            Self::Outsider => Err(NotVisible),
        }
    }
}

/// When the answers of a retrospect become readable to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reveal {
    /// As soon as they are submitted.
    AtOnce,
    /// From this instant on.
    At(DateTime<Utc>),
}

/// Which answers and counts of likes and comments a reader's payload may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswersInSight {
    /// Every submitted one.
    All,
    /// Those that carry the reader's own name. Own nameless ones are not among them: finding them would need the
    /// very link that no read may follow.
    OwnNamed,
}

impl Reveal {
    /// From the stored instant, none meaning at once.
    #[must_use]
    pub fn from_stored(reveal_at: Option<DateTime<Utc>>) -> Self {
        reveal_at.map_or(Self::AtOnce, Self::At)
    }

    /// What a member of the room sees at `now`.
    pub fn in_sight(self, reader: Membership, now: DateTime<Utc>) -> Result<AnswersInSight, NotVisible> {
        reader.see()?;
        Ok(match self {
            Self::AtOnce => AnswersInSight::All,
            Self::At(instant) if instant <= now => AnswersInSight::All,
            // The owner waits like everybody: an owner who reads early sways.
            Self::At(_) => AnswersInSight::OwnNamed,
        })
    }
}

/// A reveal instant that lies in the past, or too far ahead to be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the reveal must be in the future, at most {REVEAL_AHEAD_DAYS_MAX} days ahead")]
pub struct RevealFault;

/// How far ahead a reveal can be set, in days.
pub const REVEAL_AHEAD_DAYS_MAX: i64 = crate::start::START_AHEAD_DAYS_MAX + 31;

/// Reads the instant of a reveal as sent (RFC 3339), none meaning at once.
pub fn parse_reveal(sent: Option<&str>, now: DateTime<Utc>) -> Result<Reveal, RevealFault> {
    let Some(sent) = sent else { return Ok(Reveal::AtOnce) };
    let instant = DateTime::parse_from_rfc3339(sent).map_err(|_| RevealFault)?.with_timezone(&Utc);
    if instant <= now || (instant - now).num_days() > REVEAL_AHEAD_DAYS_MAX {
        return Err(RevealFault);
    }
    Ok(Reveal::At(instant))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVERY: [Membership; 3] = [Membership::Outsider, Membership::Member, Membership::Owner];

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn an_outsider_sees_nothing() {
        assert_eq!(Membership::Outsider.see(), Err(NotVisible));
        assert_eq!(Membership::Member.see(), Ok(()));
        assert_eq!(Membership::Owner.see(), Ok(()));
    }

    #[test]
    fn owning_without_being_a_member_opens_nothing() {
        assert_eq!(Membership::of(false, true), Membership::Outsider);
    }

    #[test]
    fn a_reveal_is_read_as_an_instant_ahead() {
        assert_eq!(parse_reveal(None, at(0)), Ok(Reveal::AtOnce));
        assert_eq!(parse_reveal(Some(&at(1).to_rfc3339()), at(0)), Ok(Reveal::At(at(1))));
        assert_eq!(parse_reveal(Some(&at(0).to_rfc3339()), at(0)), Err(RevealFault));
        assert_eq!(parse_reveal(Some("tomorrow"), at(0)), Err(RevealFault));
        assert_eq!(parse_reveal(Some("9999-01-01T00:00:00Z"), at(0)), Err(RevealFault));
    }

    proptest! {
        #[test]
        fn before_the_reveal_nobody_reads_what_others_wrote(ahead in 1_i64..1_000_000, reader in prop::sample::select(EVERY.to_vec())) {
            let seen = Reveal::At(at(ahead)).in_sight(reader, at(0));
            prop_assert_ne!(seen, Ok(AnswersInSight::All));
        }

        #[test]
        fn from_the_reveal_on_members_read_all_and_outsiders_nothing(since in 0_i64..1_000_000, reader in prop::sample::select(EVERY.to_vec())) {
            let expected = reader.see().map(|()| AnswersInSight::All);
            prop_assert_eq!(Reveal::At(at(0)).in_sight(reader, at(since)), expected);
            prop_assert_eq!(Reveal::AtOnce.in_sight(reader, at(since)), expected);
        }
    }
}

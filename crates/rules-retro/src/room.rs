//! What a room is called, who it belongs to and how many it holds.

use thiserror::Error;

use crate::text::{self, TextFault};

/// Longest room name, in code points.
pub const ROOM_TITLE_CODE_POINTS_MAX: usize = 20;
/// Longest room description, in code points.
pub const ROOM_DESCRIPTION_CODE_POINTS_MAX: usize = 50;
/// Members of a room whose owner is on the FREE plan. The plan table of the database holds the same number.
pub const FREE_ROOM_MEMBERS_MAX: u32 = 10;
/// How long a deleted room can be restored, in days.
pub const ROOM_RESTORE_DAYS: i64 = 30;

/// A room's name: one line, 1 to [`ROOM_TITLE_CODE_POINTS_MAX`] code points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomTitle(String);

impl RoomTitle {
    /// Composes and measures a typed name.
    pub fn parse(input: &str) -> Result<Self, TextFault> {
        text::normalized_line(input, ROOM_TITLE_CODE_POINTS_MAX).map(Self)
    }

    /// The name as it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a room is for: 0 to [`ROOM_DESCRIPTION_CODE_POINTS_MAX`] code points; a blank one is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomDescription(Option<String>);

impl RoomDescription {
    /// Composes and measures a typed description.
    pub fn parse(input: Option<&str>) -> Result<Self, TextFault> {
        let text = text::normalized(input.unwrap_or_default(), ROOM_DESCRIPTION_CODE_POINTS_MAX)?;
        Ok(Self(Some(text).filter(|text| !text.is_empty())))
    }

    /// The description, if there is one.
    #[must_use]
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// What a member pays for; a room follows the plan of its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// KRW 0.
    Free,
    /// KRW 9,900 per month.
    Pro,
    /// KRW 29,900 per month.
    Team,
}

impl Plan {
    /// Every plan, as the plan table holds them.
    pub const ALL: [Self; 3] = [Self::Free, Self::Pro, Self::Team];

    /// The plan's name on the wire and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "FREE",
            Self::Pro => "PRO",
            Self::Team => "TEAM",
        }
    }

    /// How many members a room of such an owner holds, the owner included; `None` is without limit.
    #[must_use]
    pub fn room_members_max(self) -> Option<u32> {
        match self {
            Self::Free | Self::Pro => Some(FREE_ROOM_MEMBERS_MAX),
            Self::Team => None,
        }
    }
}

/// The room holds as many members as its owner's plan allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the room is full: its owner's plan allows {members_max} members")]
pub struct RoomFull {
    /// The plan's limit.
    pub members_max: u32,
}

/// Why somebody could not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JoinRefusal {
    /// No such invite, or its room is gone.
    #[error("no such invite")]
    NoSuchInvite,
    /// The invite's days are over, or a newer one took its place.
    #[error("the invite has expired")]
    Expired,
    /// Inside already; any link of the room, however old, may lead there.
    #[error("a member of the room already")]
    AlreadyMember,
    /// As many members as the owner's plan allows.
    #[error(transparent)]
    Full(#[from] RoomFull),
}

impl JoinRefusal {
    /// The word a statement answers with.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoSuchInvite => "NO_SUCH_INVITE",
            Self::Expired => "EXPIRED",
            Self::AlreadyMember => "ALREADY_MEMBER",
            Self::Full(_) => "FULL",
        }
    }
}

/// What a joining statement saw of a room while it held the member counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinStanding {
    /// The invite opens the room now.
    pub invite_live: bool,
    /// The joining member is inside.
    pub is_member: bool,
    /// Members before the join.
    pub members: u32,
    /// What the plan of the room's owner allows; `None` is without limit.
    pub members_max: Option<u32>,
}

impl JoinStanding {
    /// May the member come in?
    pub fn verdict(self) -> Result<(), JoinRefusal> {
        if self.is_member {
            return Err(JoinRefusal::AlreadyMember);
        }
        if !self.invite_live {
            return Err(JoinRefusal::Expired);
        }
        match self.members_max {
            Some(members_max) if self.members >= members_max => Err(RoomFull { members_max }.into()),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_room_name_has_one_to_twenty_code_points_whatever_their_bytes() {
        assert_eq!(RoomTitle::parse(&"회".repeat(20)).unwrap().as_str().chars().count(), 20);
        assert!(matches!(RoomTitle::parse(&"회".repeat(21)), Err(TextFault::TooLong { .. })));
        assert_eq!(RoomTitle::parse("  "), Err(TextFault::Blank));
    }

    #[test]
    fn a_blank_description_is_none() {
        assert_eq!(RoomDescription::parse(Some(" \n")).unwrap().as_deref(), None);
        assert_eq!(RoomDescription::parse(None).unwrap().as_deref(), None);
        assert!(RoomDescription::parse(Some(&"a".repeat(51))).is_err());
    }

    #[test]
    fn the_eleventh_member_needs_the_team_plan() {
        let join = |plan: Plan, members| {
            JoinStanding {
                invite_live: true,
                is_member: false,
                members,
                members_max: plan.room_members_max(),
            }
            .verdict()
        };
        assert_eq!(join(Plan::Free, 9), Ok(()));
        assert_eq!(join(Plan::Free, 10), Err(RoomFull { members_max: 10 }.into()));
        assert_eq!(join(Plan::Pro, 10), Err(RoomFull { members_max: 10 }.into()));
        assert_eq!(join(Plan::Team, 5_000), Ok(()));
    }

    #[test]
    fn a_member_with_any_old_link_is_told_to_be_inside_already() {
        let standing =
            JoinStanding { invite_live: false, is_member: true, members: 10, members_max: Some(10) };
        assert_eq!(standing.verdict(), Err(JoinRefusal::AlreadyMember));
        assert_eq!(JoinStanding { is_member: false, ..standing }.verdict(), Err(JoinRefusal::Expired));
    }

    proptest! {
        #[test]
        fn a_room_never_grows_past_its_limit(invite_live: bool, is_member: bool, members in 0_u32..30, limit in 1_u32..20) {
            let standing = JoinStanding { invite_live, is_member, members, members_max: Some(limit) };
            prop_assert_eq!(standing.verdict().is_ok(), invite_live && !is_member && members < limit);
        }

        #[test]
        fn an_accepted_name_is_one_trimmed_line(input in "\\PC{0,30}") {
            if let Ok(title) = RoomTitle::parse(&input) {
                prop_assert_eq!(title.as_str(), title.as_str().trim());
                prop_assert!((1..=20).contains(&title.as_str().chars().count()));
                prop_assert!(!title.as_str().contains('\n'));
            }
        }
    }
}

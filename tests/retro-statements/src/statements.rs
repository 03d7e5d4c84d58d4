//! The components' statements, by what they do.

macro_rules! statements {
    ($($name:ident $file:literal;)+) => {
        $(#[doc = $file] pub const $name: &str = include_str!(concat!("../../../components/retro/", $file));)+
    };
}

statements! {
    ROOM_CREATE "rooms/src/create.sql";
    ROOM_LIST "rooms/src/list.sql";
    ROOM_MEMBERS "members/src/list.sql";
    INVITE_SHOW "invites/src/show.sql";
    ROOM_JOIN "invites/src/join.sql";
    ROOM_ZONE "retrospects/src/room.sql";
    RETROSPECT_CREATE "retrospects/src/create.sql";
    RETROSPECT_SHOW "retrospects/src/show.sql";
    PARTICIPATE "participants/src/join.sql";
    PARTICIPANTS "participants/src/list.sql";
    LEAVE "participants/src/leave.sql";
    DRAFT_SAVE "drafts/src/save.sql";
    DRAFT_STORED "drafts/src/stored.sql";
    SUBMIT "submit/src/submit.sql";
    TAKE_BACK "submit/src/take_back.sql";
    RESPONSES "responses/src/list.sql";
}

/// The endpoint a statement's claims are kept under; those of drafts and submissions are known to other statements.
#[must_use]
pub fn endpoint(sql: &str) -> String {
    match sql {
        DRAFT_SAVE => "retro-drafts-save".to_owned(),
        SUBMIT => "retro-submit".to_owned(),
        other => format!("statement-{}", other.len()),
    }
}

/// Withdrawal as the account component asks for it.
pub const WITHDRAW: &str = "SELECT retro.withdraw_member($1)";

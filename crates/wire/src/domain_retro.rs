//! Domain errors of rooms, retrospects and answers → public faces. No wildcard arms, as in `domain.rs`.

use rules_retro::{
    TextFault,
    draft::{ListFault, NoVersion},
    format::{NoSuchQuestion, UnknownCategory, UnknownMethod},
    identity::UnknownIdentityMode,
    invite::NotAnInvite,
    reading::RevealFault,
    reference::{REFERENCES_MAX, ReferenceFault},
    room::{JoinRefusal, RoomFull},
    standing::Refusal,
    start::{StartFault, UnknownZone},
};

use crate::{Code, Problem, PublicFace};

const CONTROL_KOREAN: &str = "제어 문자는 쓸 수 없습니다.";
const CONTROL_ENGLISH: &str = "Control characters are not allowed.";

/// A name of a room or retrospect that cannot be taken.
#[derive(Debug)]
pub struct NameFault(pub TextFault);

/// A description that cannot be taken.
#[derive(Debug)]
pub struct DescriptionFault(pub TextFault);

impl PublicFace for NameFault {
    fn problem(&self) -> Problem {
        match self.0 {
            TextFault::Blank | TextFault::TooLong { .. } => Code::Retro4001.into(),
            TextFault::Control { .. } => Code::Common400.into(),
        }
    }
}

impl PublicFace for DescriptionFault {
    fn problem(&self) -> Problem {
        let problem = Problem::from(Code::Common400);
        match &self.0 {
            TextFault::Blank => problem.at("description"),
            TextFault::TooLong { code_points_max, .. } => problem.field(
                "description",
                format!("{code_points_max}자를 넘을 수 없습니다."),
                format!("At most {code_points_max} characters."),
            ),
            TextFault::Control { .. } => problem.field("description", CONTROL_KOREAN, CONTROL_ENGLISH),
        }
    }
}

impl PublicFace for UnknownZone {
    fn problem(&self) -> Problem {
        let (korean, english) = ("IANA 시간대 이름이어야 합니다.", "Must be the name of an IANA time zone.");
        Problem::from(Code::Common400).field("timeZone", korean, english)
    }
}

impl PublicFace for NotAnInvite {
    fn problem(&self) -> Problem {
        Code::Retro4002.into()
    }
}

/// What a word of a joining statement means.
pub const JOIN_REFUSALS: [(&str, Code); 3] = [
    (JoinRefusal::Expired.word(), Code::Retro4008),
    (JoinRefusal::AlreadyMember.word(), Code::Retro4092),
    (JoinRefusal::Full(RoomFull { members_max: 0 }).word(), Code::Retro4034),
];

/// What a word of a statement about a retrospect means.
pub const REFUSALS: [(&str, Code); Refusal::ALL.len()] = {
    let mut table = [("", Code::Common500); Refusal::ALL.len()];
    let mut place = 0;
    while place < table.len() {
        table[place] = (Refusal::ALL[place].word(), code_of(Refusal::ALL[place]));
        place += 1;
    }
    table
};

const fn code_of(refusal: Refusal) -> Code {
    match refusal {
        Refusal::NotVisible => Code::Retro4041,
        Refusal::NotParticipant => Code::Retro4031,
        Refusal::AlreadyParticipant => Code::Retro4093,
        Refusal::AlreadySubmitted => Code::Retro4033,
        Refusal::Closed => Code::Retro4009,
        Refusal::Analysed => Code::Retro4094,
        Refusal::NoSuchQuestion => Code::Retro4043,
        Refusal::AnswersMissing => Code::Retro4010,
        Refusal::NothingSubmitted | Refusal::Started | Refusal::Revealed => Code::Common409,
        Refusal::NoSuchChoice => Code::Common400,
    }
}

impl PublicFace for Refusal {
    fn problem(&self) -> Problem {
        code_of(*self).into()
    }
}

impl PublicFace for UnknownMethod {
    fn problem(&self) -> Problem {
        Problem::from(Code::Retro4005).at("retrospectMethod")
    }
}

impl PublicFace for UnknownCategory {
    fn problem(&self) -> Problem {
        Problem::from(Code::Retro4004).at("category")
    }
}

impl PublicFace for NoSuchQuestion {
    fn problem(&self) -> Problem {
        Code::Retro4043.into()
    }
}

impl PublicFace for UnknownIdentityMode {
    fn problem(&self) -> Problem {
        let english = "Must be NAMED, ANONYMOUS or AUTHOR_CHOOSES.";
        Problem::from(Code::Common400).field(
            "identityMode",
            "NAMED, ANONYMOUS, AUTHOR_CHOOSES 중 하나여야 합니다.",
            english,
        )
    }
}

impl PublicFace for RevealFault {
    fn problem(&self) -> Problem {
        let (korean, english) =
            ("미래의 시각이어야 합니다 (RFC 3339).", "Must be an instant ahead (RFC 3339).");
        Problem::from(Code::Common400).field("revealAt", korean, english)
    }
}

impl PublicFace for StartFault {
    fn problem(&self) -> Problem {
        let (field, korean, english) = match self {
            Self::Date => ("retrospectDate", "YYYY-MM-DD 형식이어야 합니다.", "Must be written YYYY-MM-DD."),
            Self::Time => ("retrospectTime", "HH:MM 형식이어야 합니다.", "Must be written HH:MM."),
            Self::Skipped => (
                "retrospectTime",
                "해당 시간대에 존재하지 않는 시각입니다.",
                "This time of day does not exist on that date in the room's time zone.",
            ),
            Self::Past => {
                ("retrospectDate", "시작 시각은 미래여야 합니다.", "The start must be in the future.")
            }
            Self::TooFar => ("retrospectDate", "너무 먼 미래입니다.", "The start is too far ahead."),
        };
        Problem::from(Code::Common400).field(field, korean, english)
    }
}

impl PublicFace for ReferenceFault {
    fn problem(&self) -> Problem {
        let problem = Problem::from(Code::Retro4006);
        match self {
            Self::TooMany { .. } => problem.field(
                "referenceUrls",
                format!("최대 {REFERENCES_MAX}개까지 등록할 수 있습니다."),
                format!("At most {REFERENCES_MAX} links."),
            ),
            Self::TooLong { index } => problem.field(
                format!("referenceUrls[{index}]"),
                "2,048자를 넘을 수 없습니다.",
                "At most 2,048 characters.",
            ),
            Self::NotHttp { index } => problem.field(
                format!("referenceUrls[{index}]"),
                "http 또는 https 주소여야 합니다.",
                "Must be an http or https address.",
            ),
            Self::Duplicate { index } => problem.field(
                format!("referenceUrls[{index}]"),
                "중복된 주소입니다.",
                "This link is there twice.",
            ),
        }
    }
}

impl PublicFace for NoVersion {
    fn problem(&self) -> Problem {
        Problem::from(Code::Common400).field(
            "version",
            "0 이상의 정수여야 합니다.",
            "Must be a number from 0.",
        )
    }
}

/// A list of drafts (`drafts`) or answers (`answers`) that cannot be taken.
#[derive(Debug)]
pub struct EntriesFault {
    /// The list's field.
    pub list: &'static str,
    /// What is wrong with it.
    pub fault: ListFault,
}

impl PublicFace for EntriesFault {
    fn problem(&self) -> Problem {
        let list = self.list;
        match &self.fault {
            ListFault::Count { .. } => Problem::from(Code::Common400).field(
                list,
                "1개 이상 10개 이하여야 합니다.",
                "Must have 1 to 10 entries.",
            ),
            ListFault::Question { index } => {
                Problem::from(Code::Retro4043).at(format!("{list}[{index}].questionNumber"))
            }
            ListFault::Repeated { index } => Problem::from(Code::Common400).field(
                format!("{list}[{index}].questionNumber"),
                "중복된 질문 번호입니다.",
                "This question is there twice.",
            ),
            ListFault::Text { index, fault } => {
                let field = format!("{list}[{index}].content");
                match fault {
                    TextFault::Blank => Problem::from(Code::Retro4007).at(field),
                    TextFault::TooLong { .. } => Problem::from(Code::Retro4003).at(field),
                    TextFault::Control { .. } => {
                        Problem::from(Code::Common400).field(field, CONTROL_KOREAN, CONTROL_ENGLISH)
                    }
                }
            }
        }
    }
}

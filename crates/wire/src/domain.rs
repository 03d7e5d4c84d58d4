//! Domain errors → public faces. No wildcard arms: a new domain error does not compile until it has a code here.

use rules_account::{IdTokenError, NicknameError, ProviderError, ReturnPathError};

use crate::{Code, Problem, PublicFace};

impl PublicFace for NicknameError {
    fn problem(&self) -> Problem {
        let (korean, english) = match self {
            Self::Empty => ("닉네임을 입력해 주세요.", "A nickname is required."),
            Self::TooLong => {
                ("닉네임은 20자를 넘을 수 없습니다.", "A nickname may have at most 20 characters.")
            }
            Self::Letter => (
                "닉네임에는 한글, 영문, 숫자만 쓸 수 있습니다.",
                "Use Hangul, Latin letters and digits only.",
            ),
        };
        Problem::from(Code::Common400).field("nickname", korean, english)
    }
}

impl PublicFace for ProviderError {
    fn problem(&self) -> Problem {
        match self {
            Self::Unknown => Problem::from(Code::Common400).field(
                "provider",
                "google 또는 kakao여야 합니다.",
                "Must be google or kakao.",
            ),
        }
    }
}

impl PublicFace for IdTokenError {
    fn problem(&self) -> Problem {
        match self {
            Self::Issuer | Self::Audience | Self::Time | Self::Nonce | Self::Subject => Code::Auth4002.into(),
        }
    }
}

impl PublicFace for ReturnPathError {
    fn problem(&self) -> Problem {
        Problem::from(Code::Common400).field(
            "returnTo",
            "이 서비스의 경로여야 합니다.",
            "Must be a path of this service.",
        )
    }
}

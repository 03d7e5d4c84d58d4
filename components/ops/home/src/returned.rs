//! What the page says to who comes back from a provider.

use wire::Language;

use crate::texts::pick;

/// How a sign-in came back here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returned {
    /// Signed in.
    Done,
    /// Somebody new: a nickname is left to be chosen.
    Signup,
    /// Given up at the provider.
    Denied,
}

impl Returned {
    /// The query parameter that the callback adds; nothing for any other word.
    pub(crate) fn read(word: &str) -> Option<Self> {
        match word {
            "done" => Some(Self::Done),
            "signup" => Some(Self::Signup),
            "denied" => Some(Self::Denied),
            _ => None,
        }
    }

    /// What the page says of it.
    pub(crate) fn text(self, language: Language) -> &'static str {
        match self {
            Self::Done => pick(language, "로그인했습니다.", "Signed in."),
            Self::Signup => pick(
                language,
                "한 단계가 남았습니다: 이 브라우저의 쿠키로 POST /api/v1/auth/signup 에 {\"nickname\": \"…\"}을 보내세요.",
                "One step is left: with this browser's cookies, POST /api/v1/auth/signup {\"nickname\": \"…\"}.",
            ),
            Self::Denied => pick(language, "로그인을 취소했습니다.", "The sign-in was given up."),
        }
    }
}

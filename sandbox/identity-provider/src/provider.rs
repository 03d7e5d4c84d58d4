//! The two providers that are played, and what differs between them.

/// Google or Kakao.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    Google,
    Kakao,
}

impl Provider {
    /// By the name in the path.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "google" => Some(Self::Google),
            "kakao" => Some(Self::Kakao),
            _ => None,
        }
    }

    /// The name in the path.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Kakao => "kakao",
        }
    }

    /// As people write it.
    pub(crate) fn title(self, language: sandbox_kit::Language) -> &'static str {
        match self {
            Self::Google => "Google",
            Self::Kakao => language.pick("카카오", "Kakao"),
        }
    }

    /// `iss` of the ID tokens, for whoever called us at `origin`.
    pub(crate) fn issuer(self, origin: &str) -> String {
        format!("{origin}/oauth/{}", self.name())
    }
}

//! The identity providers a member can come from.

use std::{fmt, str::FromStr};

/// A provider that is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    Google,
    Kakao,
}

/// Why a name is no provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    #[error("no such identity provider")]
    Unknown,
}

impl Provider {
    /// Every provider.
    pub const ALL: [Provider; 2] = [Provider::Google, Provider::Kakao];

    /// The name in addresses and variables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Kakao => "kakao",
        }
    }

    /// The name in the database and in answers.
    #[must_use]
    pub const fn stored(self) -> &'static str {
        match self {
            Self::Google => "GOOGLE",
            Self::Kakao => "KAKAO",
        }
    }
}

impl FromStr for Provider {
    type Err = ProviderError;

    /// Case does not matter.
    fn from_str(name: &str) -> Result<Self, ProviderError> {
        Self::ALL.into_iter().find(|p| p.as_str().eq_ignore_ascii_case(name)).ok_or(ProviderError::Unknown)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_of_a_provider_name_does_not_matter() {
        assert_eq!("KAKAO".parse(), Ok(Provider::Kakao));
        assert_eq!("Google".parse(), Ok(Provider::Google));
        assert_eq!("naver".parse::<Provider>(), Err(ProviderError::Unknown));
    }
}

//! Korean or English, as the browser asks.

/// The languages of the sandbox's pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Korean,
    English,
}

impl Language {
    /// The one that `Accept-Language` names first; Korean when it names neither.
    pub fn of(accept_language: &str) -> Self {
        let wanted = accept_language.split(',').map(|part| part.trim().to_ascii_lowercase());
        for language in wanted {
            if language.starts_with("ko") {
                return Self::Korean;
            }
            if language.starts_with("en") {
                return Self::English;
            }
        }
        Self::Korean
    }

    /// The tag for `<html lang>`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Korean => "ko",
            Self::English => "en",
        }
    }

    /// One of two texts.
    pub fn pick<'a>(self, korean: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Korean => korean,
            Self::English => english,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn the_first_known_language_wins() {
        assert_eq!(Language::of("fr, en-GB;q=0.8, ko;q=0.7"), Language::English);
        assert_eq!(Language::of("ko-KR,ko;q=0.9,en;q=0.8"), Language::Korean);
    }

    #[test]
    fn without_a_known_language_it_is_korean() {
        assert_eq!(Language::of(""), Language::Korean);
        assert_eq!(Language::of("fr"), Language::Korean);
    }
}

//! The two languages of public texts and how `Accept-Language` chooses between them.

/// A language the public texts exist in. Korean is the default of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    Korean,
    English,
}

/// Entries of `Accept-Language` that are looked at; a client that sends more gets the default.
const RANGES_MAX: usize = 16;

impl Language {
    /// Picks by the quality values of RFC 9110 §12.5.4; anything unknown or malformed means Korean.
    #[must_use]
    pub fn from_accept(header: &str) -> Self {
        let mut best = (Self::Korean, 0.0_f32);
        for range in header.split(',').take(RANGES_MAX) {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q=").map(str::to_owned))
                .map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0).clamp(0.0, 1.0));
            let language = match tag.split('-').next().unwrap_or_default() {
                "ko" | "*" => Self::Korean,
                "en" => Self::English,
                _ => continue,
            };
            if quality > best.1 {
                best = (language, quality);
            }
        }
        best.0
    }

    /// The tag for `Content-Language` and for a stored answer.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Korean => "ko",
            Self::English => "en",
        }
    }

    /// The language of a stored tag; unknown tags mean Korean.
    #[must_use]
    pub fn from_tag(tag: &str) -> Self {
        if tag == "en" { Self::English } else { Self::Korean }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_is_the_default_and_english_is_taken_when_preferred() {
        for (header, expected) in [
            ("", Language::Korean),
            ("fr, de;q=0.8", Language::Korean),
            ("en", Language::English),
            ("en-US,en;q=0.9,ko;q=0.8", Language::English),
            ("ko-KR,en;q=0.9", Language::Korean),
            ("en;q=0.3, ko;q=0.4", Language::Korean),
            ("*", Language::Korean),
            ("en;q=x", Language::Korean),
        ] {
            assert_eq!(Language::from_accept(header), expected, "{header:?}");
        }
    }
}

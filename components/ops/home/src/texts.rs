//! The words of the page in both languages.

use wire::Language;

/// One of two texts.
pub(crate) fn pick(language: Language, korean: &'static str, english: &'static str) -> &'static str {
    match language {
        Language::Korean => korean,
        Language::English => english,
    }
}

/// An area as people call it.
pub(crate) fn area(language: Language, name: &'static str) -> &'static str {
    match name {
        "accounts" => pick(language, "계정", "Accounts"),
        "retro" => pick(language, "팀과 회고", "Teams and retrospects"),
        "pay" => pick(language, "결제", "Payments"),
        "ops" => pick(language, "운영", "Operations"),
        other => other,
    }
}

/// The tag for `<html lang>`.
pub(crate) fn tag(language: Language) -> &'static str {
    pick(language, "ko", "en")
}

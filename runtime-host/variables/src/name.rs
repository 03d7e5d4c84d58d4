//! Names of variables, as Spin accepts them.

use std::fmt;

/// A well-formed variable name: lower-case ASCII letters, digits and single underscores, beginning with a letter and
/// not ending with an underscore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a>(&'a str);

impl<'a> Name<'a> {
    /// Checks `text`; the error says what is wrong with it.
    pub fn parse(text: &'a str) -> Result<Self, InvalidName> {
        let fault = |fault| InvalidName { name: text.to_owned(), fault };
        let Some(first) = text.chars().next() else { return Err(fault(NameFault::Empty)) };
        if let Some(strange) = text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_')) {
            return Err(fault(NameFault::Character(strange)));
        }
        if !first.is_ascii_lowercase() {
            return Err(fault(NameFault::Start));
        }
        if text.ends_with('_') {
            return Err(fault(NameFault::End));
        }
        if text.contains("__") {
            return Err(fault(NameFault::DoubleUnderscore));
        }
        Ok(Self(text))
    }

    /// The name as text.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

/// A name that no variable can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?}: {fault}")]
pub struct InvalidName {
    name: String,
    fault: NameFault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NameFault {
    Empty,
    Character(char),
    Start,
    End,
    DoubleUnderscore,
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a variable's name is not empty"),
            Self::Character(found) => {
                write!(f, "{found:?} is not allowed: only lower-case letters, digits and underscores are")
            }
            Self::Start => f.write_str("a variable's name begins with a lower-case letter"),
            Self::End => f.write_str("a variable's name ends with a lower-case letter or a digit"),
            Self::DoubleUnderscore => f.write_str("underscores stand one at a time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_snake_names_are_accepted() {
        for name in ["a", "api_key", "db2_url", "a1_2"] {
            assert_eq!(Name::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn every_kind_of_malformed_name_is_told_apart() {
        let cases = [
            ("", NameFault::Empty),
            ("api-key", NameFault::Character('-')),
            ("apiKey", NameFault::Character('K')),
            ("größe", NameFault::Character('ö')),
            ("2fast", NameFault::Start),
            ("_a", NameFault::Start),
            ("a_", NameFault::End),
            ("a__b", NameFault::DoubleUnderscore),
        ];
        for (name, fault) in cases {
            assert_eq!(Name::parse(name), Err(InvalidName { name: name.to_owned(), fault }), "{name:?}");
        }
    }
}

//! The rules that every identifier taken from a token must meet, and the newtypes made from them.

use std::fmt;

/// The longest identifier in bytes. OpenID Connect Core 1.0 §2 sets the same bound on `sub`.
pub(crate) const MAX_BYTES: usize = 255;

/// A UUID as text has 36 bytes. With 40 an identifier takes 48, no more than with those.
pub(crate) const IN_PLACE: usize = 40;

/// Text that cannot be an identifier.
///
/// The text itself is not part of the error: it came from outside and may be a secret put in the wrong
/// place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} {problem}")]
pub struct InvalidIdentifier {
    what: &'static str,
    problem: IdentifierProblem,
}

impl InvalidIdentifier {
    /// Which rule the text breaks.
    pub fn problem(&self) -> IdentifierProblem {
        self.problem
    }
}

/// The rule that a text breaks when it cannot be an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentifierProblem {
    /// It has no characters.
    Empty,
    /// It is longer than 255 bytes.
    TooLong,
    /// It begins or ends with white space.
    SurroundingWhiteSpace,
    /// It contains a control character, such as NUL or a line break.
    ControlCharacter,
}

impl fmt::Display for IdentifierProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong => write!(f, "is longer than {MAX_BYTES} bytes"),
            Self::SurroundingWhiteSpace => f.write_str("begins or ends with white space"),
            Self::ControlCharacter => f.write_str("contains a control character"),
        }
    }
}

pub(crate) fn check(what: &'static str, text: &str) -> Result<(), InvalidIdentifier> {
    // Nearly all are printable ASCII without spaces, which breaks none of the rules below but the first two.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain && (1..=MAX_BYTES).contains(&text.len()) {
        return Ok(());
    }
    let problem = if text.is_empty() {
        IdentifierProblem::Empty
    } else if text.len() > MAX_BYTES {
        IdentifierProblem::TooLong
    } else if text.trim() != text {
        IdentifierProblem::SurroundingWhiteSpace
    } else if text.chars().any(char::is_control) {
        IdentifierProblem::ControlCharacter
    } else {
        return Ok(());
    };
    Err(InvalidIdentifier { what, problem })
}

/// Declares a newtype over checked text: parsed once, cheap to clone, never empty, without `Default`
/// and without an infallible conversion from text.
macro_rules! identifier {
    ($(#[$attribute:meta])* $name:ident, $what:literal) => {
        $(#[$attribute])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name($crate::text::Text<{ $crate::identifier::IN_PLACE }>);

        impl $name {
            /// Checks `text` and keeps a copy of it.
            ///
            /// # Errors
            /// When `text` is empty, longer than 255 bytes, begins or ends with white space, or contains a
            /// control character. Case and Unicode normalisation are left as they are: two texts that
            /// differ in a byte are two identifiers.
            pub fn parse(text: &str) -> Result<Self, $crate::InvalidIdentifier> {
                $crate::identifier::check($what, text)?;
                Ok(Self(text.into()))
            }

            /// The identifier as it was given.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::InvalidIdentifier;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::InvalidIdentifier;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::InvalidIdentifier;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(identifier: $name) -> Self {
                identifier.as_str().to_owned()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.as_str()).finish()
            }
        }
    };
}

pub(crate) use identifier;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_an_identifier() {
        for text in [
            "acme",
            "4f5b…",
            "a",
            "Ümläut & Söhne",
            "a b",
            "'; DROP TABLE note; --",
        ] {
            assert_eq!(check("tenant id", text), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn every_rule_names_itself() {
        let long = "x".repeat(256);
        for (text, problem) in [
            ("", IdentifierProblem::Empty),
            (long.as_str(), IdentifierProblem::TooLong),
            (" acme", IdentifierProblem::SurroundingWhiteSpace),
            ("acme\u{a0}", IdentifierProblem::SurroundingWhiteSpace),
            ("acme\n", IdentifierProblem::SurroundingWhiteSpace),
            ("ac\0me", IdentifierProblem::ControlCharacter),
            ("ac\u{85}me", IdentifierProblem::ControlCharacter),
        ] {
            assert_eq!(
                check("tenant id", text).map_err(|e| e.problem()),
                Err(problem),
                "{text:?}"
            );
        }
        assert_eq!(check("tenant id", &"x".repeat(255)), Ok(()));
    }
}

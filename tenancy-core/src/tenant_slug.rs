//! `TenantSlug`, the name of a tenant in hosts and paths.

use std::fmt;
use std::str::FromStr;

use crate::text::Text;

/// The name of a tenant that people see, in a host such as `acme.app.example.com`, a path, or wherever else a request names it.
///
/// It fits a label of a host name ([RFC 1123 §2.1]): 1 to 63 bytes of lower-case ASCII letters, digits, `-` and `_`, with a
/// letter or digit at both ends. There is one spelling of it, so two tenants never share one. Names that [RFC 5890 §2.3.1]
/// reserves, such as `xn--80ak6aa92e` (which browsers may show as `apple`), are none.
///
/// ```
/// use tenancy_core::TenantSlug;
///
/// assert_eq!(TenantSlug::parse("acme-eu")?.as_str(), "acme-eu");
/// assert!(TenantSlug::parse("Acme").is_err());
/// # Ok::<(), tenancy_core::InvalidSlug>(())
/// ```
///
/// [RFC 1123 §2.1]: https://www.rfc-editor.org/rfc/rfc1123#section-2.1
/// [RFC 5890 §2.3.1]: https://www.rfc-editor.org/rfc/rfc5890#section-2.3.1
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantSlug(Text<24>);

/// Text that cannot be the slug of a tenant. The text itself is not part of the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a slug has 1 to 63 lower-case letters, digits, hyphens and underscores, begins and ends with a letter or digit, \
     and has no hyphens in third and fourth place"
)]
pub struct InvalidSlug(());

impl TenantSlug {
    /// Checks `text` and keeps a copy of it.
    ///
    /// # Errors
    /// When `text` breaks one of the rules above. Nothing is mended: upper case is refused, not lowered.
    pub fn parse(text: &str) -> Result<Self, InvalidSlug> {
        let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let inner = |byte: &u8| alphanumeric(byte) || matches!(byte, b'-' | b'_');
        let bytes = text.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        let well_formed = bytes.len() <= 63
            && bytes.iter().all(inner)
            && ends.iter().all(|end| end.is_some_and(alphanumeric));
        let is_reserved = bytes.get(2..4) == Some(b"--");
        if well_formed && !is_reserved {
            Ok(Self(text.into()))
        } else {
            Err(InvalidSlug(()))
        }
    }

    /// The slug as it was given.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for TenantSlug {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, InvalidSlug> {
        Self::parse(text)
    }
}

impl fmt::Display for TenantSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for TenantSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TenantSlug").field(&self.as_str()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_has_one_spelling_and_fits_a_label() {
        let longest = "x".repeat(63);
        for text in ["acme", "a", "a-b", "a_b", "4you", "a--b", &longest] {
            assert_eq!(TenantSlug::parse(text).unwrap().as_str(), text);
        }
        assert_ne!(TenantSlug::parse("a-b"), TenantSlug::parse("a_b"));
        let too_long = "x".repeat(64);
        for text in [
            "",
            "Acme",
            "acmé",
            "аcme",
            "a.b",
            "a b",
            "-a",
            "a-",
            "_a",
            "a_",
            "a\0",
            "a\n",
            "a'b",
            "a/b",
            "a%62",
            "xn--80ak6aa92e",
            "ab--c",
            &too_long,
        ] {
            assert!(TenantSlug::parse(text).is_err(), "{text:?}");
        }
    }
}

//! What a request presents: nothing, something malformed, or one bearer token.

use std::fmt;

use crate::head::RequestHead;

/// The credential of a request, in three values, so that "none" and "broken" are never confused: an
/// optional route may let the first pass, no route the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented<'a> {
    /// No credential of a scheme that we serve.
    Absent,
    /// Something that claims to be a credential and is not one.
    Malformed(MalformedCredential),
    /// One bearer token, not yet verified.
    Bearer(BearerToken<'a>),
}

/// Why a credential is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedCredential {
    /// The request carries more than one `Authorization` field.
    #[error("the request carries more than one authorization field")]
    Several,
    /// The field is not `Bearer`, one or more spaces, and a `b64token` (RFC 6750 §2.1).
    #[error("the authorization field is not a bearer token")]
    Syntax,
}

impl<'a> Presented<'a> {
    /// Reads the `Authorization` field ([RFC 6750 §2.1], [RFC 9110 §11.6.2]).
    ///
    /// The scheme is compared without regard to case. A scheme other than `Bearer` counts as absent.
    ///
    /// [RFC 6750 §2.1]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    /// [RFC 9110 §11.6.2]: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.2
    pub fn in_authorization<H: RequestHead + ?Sized>(head: &'a H) -> Self {
        let mut fields = head.header_values("authorization");
        let Some(field) = fields.next() else {
            return Self::Absent;
        };
        if fields.next().is_some() {
            return Self::Malformed(MalformedCredential::Several);
        }
        Self::from_field(field)
    }

    fn from_field(field: &'a [u8]) -> Self {
        let scheme_ends = field
            .iter()
            .position(|byte| !is_token_byte(*byte))
            .unwrap_or(field.len());
        let (scheme, rest) = field.split_at(scheme_ends);
        if scheme.is_empty() {
            return Self::Malformed(MalformedCredential::Syntax);
        }
        if !scheme.eq_ignore_ascii_case(b"bearer") {
            return Self::Absent;
        }
        let token = rest.trim_ascii_start();
        let only_spaces = rest.len() > token.len() && !rest.starts_with(b"\t");
        match BearerToken::parse(token) {
            Some(token) if only_spaces => Self::Bearer(token),
            _ => Self::Malformed(MalformedCredential::Syntax),
        }
    }
}

/// A bearer token as it was presented: syntactically one, not yet verified.
///
/// Whoever holds it can act as its subject, so neither `Debug` nor `Display` shows it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BearerToken<'a>(&'a str);

impl<'a> BearerToken<'a> {
    /// Takes the text of a token that arrived by other ways than the `Authorization` field.
    ///
    /// `None` when `token` is not a `b64token` of
    /// [RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1).
    pub fn parse(token: &'a (impl AsRef<[u8]> + ?Sized)) -> Option<Self> {
        let token = token.as_ref();
        let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
        let (body, _) = token.split_at(token.len() - padding);
        let well_formed = !body.is_empty()
            && body
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte));
        if well_formed {
            std::str::from_utf8(token).ok().map(Self)
        } else {
            None
        }
    }

    /// The token itself. Never log it.
    pub fn expose(self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for BearerToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BearerToken({} bytes)", self.0.len())
    }
}

/// `tchar` of RFC 9110 §5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(bytes: &str) -> Presented<'_> {
        Presented::from_field(bytes.as_bytes())
    }

    fn bearer(token: &'static str) -> Presented<'static> {
        Presented::Bearer(BearerToken(token))
    }

    #[test]
    fn the_scheme_is_case_insensitive() {
        for text in [
            "Bearer a.b.c",
            "bearer a.b.c",
            "BEARER a.b.c",
            "bEaReR   a.b.c",
        ] {
            assert_eq!(field(text), bearer("a.b.c"), "{text:?}");
        }
    }

    #[test]
    fn another_scheme_counts_as_absent() {
        for text in [
            "Basic dXNlcjpwYXNz",
            "Token abc",
            "Bearers abc",
            "Digest a=b, c=d",
        ] {
            assert_eq!(field(text), Presented::Absent, "{text:?}");
        }
    }

    #[test]
    fn a_broken_bearer_is_malformed_not_absent() {
        for text in [
            "",
            " ",
            "Bearer",
            "Bearer ",
            "Bearer\ta.b.c",
            "Bearer,a",
            "Bearer a b",
            "Bearer a,b",
            "Bearer a, Bearer b",
            "Bearer \"a\"",
            "Bearer =",
            "Bearer a=b",
            "Bearer ä",
            "Bearer a\0",
        ] {
            assert_eq!(
                field(text),
                Presented::Malformed(MalformedCredential::Syntax),
                "{text:?}"
            );
        }
    }

    #[test]
    fn debug_does_not_show_the_token() {
        assert_eq!(
            format!("{:?}", field("Bearer canary")),
            "Bearer(BearerToken(6 bytes))"
        );
    }
}

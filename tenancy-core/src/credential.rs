//! What a request presents: nothing, something malformed, one bearer token, or one API key.

mod bearer_token;
mod source;
#[cfg(test)]
mod tests;

use crate::head::RequestHead;
use crate::pattern::is_token_byte;
use crate::{ApiKeyHash, query};

pub use self::bearer_token::BearerToken;
pub(crate) use self::source::CredentialSource;

/// The credential of a request, in which "none" and "broken" are never confused: an optional route may let the
/// first pass, no route the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented<'a> {
    /// No credential of a scheme that we serve.
    Absent,
    /// Something that claims to be a credential and is not one.
    Malformed(MalformedCredential),
    /// One bearer token, not yet verified.
    Bearer(BearerToken<'a>),
    /// What an API key was hashed to as soon as it was read, not yet verified.
    ApiKey(ApiKeyHash),
}

/// Why a credential is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedCredential {
    /// The request carries more than one credential: two `Authorization` fields, or two of the places where the
    /// service looks are filled.
    #[error("the request carries more than one credential")]
    Several,
    /// It is not a `b64token` (RFC 6750 §2.1), in `Authorization` after `Bearer` and one or more spaces.
    #[error("the credential is not a bearer token")]
    Syntax,
    /// What stands where an API key should is none: it has another form, or its checksum does not fit.
    #[error("the credential is not an API key")]
    NoApiKey,
}

impl<'a> Presented<'a> {
    /// Reads the `Authorization` field ([RFC 6750 §2.1], [RFC 9110 §11.6.2]).
    ///
    /// The scheme is compared without regard to case. A scheme other than `Bearer` counts as absent.
    ///
    /// [RFC 6750 §2.1]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    /// [RFC 9110 §11.6.2]: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.2
    pub fn in_authorization<H: RequestHead + ?Sized>(head: &'a H) -> Self {
        Self::in_one(head.header_values("authorization"), Self::from_field)
    }

    /// Looks in `sources`, of which at most one may be filled.
    pub(crate) fn find<H: RequestHead + ?Sized>(
        head: &'a H,
        sources: &'a [CredentialSource],
    ) -> Self {
        let found = sources.iter().map(|source| match source {
            CredentialSource::Authorization => Self::in_authorization(head),
            CredentialSource::Header(name) => Self::in_one(head.header_values(name), Self::alone),
            CredentialSource::Cookie(name) => {
                Self::in_one(source::cookies(head, name), Self::alone)
            }
            // As they stand: no byte of a token needs an escape.
            CredentialSource::Query(name) => {
                Self::in_one(query::parameters(head.query(), name), Self::alone)
            }
            CredentialSource::ApiKey(name) => Self::in_one(head.header_values(name), Self::api_key),
        });
        found.fold(Self::Absent, Self::or_other)
    }

    /// A place holds at most one value, which `read` reads.
    fn in_one(mut values: impl Iterator<Item = &'a [u8]>, read: fn(&'a [u8]) -> Self) -> Self {
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => read(value),
            (Some(_), Some(_)) => Self::Malformed(MalformedCredential::Several),
        }
    }

    /// A value that is a token and nothing else.
    fn alone(value: &'a [u8]) -> Self {
        BearerToken::parse(value).map_or(Self::Malformed(MalformedCredential::Syntax), Self::Bearer)
    }

    /// A value that is an API key and nothing else.
    fn api_key(value: &'a [u8]) -> Self {
        ApiKeyHash::of(value).map_or(Self::Malformed(MalformedCredential::NoApiKey), Self::ApiKey)
    }

    fn or_other(self, other: Self) -> Self {
        match (self, other) {
            (malformed @ Self::Malformed(_), _) | (_, malformed @ Self::Malformed(_)) => malformed,
            (Self::Absent, found) | (found, Self::Absent) => found,
            _ => Self::Malformed(MalformedCredential::Several),
        }
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
            // A list in one field is not how HTTP says it, and another reader may find the second.
            let hides_another = rest.split(|byte| *byte == b',').skip(1).any(|item| {
                let item = item.trim_ascii_start();
                let scheme = item.get(..b"bearer ".len());
                scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
            });
            return if hides_another {
                Self::Malformed(MalformedCredential::Several)
            } else {
                Self::Absent
            };
        }
        let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
        let (spaces, token) = rest.split_at(spaces);
        match BearerToken::parse(token) {
            Some(token) if !spaces.is_empty() => Self::Bearer(token),
            _ => Self::Malformed(MalformedCredential::Syntax),
        }
    }
}

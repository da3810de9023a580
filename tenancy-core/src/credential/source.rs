//! `CredentialSource`, a place of a request where a credential may stand.

use crate::head::RequestHead;

/// A place where a service looks for a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CredentialSource {
    /// The field `Authorization`, with the scheme `Bearer`.
    Authorization,
    /// A header field that holds the token alone. The name is in lower case.
    Header(String),
    /// A cookie (RFC 6265).
    Cookie(String),
    /// A parameter of the query (RFC 6750 §2.3).
    Query(String),
    /// A header field that holds an API key alone. The name is in lower case.
    ApiKey(String),
}

/// The values of the cookies of this name (RFC 6265 §4.2.1). HTTP/2 may split the field (RFC 9113 §8.2.3). An empty
/// cookie is what is left after a logout, and no credential.
pub(super) fn cookies<'a, H: RequestHead + ?Sized>(
    head: &'a H,
    name: &'a str,
) -> impl Iterator<Item = &'a [u8]> {
    head.header_values("cookie")
        .flat_map(|field| field.split(|byte| *byte == b';'))
        .filter_map(|pair| value_of(pair.trim_ascii(), name))
        .map(|value| match value {
            [b'"', quoted @ .., b'"'] => quoted,
            plain => plain,
        })
        .filter(|value| !value.is_empty())
}

fn value_of<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
}

//! What a request presents: nothing, something malformed, one bearer token, or one API key.

use std::fmt;

use base64_simd::URL_SAFE_NO_PAD;

use crate::ApiKeyHash;
use crate::head::RequestHead;
use crate::query;

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
            CredentialSource::Cookie(name) => Self::in_one(cookies(head, name), Self::alone),
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
        let scheme_ends = field.iter().position(|byte| !is_token_byte(*byte));
        let (scheme, rest) = field.split_at(scheme_ends.unwrap_or(field.len()));
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

/// The values of the cookies of this name (RFC 6265 §4.2.1). HTTP/2 may split the field (RFC 9113 §8.2.3). An empty
/// cookie is what is left after a logout, and no credential.
fn cookies<'a, H: RequestHead + ?Sized>(
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
        if body.is_empty() || !is_b64token(body) {
            return None;
        }
        std::str::from_utf8(token).ok().map(Self)
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

/// Whether it consists of the characters of `b64token` (RFC 6750 §2.1), padding left out.
fn is_b64token(body: &[u8]) -> bool {
    is_base64url_and_dots(body) || body.iter().all(|byte| is_b64token_byte(*byte))
}

/// What JSON Web Tokens are, and can be told of many bytes at once.
fn is_base64url_and_dots(body: &[u8]) -> bool {
    let mut start = 0;
    let mut ends = memchr::memchr_iter(b'.', body).chain([body.len()]);
    ends.all(|end| {
        let segment = body.get(start..end);
        start = end + 1;
        segment.is_some_and(|segment| URL_SAFE_NO_PAD.check(segment).is_ok())
    })
}

fn is_b64token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
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
            "Digest realm=x, bearers=d",
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
            "Bearer \ta.b.c",
            "Bearer\x0ca.b.c",
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

    struct Head(Vec<(&'static str, &'static str)>, Option<&'static str>);

    impl RequestHead for Head {
        fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
            let named = self.0.iter().filter(move |(field, _)| *field == name);
            named.map(|(_, value)| value.as_bytes())
        }

        fn method(&self) -> &'static str {
            "GET"
        }

        fn authority(&self) -> Option<&str> {
            None
        }

        fn path(&self) -> &'static str {
            "/"
        }

        fn query(&self) -> Option<&str> {
            self.1
        }

        fn peer_address(&self) -> Option<std::net::IpAddr> {
            None
        }
    }

    #[test]
    fn a_token_may_stand_in_one_configured_place() {
        let sources = [
            CredentialSource::Authorization,
            CredentialSource::Header("x-access-token".into()),
            CredentialSource::Cookie("session".into()),
            CredentialSource::Query("access_token".into()),
        ];
        let find = |fields, query, expected| {
            let head = Head(fields, query);
            assert_eq!(Presented::find(&head, &sources), expected);
        };
        find(vec![], None, Presented::Absent);
        find(vec![("authorization", "Bearer t")], None, bearer("t"));
        find(vec![("x-access-token", "t")], None, bearer("t"));
        find(vec![("cookie", "a=b; session=t; c=d")], None, bearer("t"));
        find(
            vec![("cookie", "a=b"), ("cookie", "session=\"t\"")],
            None,
            bearer("t"),
        );
        find(
            vec![("cookie", "session=; xsession=u")],
            None,
            Presented::Absent,
        );
        find(vec![], Some("a=b&access_token=t"), bearer("t"));
        find(
            vec![],
            Some("my_access_token=t&access_tokens=t"),
            Presented::Absent,
        );
        // Another scheme is no credential of ours, so a cookie beside it is the only one.
        find(
            vec![("authorization", "Basic eA=="), ("cookie", "session=t")],
            None,
            bearer("t"),
        );

        let several = Presented::Malformed(MalformedCredential::Several);
        let syntax = Presented::Malformed(MalformedCredential::Syntax);
        find(
            vec![("authorization", "Bearer t"), ("cookie", "session=t")],
            None,
            several,
        );
        find(
            vec![("x-access-token", "t")],
            Some("access_token=t"),
            several,
        );
        find(vec![("cookie", "session=t; session=u")], None, several);
        find(vec![], Some("access_token=t&access_token=t"), several);
        find(
            vec![("authorization", "Bearer"), ("cookie", "session=t")],
            None,
            syntax,
        );
        find(vec![("x-access-token", "")], None, syntax);
        find(vec![("x-access-token", "Bearer t")], None, syntax);
        find(vec![], Some("access_token=a%2eb"), syntax);
        find(vec![], Some("access%5Ftoken=t"), bearer("t"));
        find(vec![], Some("access_token=t&%61ccess%5ftoken=t"), several);
        find(vec![], Some("access%5token=t&access%=t"), Presented::Absent);
        find(vec![], Some("access_token="), syntax);
        find(vec![], Some("a=b&access_token"), syntax);
        find(
            vec![("authorization", "Basic eA==, bearer t")],
            None,
            several,
        );
    }

    /// Without a configuration that says so, nothing but `Authorization` is looked at.
    #[test]
    fn other_places_count_only_where_they_are_configured() {
        let key = crate::ApiKey::generate().unwrap().expose();
        let fields = vec![("cookie", "access_token=t"), ("x-api-key", key.leak())];
        let head = Head(fields, Some("access_token=t"));
        let only = [CredentialSource::Authorization];
        assert_eq!(Presented::find(&head, &only), Presented::Absent);
    }

    #[test]
    fn an_api_key_stands_alone_in_its_field_and_beside_no_other_credential() {
        let sources = [
            CredentialSource::Authorization,
            CredentialSource::ApiKey("x-api-key".into()),
        ];
        let key = crate::ApiKey::generate().unwrap();
        let (hash, text) = (key.hash(), &*key.expose().leak());
        let find = |fields, expected| {
            let head = Head(fields, None);
            assert_eq!(Presented::find(&head, &sources), expected);
        };
        let several = Presented::Malformed(MalformedCredential::Several);
        let none = Presented::Malformed(MalformedCredential::NoApiKey);
        find(vec![("x-api-key", text)], Presented::ApiKey(hash));
        find(
            vec![("authorization", "Basic eA=="), ("x-api-key", text)],
            Presented::ApiKey(hash),
        );
        find(vec![("x-api-key", text), ("x-api-key", text)], several);
        find(
            vec![("authorization", "Bearer t"), ("x-api-key", text)],
            several,
        );
        find(vec![("authorization", "Bearer t"), ("x-api-key", "")], none);
        find(vec![("x-api-key", "")], none);
        find(vec![("x-api-key", "t")], none);
        find(vec![("x-api-key", &text[..text.len() - 1])], none);
        find(
            vec![("authorization", "Bearer"), ("x-api-key", text)],
            Presented::Malformed(MalformedCredential::Syntax),
        );
    }

    #[test]
    fn the_alphabet_of_a_token_is_that_of_the_rfc() {
        for byte in 0..=255_u8 {
            let expected = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            assert_eq!(is_b64token_byte(byte), expected, "{byte}");
        }
    }
}

//! `BearerToken`, the text of a token that nobody has verified yet.

use std::fmt;

use base64_simd::URL_SAFE_NO_PAD;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_of_a_token_is_that_of_the_rfc() {
        for byte in 0..=255_u8 {
            let is_padding = byte == b'=';
            let is_in_it = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            for length in [1, 2, 3, 4, 64, 65, 300] {
                for place in [0, length / 2, length - 1] {
                    let mut token = vec![b'A'; length];
                    token[place] = byte;
                    let expected = is_in_it || is_padding && place == length - 1 && length > 1;
                    let found = BearerToken::parse(&token).is_some();
                    assert_eq!(found, expected, "{byte} at {place} of {length}");
                }
            }
        }
    }
}

//! `BearerToken`, the text of a token that nobody has verified yet.

use std::fmt;

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
        // Every byte, without a way out of the loop, so that the compiler looks at many at once.
        let well_formed = body
            .iter()
            .fold(true, |so_far, byte| so_far & is_b64token_byte(*byte));
        if body.is_empty() || !well_formed {
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

/// The alphabet of `b64token` (RFC 6750 §2.1), padding left out.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a branch would keep the compiler from looking at many bytes at once"
)]
fn is_b64token_byte(byte: u8) -> bool {
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    // `-`, `.`, `/` and the digits stand side by side.
    let digit = byte.wrapping_sub(b'-') <= b'9' - b'-';
    letter | digit | (byte == b'_') | (byte == b'~') | (byte == b'+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_of_a_token_is_that_of_the_rfc() {
        for byte in 0..=255_u8 {
            let expected = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            assert_eq!(is_b64token_byte(byte), expected, "{byte}");
        }
    }
}

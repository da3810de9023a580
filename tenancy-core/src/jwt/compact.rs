//! The compact serialisation: `header.payload.signature` (RFC 7515 §7.1).

use base64_simd::URL_SAFE_NO_PAD;

use super::TokenProblem;

/// The segments of a token. Nothing is decoded yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compact<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// `header.payload`, the JWS signing input.
    signed: &'a str,
}

impl<'a> Compact<'a> {
    /// Looks at tokens of at most `max_bytes`; the length is checked before anything else.
    pub(super) fn split(token: &'a str, max_bytes: usize) -> Result<Self, TokenProblem> {
        if token.len() > max_bytes {
            return Err(TokenProblem::TooLong);
        }
        let mut dots = memchr::memchr_iter(b'.', token.as_bytes());
        let (Some(first), Some(second)) = (dots.next(), dots.next()) else {
            return Err(TokenProblem::NotCompact);
        };
        match dots.take(3).count() {
            0 => {}
            2 => return Err(TokenProblem::Encrypted),
            _ => return Err(TokenProblem::NotCompact),
        }
        let part = |range| token.get(range).ok_or(TokenProblem::NotCompact);
        let signed = token.get(..second).ok_or(TokenProblem::NotCompact)?;
        let (header, payload, signature) = (
            part(0..first)?,
            part(first + 1..second)?,
            part(second + 1..token.len())?,
        );
        Ok(Self {
            header,
            payload,
            signature,
            signed,
        })
    }

    pub(super) fn header(self) -> Result<String, TokenProblem> {
        String::from_utf8(decode(self.header)?).map_err(|_| TokenProblem::Header)
    }

    pub(super) fn payload(self) -> Result<String, TokenProblem> {
        String::from_utf8(decode(self.payload)?).map_err(|_| TokenProblem::Payload)
    }

    pub(super) fn signature(self) -> Result<Vec<u8>, TokenProblem> {
        decode(self.signature)
    }

    pub(super) fn signed(self) -> &'a [u8] {
        self.signed.as_bytes()
    }
}

/// base64url without padding (RFC 4648 §5). Padding, alien characters and a last character whose unused bits
/// are not zero are refused, so that no byte has two encodings.
fn decode(segment: &str) -> Result<Vec<u8>, TokenProblem> {
    if segment.is_empty() {
        return Err(TokenProblem::NotCompact);
    }
    URL_SAFE_NO_PAD
        .decode_to_vec(segment)
        .map_err(|_| TokenProblem::NotCompact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(token: &str) -> Result<Vec<u8>, TokenProblem> {
        let compact = Compact::split(token, 1024)?;
        compact.header()?;
        compact.payload()?;
        compact.signature()
    }

    #[test]
    fn three_canonical_segments_pass() {
        assert_eq!(whole("e30.e30.AA").unwrap(), [0]);
        assert_eq!(
            Compact::split("e30.e30.AA", 10).unwrap().signed(),
            b"e30.e30"
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for token in [
            "",
            ".",
            "..",
            "e30",
            "e30.e30",
            "e30.e30.",
            ".e30.AA",
            "e30..AA",
            "e30.e30.AA.",
            "e30.e30.AA.AA",
            "e30.e30.AA=",
            "e30.e30.A+",
            "e30.e30.A/",
            "e30.e30.AB",
            "e30.e30.A",
            "e30. e30.AA",
            "e30.e30.AA\n",
            "é.e30.AA",
        ] {
            assert_eq!(whole(token), Err(TokenProblem::NotCompact), "{token:?}");
        }
        assert_eq!(whole("e30.e30.AA.AA.AA"), Err(TokenProblem::Encrypted));
        assert_eq!(whole(&".".repeat(1 << 20)), Err(TokenProblem::TooLong));
    }
}

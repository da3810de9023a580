//! `ApiKey`, a key that was just made, and the form that all keys have.

use std::fmt;

use super::ApiKeyHash;

/// How many of its characters are random. Each is one of 62, which makes 190 bits of all.
const RANDOM: usize = 32;
/// Enough for any 32 bits in base 62.
const CHECKSUM: usize = 6;
const MAX_PREFIX: usize = 16;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new API key, to be shown to whoever is to use it: once, because nothing but its hash is kept.
///
/// It looks like `tnc_5Jc0…`: a prefix by which scanners find keys that were published by mistake, 32 random
/// characters of `[0-9A-Za-z]`, 190 bits in all, and the CRC-32 of what stands before, in six characters. The checksum
/// proves nothing; it lets a scanner tell a key from text that looks like one, and a service a misspelt key from a
/// wrong one without asking its store.
///
/// ```
/// use tenancy_core::{ApiKey, ApiKeyRecord, MemoryApiKeys, SubjectId, TenantId};
///
/// let keys = MemoryApiKeys::new();
/// let key = ApiKey::generate()?;
/// let record = ApiKeyRecord::new(key.hash(), TenantId::parse("acme")?, SubjectId::parse("nightly-import")?);
/// keys.insert(record.with_roles(["Member"]));
/// // For the answer to the one request that asked for it; from here on it cannot be had again.
/// let shown = key.expose();
/// assert!(shown.starts_with("tnc_"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Whoever holds it can act as its subject, so `Debug` shows its prefix only, and there is no `Display`.
pub struct ApiKey {
    text: String,
    hash: ApiKeyHash,
}

/// An API key that cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// The prefix is no prefix.
    #[error(
        "the prefix of an API key has 1 to {MAX_PREFIX} characters of `a-z`, `0-9` and `_`, and begins and ends with none of `_`"
    )]
    Prefix,
    /// The machine has no randomness to give.
    #[error("there is no randomness for an API key")]
    Randomness,
}

impl ApiKey {
    /// A new key that begins with `tnc_`.
    ///
    /// # Errors
    /// When the machine has no randomness to give.
    pub fn generate() -> Result<Self, ApiKeyError> {
        Self::generate_with_prefix("tnc")
    }

    /// A new key that begins with `prefix` and `_`, such as `acme_live`: a prefix of one's own, registered with the
    /// scanner of one's code hosting, is how a published key comes to its owner's notice.
    ///
    /// # Errors
    /// When `prefix` has other characters than `a-z`, `0-9` and `_`, begins or ends with `_`, is empty or longer than 16
    /// characters, or when the machine has no randomness to give.
    pub fn generate_with_prefix(prefix: &str) -> Result<Self, ApiKeyError> {
        if !is_prefix(prefix.as_bytes()) {
            return Err(ApiKeyError::Prefix);
        }
        let mut text = format!("{prefix}_");
        push_random(&mut text)?;
        let checksum = checksum(text.as_bytes());
        text.extend(checksum.map(char::from));
        let hash = ApiKeyHash::of(&text).ok_or(ApiKeyError::Prefix)?;
        Ok(Self { text, hash })
    }

    /// What is kept of it.
    pub fn hash(&self) -> ApiKeyHash {
        self.hash
    }

    /// The key itself, and with it the end of this value: it is shown once. Never log it.
    pub fn expose(self) -> String {
        self.text
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = self.text.rfind('_').unwrap_or_default();
        let prefix = self.text.get(..ends).unwrap_or_default();
        write!(f, "ApiKey({prefix}_…)")
    }
}

/// Whether `text` has the form of a key, checksum included.
pub(super) fn is_api_key(text: &[u8]) -> bool {
    if text.len() > MAX_PREFIX + 1 + RANDOM + CHECKSUM {
        return false;
    }
    let Some((before, checked)) = text.split_last_chunk::<CHECKSUM>() else {
        return false;
    };
    let Some((head, random)) = before.split_last_chunk::<RANDOM>() else {
        return false;
    };
    head.strip_suffix(b"_").is_some_and(is_prefix)
        && random.iter().all(u8::is_ascii_alphanumeric)
        && *checked == checksum(before)
}

fn is_prefix(prefix: &[u8]) -> bool {
    let is_inside = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    let (first, last) = (prefix.first(), prefix.last());
    (1..=MAX_PREFIX).contains(&prefix.len())
        && prefix.iter().all(is_inside)
        && first != Some(&b'_')
        && last != Some(&b'_')
}

fn push_random(text: &mut String) -> Result<(), ApiKeyError> {
    let mut missing = RANDOM;
    while missing > 0 {
        let mut bytes = [0; RANDOM];
        getrandom::fill(&mut bytes).map_err(|_| ApiKeyError::Randomness)?;
        // Of six bits 64 numbers come, each as often as any. The two that have no digit are thrown away: taking a
        // remainder would make some digits likelier than others.
        let digits = bytes.iter().filter_map(|byte| digit(byte & 0b11_1111));
        text.extend(
            digits
                .take(missing)
                .inspect(|_| missing -= 1)
                .map(char::from),
        );
    }
    Ok(())
}

fn digit(number: u8) -> Option<u8> {
    DIGITS.get(usize::from(number)).copied()
}

/// CRC-32 as of Ethernet and zip (ISO 3309), in base 62 with leading zeros.
fn checksum(text: &[u8]) -> [u8; CHECKSUM] {
    let mut rest = !text.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    });
    let mut digits = [b'0'; CHECKSUM];
    for place in digits.iter_mut().rev() {
        let number = u8::try_from(rest % 62).ok().and_then(digit);
        *place = number.unwrap_or(*place);
        rest /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn text(prefix: &str) -> String {
        ApiKey::generate_with_prefix(prefix).unwrap().expose()
    }

    /// The check value of the catalogue of CRCs, 0xCBF43926, in base 62.
    #[test]
    fn the_checksum_is_the_crc_32_of_everybody_else() {
        assert_eq!(&checksum(b"123456789"), b"3jZRME");
        assert_eq!(&checksum(b""), b"000000");
    }

    #[test]
    fn a_key_has_its_prefix_and_its_form_and_no_other_is_like_it() {
        let mut seen = HashSet::new();
        for prefix in ["tnc", "acme_live", "a", "0123456789abcdef"] {
            for _ in 0..200 {
                let key = text(prefix);
                let random = key.strip_prefix(prefix).and_then(|it| it.strip_prefix('_'));
                assert_eq!(random.unwrap().len(), 38, "{key}");
                assert!(is_api_key(key.as_bytes()), "{key}");
                assert!(seen.insert(random.unwrap()[..32].to_owned()));
            }
        }
        assert!(ApiKey::generate().unwrap().expose().starts_with("tnc_"));
    }

    /// Of 32 000 random digits each of the 62 comes about 516 times; none comes 300 times or 750.
    #[test]
    fn no_digit_is_likelier_than_another() {
        let mut counts = [0; 128];
        for _ in 0..1000 {
            for byte in &text("a").as_bytes()[2..34] {
                counts[usize::from(*byte)] += 1;
            }
        }
        for byte in DIGITS {
            let count = counts[usize::from(*byte)];
            assert!((300..750).contains(&count), "{} {count}", char::from(*byte));
        }
    }

    #[test]
    fn what_differs_in_a_character_or_in_its_length_is_no_key() {
        let key = text("tnc");
        for at in 0..key.len() {
            for other in [b'a', b'B', b'7', b'_', b'-', b' ', 0, 0xC3] {
                let mut changed = key.clone().into_bytes();
                if changed[at] != other {
                    changed[at] = other;
                    assert!(!is_api_key(&changed), "{at} {other}");
                }
            }
            assert!(!is_api_key(&key.as_bytes()[..at]));
            assert!(!is_api_key(&key.as_bytes()[at + 1..]));
        }
        for wrong in [
            format!("{key} "),
            format!(" {key}"),
            format!("{key}{key}"),
            format!("x{key}"),
            key.to_uppercase(),
            key.replace('_', "__"),
            String::new(),
            "_".repeat(42),
            "x".repeat(1 << 20),
        ] {
            assert!(!is_api_key(wrong.as_bytes()), "{wrong:.60}");
        }
    }

    /// Whoever can compute the checksum of a key can compute that of anything.
    #[test]
    fn a_good_checksum_makes_no_key_of_other_characters() {
        for (digits, expected) in [
            ("aB7", true),
            ("a-7", false),
            ("a 7", false),
            ("a\n7", false),
        ] {
            let mut key = format!("tnc_{digits:x<32}").into_bytes();
            key.extend(checksum(&key));
            assert_eq!(is_api_key(&key), expected, "{digits:?}");
        }
    }

    #[test]
    fn a_prefix_is_short_plain_and_told_from_what_follows() {
        for prefix in [
            "",
            "_",
            "_a",
            "a_",
            "A",
            "a-b",
            "a b",
            "ä",
            "0123456789abcdefg",
            "a\n",
        ] {
            let refused = ApiKey::generate_with_prefix(prefix).unwrap_err();
            assert_eq!(refused, ApiKeyError::Prefix, "{prefix:?}");
        }
    }

    #[test]
    fn debug_shows_the_prefix_only() {
        let key = ApiKey::generate_with_prefix("acme_live").unwrap();
        assert_eq!(
            format!("{key:?} {key:#?}"),
            "ApiKey(acme_live_…) ApiKey(acme_live_…)"
        );
    }
}

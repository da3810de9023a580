//! `RequestId`, by which the lines of a request are found in a log.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest id that is taken from a request, in bytes.
const MAX_BYTES: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RequestId {
    /// The one that the request brought.
    Given(Box<str>),
    /// Hexadecimal digits.
    Made([u8; 32]),
}

impl RequestId {
    /// The one value of a field, if it is sane, or a new one.
    pub(super) fn given_or_made<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Self {
        let given = match (values.next(), values.next()) {
            (Some(value), None) if is_sane(value) => std::str::from_utf8(value).ok(),
            _ => None,
        };
        given.map_or_else(Self::made, |id| Self::Given(id.into()))
    }

    /// A new one. SipHash with a key from the operating system makes 128 bits of a counter that tell nothing about those of
    /// any other request, and which two requests share as seldom as if they were drawn.
    pub(super) fn made() -> Self {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let bits = [0u8, 1].map(|half| KEY.hash_one((half, count)));
        let mut digits = [0; 32];
        let nibbles = bits.into_iter().flat_map(|half| {
            let shifts = (0..64).step_by(4).rev();
            shifts.map(move |shift| (half >> shift) & 0xf)
        });
        for (digit, nibble) in digits.iter_mut().zip(nibbles) {
            *digit = *b"0123456789abcdef"
                .get(usize::try_from(nibble).unwrap_or_default())
                .unwrap_or(&b'0');
        }
        Self::Made(digits)
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Given(id) => id,
            // They are ASCII.
            Self::Made(digits) => std::str::from_utf8(digits).unwrap_or_default(),
        }
    }
}

/// Whether it can stand in a log, a URL and a header field as it is: a UUID, a ULID, base64, the id of a load balancer.
fn is_sane(id: &[u8]) -> bool {
    let is_sane = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:/+=@".contains(byte);
    (1..=MAX_BYTES).contains(&id.len()) && id.iter().all(is_sane)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn taken(values: &[&str]) -> Option<String> {
        let values = values.iter().map(|value| value.as_bytes());
        match RequestId::given_or_made(values) {
            RequestId::Given(id) => Some(id.into()),
            RequestId::Made(_) => None,
        }
    }

    #[test]
    fn an_id_is_taken_only_if_it_is_sane() {
        let longest = "x".repeat(128);
        for id in [
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "Root=1-67891233-abcdef012345678912345678",
            "a+b/c==",
            "x",
            &longest,
        ] {
            assert_eq!(taken(&[id]).as_deref(), Some(id));
        }
        let too_long = "x".repeat(129);
        for id in [
            "", " ", "a b", "a\nb", "a\"b", "a,b", "a;b", "<a>", "a%0ab", "\u{e4}", "\0", &too_long,
        ] {
            assert_eq!(taken(&[id]), None, "{id:?}");
        }
        assert_eq!(taken(&[]), None);
        assert_eq!(taken(&["a", "a"]), None);
    }

    #[test]
    fn no_two_made_ids_are_alike() {
        let ids: HashSet<String> = (0..100_000)
            .map(|_| RequestId::made().as_str().to_owned())
            .collect();
        assert_eq!(ids.len(), 100_000);
        let is_id = |id: &String| {
            id.len() == 32 && id.bytes().all(|byte| b"0123456789abcdef".contains(&byte))
        };
        assert!(ids.iter().all(is_id));
        // Not the counter that they are made of.
        let halves: HashSet<&str> = ids.iter().filter_map(|id| id.get(..16)).collect();
        assert_eq!(halves.len(), 100_000);
    }
}

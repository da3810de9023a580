//! `RequestId`, by which the lines of a request are found in a log.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest id that is taken from a request, in bytes.
const MAX_BYTES: usize = 128;

/// The one that the request brought, or hexadecimal digits.
#[derive(Debug)]
pub(super) struct RequestId(Box<str>);

impl RequestId {
    /// The only value of a field, if it is sane.
    pub(super) fn given<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        match (values.next(), values.next()) {
            (Some(value), None) if is_sane(value) => {
                let id = std::str::from_utf8(value).ok()?;
                Some(Self(id.into()))
            }
            _ => None,
        }
    }

    /// A new one. A keyed hash, of a key from the operating system, makes 128 bits of a counter that tell nothing about those of
    /// any other request, and which two requests share as seldom as if they were drawn.
    pub(super) fn made() -> Self {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let [high, low] = [0u8, 1].map(|half| KEY.hash_one((half, count)));
        Self(format!("{high:016x}{low:016x}").into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
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
        let id = RequestId::given(values.iter().map(|value| value.as_bytes()));
        id.map(|id| id.as_str().to_owned())
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

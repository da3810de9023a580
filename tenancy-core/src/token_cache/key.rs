//! What an entry is found by: the token in full, behind a hash of its end.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::quality::RandomState;
use quick_cache::Equivalent;

/// Two signatures of Ed25519 or P-256 differ long before that.
const END_BYTES: usize = 32;

/// A token that is remembered.
pub(super) struct Whole {
    /// Kept, because a table that grows asks all its keys for it, and of most no byte is in the caches of the processor.
    hash: u64,
    token: Box<str>,
}

/// A token that is looked for.
pub(super) struct Sought<'t> {
    hash: u64,
    token: &'t str,
}

impl<'t> Sought<'t> {
    /// Only the end of a token is hashed: that is its signature, as random as any hash. Reading the rest as well costs more
    /// than the rest of a look-up, and equality reads it anyway. `seed` is random for each cache.
    pub(super) fn new(token: &'t str, seed: &RandomState) -> Self {
        let start = token.len().saturating_sub(END_BYTES);
        let (_, end) = token.as_bytes().split_at(start);
        let hash = seed.hash_one(end);
        Self { hash, token }
    }

    pub(super) fn to_whole(&self) -> Whole {
        Whole {
            hash: self.hash,
            token: self.token.into(),
        }
    }
}

impl Hash for Whole {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Hash for Sought<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialEq for Whole {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.token == other.token
    }
}

impl Eq for Whole {}

/// In full, after the hashes.
impl Equivalent<Whole> for Sought<'_> {
    fn equivalent(&self, whole: &Whole) -> bool {
        self.hash == whole.hash && *self.token == *whole.token
    }
}

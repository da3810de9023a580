//! The verified-token cache: what a token was found to say, for the next time it is presented.
//!
//! A hit is no reason to trust the token by itself. The caller re-checks what changes with time: the token's
//! own times, the generation of its issuer's keys, and revocation. Refusals are never kept.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use moka::sync::Cache;

use crate::claims::Claims;
use crate::jwt::OpenIssuer;
use crate::{SignatureBackend, watch};

/// Longer tokens are verified each time: a few of them would push out many.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// How many verified tokens are remembered, and in which form.
///
/// The default: 16 384 tokens and 64 MiB at most, each token as its own key, compared in full.
///
/// ```
/// use tenancy_core::TokenCache;
///
/// let small = TokenCache::default().max_tokens(1_000).max_bytes(4 << 20);
/// let without_tokens_in_memory = TokenCache::default().keyed_by_digest();
/// # let _ = (small, without_tokens_in_memory);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "settings of a cache do nothing until they are given to a verifier"]
pub struct TokenCache {
    max_tokens: u64,
    max_bytes: u64,
    by_digest: bool,
}

impl Default for TokenCache {
    fn default() -> Self {
        Self {
            max_tokens: 16 * 1024,
            max_bytes: 64 << 20,
            by_digest: false,
        }
    }
}

impl TokenCache {
    /// The most tokens that are remembered.
    pub fn max_tokens(mut self, max_tokens: u64) -> Self {
        self.max_tokens = max_tokens;
        self
    }

    /// The most memory that tokens and their claims take, in bytes. An estimate: the allocator adds its own.
    pub fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Remembers the SHA-256 of a token instead of the token, so that a memory dump yields none that still
    /// opens the door. Costs about a microsecond a request.
    pub fn keyed_by_digest(mut self) -> Self {
        self.by_digest = true;
        self
    }

    pub(crate) fn has_room(self) -> bool {
        self.max_tokens > 0 && self.max_bytes > 0
    }
}

/// A token that was verified.
#[derive(Clone)]
pub(crate) struct Remembered {
    pub(crate) claims: Claims,
    pub(crate) issuer: Arc<OpenIssuer>,
    /// Which of the issuer's key sets verified it.
    pub(crate) generation: u64,
}

/// The cache of one verifier, and so of one policy: entries of verifiers that judge differently never meet.
#[derive(Clone)]
pub(crate) struct VerifiedTokens {
    entries: Entries,
    backend: SignatureBackend,
}

#[derive(Clone)]
enum Entries {
    /// The map compares keys in full after their hashes.
    Whole(Cache<Box<str>, Remembered, EndHasher>),
    Digest(Cache<[u8; 32], Remembered, EndHasher>),
}

/// Hashes the end of a key: of a token that is its signature, as random as any hash. Reading the rest as well costs
/// more than the rest of a look-up, and equality reads it anyway. Seeded at random for each cache.
#[derive(Clone, Default)]
struct EndHasher(foldhash::quality::RandomState);

struct End<H>(H);

/// Two signatures of Ed25519 or P-256 differ long before that.
const END_BYTES: usize = 32;

impl BuildHasher for EndHasher {
    type Hasher = End<foldhash::quality::FoldHasher<'static>>;

    fn build_hasher(&self) -> Self::Hasher {
        End(self.0.build_hasher())
    }
}

impl<H: Hasher> Hasher for End<H> {
    fn write(&mut self, bytes: &[u8]) {
        let start = bytes.len().saturating_sub(END_BYTES);
        self.0.write(bytes.get(start..).unwrap_or(bytes));
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

impl VerifiedTokens {
    pub(crate) fn new(settings: TokenCache, backend: SignatureBackend) -> Self {
        let entries = if settings.by_digest {
            Entries::Digest(cache(settings, |_| 32))
        } else {
            Entries::Whole(cache(settings, |token| token.len()))
        };
        Self { entries, backend }
    }

    pub(crate) fn get(&self, token: &str) -> Option<Remembered> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        match &self.entries {
            Entries::Whole(cache) => cache.get(token),
            Entries::Digest(cache) => cache.get(&self.backend.sha256(token.as_bytes())?),
        }
    }

    pub(crate) fn insert(&self, token: &str, verified: Remembered) {
        if token.len() > MAX_TOKEN_BYTES {
            return;
        }
        match &self.entries {
            Entries::Whole(cache) => cache.insert(token.into(), verified),
            Entries::Digest(cache) => {
                if let Some(digest) = self.backend.sha256(token.as_bytes()) {
                    cache.insert(digest, verified);
                }
            }
        }
    }

    pub(crate) fn remove(&self, token: &str) {
        match &self.entries {
            Entries::Whole(cache) => cache.invalidate(token),
            Entries::Digest(cache) => {
                if let Some(digest) = self.backend.sha256(token.as_bytes()) {
                    cache.invalidate(&digest);
                }
            }
        }
    }

    pub(crate) fn clear(&self) {
        match &self.entries {
            Entries::Whole(cache) => cache.invalidate_all(),
            Entries::Digest(cache) => cache.invalidate_all(),
        }
    }
}

/// Both bounds in one: an entry weighs its bytes, and no less than its share of them when every place is taken.
fn cache<K: Hash + Eq + Send + Sync + 'static>(
    settings: TokenCache,
    key_bytes: fn(&K) -> usize,
) -> Cache<K, Remembered, EndHasher> {
    let share = settings.max_bytes.div_ceil(settings.max_tokens.max(1));
    let share = u32::try_from(share).unwrap_or(u32::MAX);
    Cache::builder()
        .max_capacity(settings.max_bytes)
        .weigher(move |key: &K, entry: &Remembered| {
            let bytes = key_bytes(key) + entry.claims.size();
            u32::try_from(bytes).unwrap_or(u32::MAX).max(share)
        })
        .eviction_listener(|_, _, cause| {
            if cause.was_evicted() {
                watch::token_cache("evicted");
            }
        })
        .build_with_hasher(EndHasher::default())
}

/// Shows no token.
impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedTokens").finish_non_exhaustive()
    }
}

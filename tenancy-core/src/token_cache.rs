//! The verified-token cache: what a token was found to say, for the next time it is presented.
//!
//! A hit is no reason to trust the token by itself. The caller re-checks what changes with time: the token's
//! own times, the generation of its issuer's keys, and revocation. Refusals are never kept.

use std::fmt;
use std::hash::Hash;
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
    Whole(Cache<Box<str>, Remembered, Hasher>),
    Digest(Cache<[u8; 32], Remembered, Hasher>),
}

/// Quick, and seeded at random for each process.
type Hasher = foldhash::quality::RandomState;

impl VerifiedTokens {
    pub(crate) fn new(settings: TokenCache, backend: SignatureBackend) -> Self {
        let entries = if settings.by_digest {
            Entries::Digest(cache(settings, |_| 32))
        } else {
            Entries::Whole(cache(settings, |token: &Box<str>| token.len()))
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
) -> Cache<K, Remembered, Hasher> {
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
        .build_with_hasher(Hasher::default())
}

/// Shows no token.
impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedTokens").finish_non_exhaustive()
    }
}

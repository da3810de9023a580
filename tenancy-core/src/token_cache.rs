//! The verified-token cache: what a token was found to say, for the next time it is presented.
//!
//! A hit is no reason to trust the token by itself. The caller re-checks what changes with time: the token's
//! own times, the generation of its issuer's keys, and revocation. Refusals are never kept.

mod bounds;
mod key;

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::quality::RandomState;
use quick_cache::Equivalent as _;

use self::bounds::{Kept, Tokens, tokens};
use self::key::{Sought, Whole};
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
    entries: Arc<Entries>,
    settings: TokenCache,
    backend: SignatureBackend,
}

enum Entries {
    Whole(Tokens<Whole>, RandomState),
    Digest(Tokens<[u8; 32]>),
}

impl VerifiedTokens {
    pub(crate) fn new(settings: TokenCache, backend: SignatureBackend) -> Self {
        let entries = if settings.by_digest {
            Entries::Digest(tokens(settings))
        } else {
            Entries::Whole(tokens(settings), RandomState::default())
        };
        Self {
            entries: Arc::new(entries),
            settings,
            backend,
        }
    }

    pub(crate) fn get(&self, token: &str) -> Option<Remembered> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let kept = match &*self.entries {
            Entries::Whole(tokens, seed) => tokens.get(&Sought::new(token, seed)),
            Entries::Digest(tokens) => tokens.get(&self.digest(token)?),
        };
        kept.map(|kept| kept.remembered)
    }

    pub(crate) fn insert(&self, token: &str, verified: Remembered) {
        if token.len() > MAX_TOKEN_BYTES {
            return;
        }
        match &*self.entries {
            Entries::Whole(tokens, seed) => {
                let sought = Sought::new(token, seed);
                let kept = Kept::new(verified, token.len(), self.settings);
                insert(tokens, sought.to_whole(), kept, |it| sought.equivalent(it));
            }
            Entries::Digest(tokens) => {
                if let Some(digest) = self.digest(token) {
                    let kept = Kept::new(verified, digest.len(), self.settings);
                    insert(tokens, digest, kept, |it| *it == digest);
                }
            }
        }
    }

    pub(crate) fn remove(&self, token: &str) {
        match &*self.entries {
            Entries::Whole(tokens, seed) => drop(tokens.remove(&Sought::new(token, seed))),
            Entries::Digest(tokens) => {
                drop(self.digest(token).and_then(|digest| tokens.remove(&digest)));
            }
        }
    }

    pub(crate) fn clear(&self) {
        match &*self.entries {
            Entries::Whole(tokens, _) => tokens.clear(),
            Entries::Digest(tokens) => tokens.clear(),
        }
    }

    fn digest(&self, token: &str) -> Option<[u8; 32]> {
        self.backend.sha256(token.as_bytes())
    }
}

/// Counts what is pushed out, which an older entry of the same token is not.
fn insert<K: Hash + Eq>(tokens: &Tokens<K>, key: K, kept: Kept, is_same: impl Fn(&K) -> bool) {
    let mut evicted = Vec::new();
    tokens.insert_with_lifecycle(key, kept, &mut evicted);
    for _ in evicted.iter().filter(|(key, _)| !is_same(key)) {
        watch::token_cache("evicted");
    }
}

/// Shows no token.
impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedTokens").finish_non_exhaustive()
    }
}

//! How many entries there is room for, and what is pushed out.

use std::hash::Hash;

use foldhash::fast::RandomState;
use quick_cache::sync::Cache;
use quick_cache::{Lifecycle, Weighter};

use super::{Remembered, TokenCache};

/// Not of moka, which takes note of each reading in a queue and works those off while somebody waits: a token that is known took
/// 1.7 times as long there, and one that is new to a full cache 1.2 times as long as without a cache, which is 1.03 here.
pub(super) type Tokens<K> = Cache<K, Kept, Weight, RandomState, HandBack>;

/// About the least that a token and its claims take.
const LEAST_BYTES: u64 = 512;

pub(super) fn tokens<K: Hash + Eq>(settings: TokenCache) -> Tokens<K> {
    let capacity = capacity(settings);
    let most = capacity.div_ceil(LEAST_BYTES).min(settings.max_tokens);
    Cache::with(
        usize::try_from(most).unwrap_or(usize::MAX),
        capacity,
        Weight,
        RandomState::default(),
        HandBack,
    )
}

/// The bytes that there is room for. The cache adds weights up, which must not overflow.
fn capacity(settings: TokenCache) -> u64 {
    settings.max_bytes.min(u64::MAX / 4)
}

/// A token that was verified, and how much of the cache it takes.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) remembered: Remembered,
    weight: u64,
}

impl Kept {
    /// Both bounds in one: an entry weighs its bytes, and no less than its share of them when every place is taken.
    pub(super) fn new(remembered: Remembered, key_bytes: usize, settings: TokenCache) -> Self {
        let bytes = u64::try_from(key_bytes + remembered.claims.size()).unwrap_or(u64::MAX);
        let capacity = capacity(settings);
        let share = capacity.div_ceil(settings.max_tokens.max(1));
        // The cache takes nothing that fills it whole, as the share of a single token would.
        let share = share.min(capacity - capacity / 32);
        Self {
            remembered,
            weight: bytes.max(share),
        }
    }
}

#[derive(Clone)]
pub(super) struct Weight;

impl<K> Weighter<K, Kept> for Weight {
    fn weight(&self, _: &K, kept: &Kept) -> u64 {
        kept.weight
    }
}

/// What an insertion pushes out goes to whoever inserts, who drops it when nothing is locked any more.
#[derive(Clone)]
pub(super) struct HandBack;

impl<K> Lifecycle<K, Kept> for HandBack {
    type RequestState = Vec<(K, Kept)>;

    fn on_evict(&self, evicted: &mut Vec<(K, Kept)>, key: K, kept: Kept) {
        evicted.push((key, kept));
    }
}

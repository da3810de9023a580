//! `KeyStatus`, what an operator may want to see of an issuer's keys.

use std::sync::Arc;
use std::time::Duration;

use super::FetchError;
use super::state::Generation;

/// The keys of one issuer at one moment: for a health page, a log line or an alert. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyStatus {
    /// The issuer's name.
    pub issuer: Arc<str>,
    /// Whether there are keys to verify with.
    pub state: KeyState,
    /// Counts the changes of the key set. Tokens that were verified under an earlier one are verified anew.
    pub generation: u64,
    /// How many keys can verify tokens.
    pub keys: usize,
    /// How many entries of the JWK set cannot, and were left out.
    pub skipped: usize,
    /// The key ids that different keys claim, which is why none of them is used.
    pub contested: Vec<String>,
    /// How long ago the provider last confirmed the keys. `None` for keys that were configured, and before the
    /// first fetch.
    pub age: Option<Duration>,
    /// How many fetches failed since the last one that did not.
    pub failures: u32,
    /// Why the last fetch failed.
    pub last_error: Option<FetchError>,
}

/// Whether there are keys to verify with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyState {
    /// Yes, and they are not due for renewal.
    Fresh,
    /// Yes, and they are due for renewal. For longer than a moment, this means an outage.
    Stale,
    /// No. Before the first token this is how it should be.
    Unavailable,
}

impl KeyStatus {
    pub(super) fn fixed(issuer: &Arc<str>, generation: &Generation) -> Self {
        Self {
            state: KeyState::Fresh,
            generation: generation.number,
            keys: generation.keys.len(),
            skipped: generation.keys.skipped(),
            contested: generation.keys.contested().to_vec(),
            ..Self::nothing(issuer)
        }
    }

    pub(super) fn nothing(issuer: &Arc<str>) -> Self {
        Self {
            issuer: Arc::clone(issuer),
            state: KeyState::Unavailable,
            generation: 0,
            keys: 0,
            skipped: 0,
            contested: Vec::new(),
            age: None,
            failures: 0,
            last_error: None,
        }
    }
}

//! `Jwks`, the keys of one issuer, kept fresh: one fetch at a time, detached from the request that asked.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch::Receiver;

use super::key::Import;
use super::source::Lifetimes;
use super::state::{Age, Generation, Occasion, State};
use super::status::{KeyState, KeyStatus};
use super::{FetchError, FetchKeys, KeySet};
use crate::{Clock, lock};

/// How many unknown key ids are remembered, and up to which length in bytes.
const ABSENT_IDS: u64 = 10_000;
const ABSENT_ID_BYTES: usize = 128;

/// The keys of one issuer. Cheap to clone; clones share the keys.
#[derive(Debug, Clone)]
pub(crate) enum Jwks {
    Fixed(Arc<Generation>),
    Cached(Arc<Cached>),
}

/// No keys that may be used, and none to be had right now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("signing keys are unavailable: {cause}")]
pub(crate) struct KeysUnavailable {
    pub(crate) retry_after: Duration,
    pub(crate) cause: String,
}

/// The actor of one issuer: its state, and the fetch that renews it.
pub(crate) struct Cached {
    pub(super) fetch: Arc<dyn FetchKeys>,
    pub(super) import: Import,
    pub(super) lifetimes: Lifetimes,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) state: Mutex<State>,
    /// Key ids that a fetch looked for in vain, with the time of that fetch: whoever repeats one within the
    /// cooldown neither starts a fetch nor waits for a running one.
    absent: moka::sync::Cache<String, Duration>,
}

impl Jwks {
    pub(super) fn fixed(keys: KeySet) -> Self {
        Self::Fixed(Arc::new(Generation { number: 0, keys }))
    }

    pub(super) fn cached(
        fetch: Arc<dyn FetchKeys>,
        import: Import,
        lifetimes: Lifetimes,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::Cached(Arc::new(Cached {
            fetch,
            import,
            lifetimes,
            clock,
            state: Mutex::default(),
            absent: moka::sync::Cache::new(ABSENT_IDS),
        }))
    }

    /// Keys that may be used now. Waits for the network only when there are none.
    pub(crate) async fn current(&self) -> Result<Arc<Generation>, KeysUnavailable> {
        match self {
            Self::Fixed(generation) => Ok(Arc::clone(generation)),
            Self::Cached(cached) => cached.current().await,
        }
    }

    /// Keys newer than `seen`, for a token that `seen` could not verify: its key is unknown, or was replaced
    /// under the same id. `None` when there are none or none may be asked for yet.
    pub(crate) async fn newer_than(
        &self,
        seen: &Generation,
        key_id: Option<&str>,
    ) -> Option<Arc<Generation>> {
        match self {
            Self::Fixed(_) => None,
            Self::Cached(cached) => cached.newer_than(seen, key_id).await,
        }
    }

    /// Asks for the keys now, whatever the cooldown says. Joins a fetch that is running.
    pub(crate) fn reload(&self) -> Option<Receiver<()>> {
        match self {
            Self::Fixed(_) => None,
            Self::Cached(cached) => cached.start_fetch(Occasion::Demanded),
        }
    }

    /// What came of it.
    pub(crate) async fn reloaded(&self, running: Option<Receiver<()>>) -> Result<(), FetchError> {
        match self {
            Self::Fixed(_) => Ok(()),
            Self::Cached(cached) => cached.reloaded(running).await,
        }
    }

    pub(crate) fn status(&self, issuer: &Arc<str>) -> KeyStatus {
        match self {
            Self::Fixed(generation) => KeyStatus::fixed(issuer, generation),
            Self::Cached(cached) => cached.status(issuer),
        }
    }
}

impl Cached {
    async fn current(self: &Arc<Self>) -> Result<Arc<Generation>, KeysUnavailable> {
        match self.usable() {
            Some((generation, Age::Fresh)) => Ok(generation),
            Some((generation, Age::Stale)) => {
                self.start_fetch(Occasion::Stale);
                Ok(generation)
            }
            None => {
                if let Some(running) = self.start_fetch(Occasion::Missing) {
                    self.end_of(running).await;
                }
                let usable = self.usable();
                usable
                    .map(|(generation, _)| generation)
                    .ok_or_else(|| self.unavailable())
            }
        }
    }

    async fn newer_than(
        self: &Arc<Self>,
        seen: &Generation,
        key_id: Option<&str>,
    ) -> Option<Arc<Generation>> {
        let asked_at = self.clock.elapsed();
        if !self.is_known_absent(key_id, asked_at)
            && let Some(running) = self.start_fetch(Occasion::Rotation)
        {
            self.end_of(running).await;
            self.remember_absent(key_id, asked_at);
        }
        let (generation, _) = self.usable()?;
        (generation.number > seen.number).then_some(generation)
    }

    async fn reloaded(&self, running: Option<Receiver<()>>) -> Result<(), FetchError> {
        if let Some(running) = running {
            self.end_of(running).await;
        }
        match &lock(&self.state).last_error {
            None => Ok(()),
            Some(error) => Err(error.clone()),
        }
    }

    fn usable(&self) -> Option<(Arc<Generation>, Age)> {
        let now = self.clock.elapsed();
        let state = lock(&self.state);
        let (generation, age) = state.usable(now, self.lifetimes)?;
        Some((Arc::clone(generation), age))
    }

    fn unavailable(&self) -> KeysUnavailable {
        let now = self.clock.elapsed();
        let state = lock(&self.state);
        let cause = state
            .last_error
            .as_ref()
            .map_or_else(|| "no fetch completed".to_owned(), ToString::to_string);
        KeysUnavailable {
            retry_after: state.retry_after(now),
            cause,
        }
    }

    fn status(&self, issuer: &Arc<str>) -> KeyStatus {
        let now = self.clock.elapsed();
        let state = lock(&self.state);
        let usable = state.usable(now, self.lifetimes);
        KeyStatus {
            state: match usable {
                Some((_, Age::Fresh)) => KeyState::Fresh,
                Some((_, Age::Stale)) => KeyState::Stale,
                None => KeyState::Unavailable,
            },
            age: state
                .good
                .as_ref()
                .map(|good| now.saturating_sub(good.fetched_at)),
            failures: state.failures,
            last_error: state.last_error.clone(),
            ..match &state.good {
                Some(good) => KeyStatus::fixed(issuer, &good.generation),
                None => KeyStatus::nothing(issuer),
            }
        }
    }

    fn is_known_absent(&self, key_id: Option<&str>, now: Duration) -> bool {
        let looked_at = key_id.and_then(|id| self.absent.get(id));
        looked_at.is_some_and(|at| now.saturating_sub(at) < self.lifetimes.cooldown)
    }

    /// Notes `key_id` if a fetch that ended after `asked_at` did not bring it.
    fn remember_absent(&self, key_id: Option<&str>, asked_at: Duration) {
        let Some(id) = key_id.filter(|id| id.len() <= ABSENT_ID_BYTES) else {
            return;
        };
        let state = lock(&self.state);
        let looked = state
            .good
            .as_ref()
            .filter(|good| good.fetched_at >= asked_at);
        if let Some(good) = looked.filter(|good| !good.generation.keys.contains(id)) {
            self.absent.insert(id.to_owned(), good.fetched_at);
        }
    }
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached")
            .field("fetch", &self.fetch)
            .finish_non_exhaustive()
    }
}

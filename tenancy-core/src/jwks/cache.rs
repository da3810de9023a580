//! `Jwks`, the keys of one issuer, kept fresh: one fetch at a time, detached from the request that asked.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use super::source::Lifetimes;
use super::{FetchError, FetchKeys, Fetched, KeySet};
use crate::jwt::Algorithm;
use crate::{Clock, lock};

/// The first pause after a failed fetch; doubled with each further failure up to the cooldown.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
/// `max-age` is honoured within these bounds.
const MIN_FRESH: Duration = Duration::from_mins(1);
const MAX_FRESH: Duration = Duration::from_hours(24);
/// How many unknown key ids are remembered, and up to which length in bytes.
const ABSENT_IDS: u64 = 10_000;
const ABSENT_ID_BYTES: usize = 128;
/// The longest a fetch may take, whoever does it.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// The keys of one issuer. Cheap to clone; clones share the keys.
#[derive(Debug, Clone)]
pub(crate) enum Jwks {
    Fixed(Arc<Generation>),
    Cached(Arc<Cached>),
}

/// One state of the key set. The number grows with every change of the document.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) number: u64,
    pub(crate) keys: KeySet,
}

/// No keys that may be used, and none to be had right now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("signing keys are unavailable: {cause}")]
pub(crate) struct KeysUnavailable {
    pub(crate) retry_after: Duration,
    pub(crate) cause: String,
}

pub(crate) struct Cached {
    fetch: Arc<dyn FetchKeys>,
    allowed: Arc<[Algorithm]>,
    lifetimes: Lifetimes,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Key ids that a fetch looked for in vain, with the time of that fetch: whoever repeats one within the
    /// cooldown neither starts a fetch nor waits for a running one.
    absent: moka::sync::Cache<String, Duration>,
}

#[derive(Default)]
struct State {
    good: Option<Good>,
    last_attempt: Option<Duration>,
    failures: u32,
    last_error: Option<FetchError>,
    /// Closes when the running fetch ends, also when its task is dropped with its runtime.
    running: Option<watch::Receiver<()>>,
}

#[derive(Clone)]
struct Good {
    generation: Arc<Generation>,
    body: Arc<[u8]>,
    etag: Option<String>,
    fetched_at: Duration,
    fresh_for: Duration,
}

impl Jwks {
    pub(super) fn fixed(keys: KeySet) -> Self {
        Self::Fixed(Arc::new(Generation { number: 0, keys }))
    }

    pub(super) fn cached(
        fetch: Arc<dyn FetchKeys>,
        allowed: Arc<[Algorithm]>,
        lifetimes: Lifetimes,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let absent = moka::sync::Cache::new(ABSENT_IDS);
        let state = Mutex::default();
        Self::Cached(Arc::new(Cached {
            fetch,
            allowed,
            lifetimes,
            clock,
            state,
            absent,
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

    /// Joins the running fetch or starts one. `None` when neither is possible now.
    ///
    /// The fetch runs in a task of its own: a request that goes away does not take along the fetch that
    /// others wait for.
    fn start_fetch(self: &Arc<Self>, occasion: Occasion) -> Option<watch::Receiver<()>> {
        let mut state = lock(&self.state);
        if let Some(running) = state
            .running
            .as_ref()
            .filter(|running| running.has_changed().is_ok())
        {
            return Some(running.clone());
        }
        let now = self.clock.elapsed();
        if !state.may_fetch(occasion, now, self.lifetimes.cooldown) {
            return None;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            state.fail(FetchError::Failed("there is no tokio runtime".to_owned()));
            return None;
        };
        let (done, running) = watch::channel(());
        state.last_attempt = Some(now);
        state.running = Some(running.clone());
        let etag = state.good.as_ref().and_then(|good| good.etag.clone());
        drop(state);

        let attempt = Attempt {
            cached: Arc::clone(self),
            answered: false,
            _done: done,
        };
        runtime.spawn(attempt.run(etag));
        Some(running)
    }
}

/// A running fetch. However it ends, by an answer, a panic or the end of its runtime, those who wait go on
/// and the failure is counted.
struct Attempt {
    cached: Arc<Cached>,
    answered: bool,
    _done: watch::Sender<()>,
}

impl Attempt {
    async fn run(mut self, etag: Option<String>) {
        let fetch = self.cached.fetch.fetch(etag.as_deref());
        let answer = tokio::time::timeout(FETCH_TIMEOUT, fetch).await;
        let answer = answer
            .unwrap_or_else(|_| Err(FetchError::Failed("no answer within 5 seconds".to_owned())));
        self.answered = true;
        self.cached.accept(answer);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.answered {
            let abandoned = FetchError::Failed("the fetch was abandoned".to_owned());
            self.cached.accept(Err(abandoned));
        }
    }
}

/// Why a fetch is wanted, which decides how soon after the last attempt it may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// There are no usable keys.
    Missing,
    /// The keys are usable and due for renewal.
    Stale,
    /// A token could not be verified with the keys at hand.
    Rotation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Fresh,
    Stale,
}

impl State {
    fn may_fetch(&self, occasion: Occasion, now: Duration, cooldown: Duration) -> bool {
        let Some(last) = self.last_attempt else {
            return true;
        };
        let pause = match occasion {
            Occasion::Rotation => cooldown,
            Occasion::Missing | Occasion::Stale => self.back_off(cooldown),
        };
        now.saturating_sub(last) >= pause
    }

    fn fail(&mut self, error: FetchError) -> u32 {
        self.failures = self.failures.saturating_add(1);
        self.last_error = Some(error);
        self.failures
    }

    /// Zero after a success, then 1 s, 2 s, 4 s … up to the cooldown.
    fn back_off(&self, cooldown: Duration) -> Duration {
        let Some(doublings) = self.failures.checked_sub(1) else {
            return Duration::ZERO;
        };
        FIRST_BACK_OFF
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(cooldown)
    }
}

impl Cached {
    fn usable(&self) -> Option<(Arc<Generation>, Age)> {
        let state = lock(&self.state);
        let good = state.good.as_ref()?;
        let age = self.clock.elapsed().saturating_sub(good.fetched_at);
        if age >= self.lifetimes.outage.max(good.fresh_for) {
            return None;
        }
        let age = if age < good.fresh_for {
            Age::Fresh
        } else {
            Age::Stale
        };
        Some((Arc::clone(&good.generation), age))
    }

    fn unavailable(&self) -> KeysUnavailable {
        let state = lock(&self.state);
        let since = state.last_attempt.map_or(Duration::ZERO, |last| {
            self.clock.elapsed().saturating_sub(last)
        });
        let retry_after = state
            .back_off(self.lifetimes.cooldown)
            .saturating_sub(since)
            .max(FIRST_BACK_OFF);
        let cause = state
            .last_error
            .as_ref()
            .map_or_else(|| "no fetch completed".to_owned(), ToString::to_string);
        KeysUnavailable { retry_after, cause }
    }

    /// Takes in the answer of a fetch. A bad answer never costs the keys at hand.
    fn accept(&self, answer: Result<Fetched, FetchError>) {
        let now = self.clock.elapsed();
        let previous = lock(&self.state).good.clone();
        // Import parses every key: not while the lock is held.
        let outcome = answer.and_then(|fetched| self.import(fetched, previous, now));
        match outcome {
            Ok(good) => {
                tracing::debug!(generation = good.generation.number, "fetched signing keys");
                let mut state = lock(&self.state);
                state.good = Some(good);
                state.failures = 0;
                state.last_error = None;
            }
            Err(error) => {
                let failures = lock(&self.state).fail(error.clone());
                tracing::warn!(%error, failures, source = ?self.fetch, "could not fetch signing keys");
            }
        }
    }

    /// Waits until the fetch has ended, or for longer than it may take: the runtime that runs it may be blocked
    /// or no longer driven. Then the next request starts another.
    async fn end_of(&self, running: watch::Receiver<()>) {
        let mut ending = running.clone();
        let ended = async { while ending.changed().await.is_ok() {} };
        if tokio::time::timeout(FETCH_TIMEOUT + Duration::from_secs(1), ended)
            .await
            .is_ok()
        {
            return;
        }
        let mut state = lock(&self.state);
        if state
            .running
            .as_ref()
            .is_some_and(|current| current.same_channel(&running))
        {
            state.running = None;
            state.fail(FetchError::Failed(
                "the fetch does not come to an end".to_owned(),
            ));
        }
    }

    fn import(
        &self,
        fetched: Fetched,
        previous: Option<Good>,
        now: Duration,
    ) -> Result<Good, FetchError> {
        match (fetched, previous) {
            (Fetched::NotModified { max_age }, Some(previous)) => Ok(Good {
                fetched_at: now,
                fresh_for: self.fresh_for(max_age, now),
                ..previous
            }),
            (Fetched::NotModified { .. }, None) => Err(FetchError::Status(304)),
            (
                Fetched::Document {
                    body,
                    etag,
                    max_age,
                },
                previous,
            ) => {
                let unchanged = previous.as_ref().filter(|previous| *previous.body == *body);
                let generation = match unchanged {
                    Some(previous) => Arc::clone(&previous.generation),
                    None => Arc::new(Generation {
                        number: previous
                            .as_ref()
                            .map_or(1, |previous| previous.generation.number + 1),
                        keys: KeySet::read(&body, &self.allowed)
                            .map_err(|error| FetchError::Unusable(error.to_string()))?,
                    }),
                };
                let fresh_for = self.fresh_for(max_age, now);
                Ok(Good {
                    generation,
                    body: body.into(),
                    etag,
                    fetched_at: now,
                    fresh_for,
                })
            }
        }
    }

    /// Shortened by up to 10 % so that the instances of a service do not ask in step.
    fn fresh_for(&self, max_age: Option<Duration>, now: Duration) -> Duration {
        let asked = max_age.map_or(self.lifetimes.fresh, |age| age.clamp(MIN_FRESH, MAX_FRESH));
        asked.mul_f64(1.0 - f64::from(now.subsec_micros() % 1000) / 10_000.0)
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

//! One fetch of a JWK set: started once however many ask, in a task of its own, its answer taken in.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch::{self, Receiver};

use super::cache::Cached;
use super::state::{Generation, Good, Occasion, fresh_for};
use super::{FetchError, Fetched, KeySet};
use crate::{lock, watch as counters};

/// The longest a fetch may take, whoever does it.
const TIMEOUT: Duration = Duration::from_secs(5);

impl Cached {
    /// Joins the running fetch or starts one. `None` when neither is possible now.
    ///
    /// The fetch runs in a task of its own: a request that goes away does not take along the fetch that
    /// others wait for.
    pub(super) fn start_fetch(self: &Arc<Self>, occasion: Occasion) -> Option<Receiver<()>> {
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
            let error = FetchError::Failed("there is no tokio runtime".to_owned());
            state.fail(error, self.lifetimes.cooldown);
            return None;
        };
        let (done, running) = watch::channel(());
        state.last_attempt = Some(now);
        state.attempt += 1;
        state.running = Some(running.clone());
        let number = state.attempt;
        let etag = state.good.as_ref().and_then(|good| good.etag.clone());
        drop(state);

        let attempt = Attempt {
            cached: Arc::clone(self),
            number,
            answered: false,
            _done: done,
        };
        runtime.spawn(attempt.run(etag));
        Some(running)
    }

    /// Waits until the fetch has ended, or for longer than it may take: the runtime that runs it may be blocked
    /// or no longer driven. Then the next request starts another.
    pub(super) async fn end_of(&self, running: Receiver<()>) {
        let mut ending = running.clone();
        let ended = async { while ending.changed().await.is_ok() {} };
        if tokio::time::timeout(TIMEOUT + Duration::from_secs(1), ended)
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
            state.attempt += 1;
            let error = FetchError::Failed("the fetch does not come to an end".to_owned());
            state.fail(error, self.lifetimes.cooldown);
        }
    }

    /// Takes in the answer of the fetch with this number. A bad answer never costs the keys at hand.
    fn accept(&self, number: u64, answer: Result<Fetched, FetchError>) {
        let now = self.clock.elapsed();
        let previous = lock(&self.state).good.clone();
        let before = previous.as_ref().map(|good| good.generation.number);
        // Import parses every key: not while the lock is held.
        let imported = answer.and_then(|fetched| self.import(fetched, previous, now));
        let mut state = lock(&self.state);
        if state.attempt != number {
            return;
        }
        match imported {
            Ok(good) => {
                let (generation, keys) = (good.generation.number, good.generation.keys.len());
                state.succeed(good);
                drop(state);
                let unchanged = before == Some(generation);
                counters::fetch(if unchanged { "unchanged" } else { "fetched" });
                tracing::debug!(target: "tenancy::keys", generation, keys, unchanged, "fetched signing keys");
            }
            Err(error) => {
                let failures = state.fail(error.clone(), self.lifetimes.cooldown);
                drop(state);
                counters::fetch("failed");
                tracing::warn!(target: "tenancy::keys", %error, failures, source = ?self.fetch, "could not fetch signing keys");
            }
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
                fresh_for: fresh_for(max_age, self.lifetimes),
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
            ) => Ok(Good {
                generation: self.next_generation(&body, previous.as_ref())?,
                body: body.into(),
                etag,
                fetched_at: now,
                fresh_for: fresh_for(max_age, self.lifetimes),
            }),
        }
    }

    /// The same while the document stays the same, byte for byte.
    fn next_generation(
        &self,
        body: &[u8],
        previous: Option<&Good>,
    ) -> Result<Arc<Generation>, FetchError> {
        if let Some(previous) = previous.filter(|previous| *previous.body == *body) {
            return Ok(Arc::clone(&previous.generation));
        }
        let keys = KeySet::read(body, &self.import)
            .map_err(|error| FetchError::Unusable(error.to_string()))?;
        let number = previous.map_or(1, |previous| previous.generation.number + 1);
        Ok(Arc::new(Generation { number, keys }))
    }
}

/// A running fetch. However it ends, by an answer, a panic or the end of its runtime, those who wait go on
/// and the failure is counted.
struct Attempt {
    cached: Arc<Cached>,
    number: u64,
    answered: bool,
    _done: watch::Sender<()>,
}

impl Attempt {
    async fn run(mut self, etag: Option<String>) {
        let fetch = self.cached.fetch.fetch(etag.as_deref());
        let answer = tokio::time::timeout(TIMEOUT, fetch).await;
        let answer = answer
            .unwrap_or_else(|_| Err(FetchError::Failed("no answer within 5 seconds".to_owned())));
        self.answered = true;
        self.cached.accept(self.number, answer);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.answered {
            let abandoned = FetchError::Failed("the fetch was abandoned".to_owned());
            self.cached.accept(self.number, Err(abandoned));
        }
    }
}

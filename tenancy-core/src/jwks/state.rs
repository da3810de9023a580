//! What is known of an issuer's keys, and when asking again is due. Time is an argument here.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::source::Lifetimes;
use super::{FetchError, KeySet};

/// The first pause after a failed fetch; doubled with each further failure up to the cooldown.
pub(super) const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
/// `max-age` is honoured within these bounds (and so is what a service asks for).
pub(super) const MIN_FRESH: Duration = Duration::from_mins(1);
pub(super) const MAX_FRESH: Duration = Duration::from_hours(24);

/// One state of the key set. The number grows with every change of the document.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) number: u64,
    pub(crate) keys: KeySet,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) good: Option<Good>,
    pub(super) last_attempt: Option<Duration>,
    /// Counts attempts. The answer of an earlier one, which was given up and came all the same, no longer counts.
    pub(super) attempt: u64,
    pub(super) failures: u32,
    /// How long after the last attempt the next one has to wait.
    pause: Duration,
    pub(super) last_error: Option<FetchError>,
    /// Closes when the running fetch ends, also when its task is dropped with its runtime.
    pub(super) running: Option<watch::Receiver<()>>,
}

/// The last answer that yielded keys.
#[derive(Clone)]
pub(super) struct Good {
    pub(super) generation: Arc<Generation>,
    pub(super) body: Arc<[u8]>,
    pub(super) etag: Option<String>,
    pub(super) fetched_at: Duration,
    pub(super) fresh_for: Duration,
}

/// Why a fetch is wanted, which decides how soon after the last attempt it may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// There are no usable keys.
    Missing,
    /// The keys are usable and due for renewal.
    Stale,
    /// A token could not be verified with the keys at hand.
    Rotation,
    /// An operator wants it now.
    Demanded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    Fresh,
    Stale,
}

impl State {
    pub(super) fn may_fetch(&self, occasion: Occasion, now: Duration, cooldown: Duration) -> bool {
        let Some(last) = self.last_attempt else {
            return true;
        };
        let pause = match occasion {
            Occasion::Rotation => cooldown,
            Occasion::Missing | Occasion::Stale => self.pause,
            Occasion::Demanded => Duration::ZERO,
        };
        now.saturating_sub(last) >= pause
    }

    pub(super) fn succeed(&mut self, good: Good) {
        self.good = Some(good);
        self.failures = 0;
        self.pause = Duration::ZERO;
        self.last_error = None;
    }

    /// Counts a failure and returns how many there were in a row.
    pub(super) fn fail(&mut self, error: FetchError, cooldown: Duration) -> u32 {
        self.failures = self.failures.saturating_add(1);
        self.pause = shortened(back_off(self.failures, cooldown), 0.25);
        self.last_error = Some(error);
        self.failures
    }

    /// Keys that may be used at `now`, and whether they are due for renewal.
    pub(super) fn usable(
        &self,
        now: Duration,
        lifetimes: Lifetimes,
    ) -> Option<(&Arc<Generation>, Age)> {
        let good = self.good.as_ref()?;
        let age = now.saturating_sub(good.fetched_at);
        if age >= lifetimes.outage.max(good.fresh_for) {
            return None;
        }
        let age = if age < good.fresh_for {
            Age::Fresh
        } else {
            Age::Stale
        };
        Some((&good.generation, age))
    }

    /// When asking again makes sense.
    pub(super) fn retry_after(&self, now: Duration) -> Duration {
        let since = self
            .last_attempt
            .map_or(Duration::ZERO, |last| now.saturating_sub(last));
        self.pause.saturating_sub(since).max(FIRST_BACK_OFF)
    }
}

/// 1 s, 2 s, 4 s … up to the cooldown.
fn back_off(failures: u32, cooldown: Duration) -> Duration {
    FIRST_BACK_OFF
        .saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)))
        .min(cooldown)
}

/// How long keys are fresh that were fetched now, shortened by up to 10 % so that the instances of a service do
/// not ask in step.
pub(super) fn fresh_for(max_age: Option<Duration>, lifetimes: Lifetimes) -> Duration {
    let asked = max_age.map_or(lifetimes.fresh, |age| age.clamp(MIN_FRESH, MAX_FRESH));
    shortened(asked, 0.1)
}

/// `duration` less a random part of up to `share` of it: jitter.
fn shortened(duration: Duration, share: f64) -> Duration {
    // Not for secrets: the standard library's seed of hash maps is random enough to keep instances apart.
    let random = RandomState::new().hash_one(()) % 1024;
    #[expect(clippy::cast_precision_loss, reason = "below 1024")]
    let part = random as f64 / 1024.0;
    duration.mul_f64(1.0 - share * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_up_to_the_cooldown() {
        let seconds = |failures| back_off(failures, Duration::from_secs(30)).as_secs();
        assert_eq!(
            [1, 2, 3, 4, 5, 6, 7, u32::MAX].map(seconds),
            [1, 2, 4, 8, 16, 30, 30, 30]
        );
    }

    #[test]
    fn jitter_shortens_and_differs() {
        let hour = Duration::from_hours(1);
        let drawn: Vec<_> = (0..100).map(|_| shortened(hour, 0.1)).collect();
        assert!(drawn.iter().all(|d| *d <= hour && *d > hour.mul_f64(0.899)));
        assert!(drawn.iter().any(|d| *d != drawn[0]));
    }

    #[test]
    fn max_age_is_honoured_between_a_minute_and_a_day() {
        let lifetimes = Lifetimes::default();
        for (max_age, least, most) in [
            (None, 270, 300),
            (Some(0), 54, 60),
            (Some(600), 540, 600),
            (Some(u64::MAX), 77_760, 86_400),
        ] {
            let fresh = fresh_for(max_age.map(Duration::from_secs), lifetimes).as_secs_f64();
            assert!(
                (f64::from(least)..=f64::from(most)).contains(&fresh),
                "{max_age:?}: {fresh}"
            );
        }
    }
}

//! Where time comes from: wall time for what tokens say, elapsed time for the age of keys.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point of wall time in whole seconds since 1970-01-01T00:00:00Z, the `NumericDate` of
/// [RFC 7519 §2](https://www.rfc-editor.org/rfc/rfc7519#section-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(i64);

impl UnixTime {
    /// The point `seconds` after (or, when negative, before) the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub const fn as_seconds(self) -> i64 {
        self.0
    }

    /// This point moved later by `duration`, at most to the end of time.
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(seconds(duration)))
    }

    /// This point moved earlier by `duration`, at most to the beginning of time.
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(seconds(duration)))
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// The source of time for every decision in this crate.
///
/// Wall time may jump when an operator sets the clock; elapsed time never goes back. Use
/// [`SystemClock`] in a service and [`ManualClock`] in tests.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Wall time, for `exp`, `nbf` and `iat`.
    fn now(&self) -> UnixTime;

    /// Time since an arbitrary fixed point, for ages, cooldowns and back-off.
    fn elapsed(&self) -> Duration;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> UnixTime {
        (**self).now()
    }

    fn elapsed(&self) -> Duration {
        (**self).elapsed()
    }
}

/// The clocks of the operating system.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the operating system for the time"
)]
mod system {
    use super::{Clock, Duration, Instant, SystemClock, SystemTime, UNIX_EPOCH, UnixTime, seconds};

    impl Default for SystemClock {
        fn default() -> Self {
            Self {
                started: Instant::now(),
            }
        }
    }

    impl Clock for SystemClock {
        fn now(&self) -> UnixTime {
            // A clock set before 1970 reads as 1970: every token is then "not yet valid".
            let since = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            UnixTime(seconds(since))
        }

        fn elapsed(&self) -> Duration {
            Instant::now().saturating_duration_since(self.started)
        }
    }
}

/// A clock that stands still until a test moves it.
///
/// ```
/// use std::time::Duration;
/// use tenancy_core::{Clock, ManualClock, UnixTime};
///
/// let clock = ManualClock::at(UnixTime::from_seconds(1_700_000_000));
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), UnixTime::from_seconds(1_700_000_060));
/// ```
#[derive(Debug)]
pub struct ManualClock(Mutex<Hands>);

#[derive(Debug, Clone, Copy)]
struct Hands {
    now: UnixTime,
    elapsed: Duration,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn at(start: UnixTime) -> Self {
        Self(Mutex::new(Hands {
            now: start,
            elapsed: Duration::ZERO,
        }))
    }

    /// Moves wall time and elapsed time on by `duration`, of which wall time counts whole seconds.
    pub fn advance(&self, duration: Duration) {
        let mut hands = crate::lock(&self.0);
        let before = hands.elapsed.as_secs();
        hands.elapsed = hands.elapsed.saturating_add(duration);
        let seconds = Duration::from_secs(hands.elapsed.as_secs() - before);
        hands.now = hands.now.saturating_add(seconds);
    }

    /// Sets wall time, as an operator sets a clock that was wrong. Elapsed time goes on as before.
    pub fn set(&self, now: UnixTime) {
        crate::lock(&self.0).now = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixTime {
        crate::lock(&self.0).now
    }

    fn elapsed(&self) -> Duration {
        crate::lock(&self.0).elapsed
    }
}

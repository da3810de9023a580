//! `KeySource`, where the keys of an issuer come from.

use std::sync::Arc;
use std::time::Duration;

use super::key_set::KeySetError;
use super::{FetchKeys, Jwks, KeySet};
use crate::Clock;
use crate::jwt::Algorithm;

/// Where the keys of an issuer come from, and how long they are trusted.
///
/// ```
/// use tenancy_core::KeySource;
/// # #[cfg(feature = "http")]
/// let keys = KeySource::url("https://api.frontegg.com/.well-known/jwks.json");
/// ```
///
/// | what | default |
/// |---|---|
/// | served without asking again | 5 minutes, or `Cache-Control: max-age` within 1 minute and 24 hours |
/// | refreshed in the background | after that, minus up to 10 % jitter |
/// | served through an outage | 24 hours after the last good answer |
/// | refreshed for an unknown `kid` or a signature that fails | at most every 30 seconds |
/// | largest answer | 256 KiB, 100 keys |
/// | time-out | 2 seconds to connect, 5 seconds in all |
#[derive(Debug, Clone)]
pub struct KeySource {
    origin: Origin,
    lifetimes: Lifetimes,
}

#[derive(Debug, Clone)]
enum Origin {
    #[cfg(feature = "http")]
    Url(String),
    Fetched(Arc<dyn FetchKeys>),
    Fixed(String),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Lifetimes {
    pub(super) fresh: Duration,
    pub(super) outage: Duration,
    pub(super) cooldown: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            fresh: Duration::from_mins(5),
            outage: Duration::from_hours(24),
            cooldown: Duration::from_secs(30),
        }
    }
}

/// A key source that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeySourceError(String);

impl KeySource {
    /// Fetches a JWK set from `url`, first when the first token arrives. `https` only, except for loopback
    /// addresses. Redirects are not followed.
    #[cfg(feature = "http")]
    pub fn url(url: impl Into<String>) -> Self {
        Self {
            origin: Origin::Url(url.into()),
            lifetimes: Lifetimes::default(),
        }
    }

    /// Obtains a JWK set through `fetch`, under the same rules.
    pub fn fetched(fetch: impl FetchKeys + 'static) -> Self {
        Self {
            origin: Origin::Fetched(Arc::new(fetch)),
            lifetimes: Lifetimes::default(),
        }
    }

    /// Uses the JWK set in `document` for ever.
    pub fn fixed(document: impl Into<String>) -> Self {
        Self {
            origin: Origin::Fixed(document.into()),
            lifetimes: Lifetimes::default(),
        }
    }

    /// The least time between two fetches that a token may cause, counted from the last attempt. A new
    /// signing key that is used before it was published for that long is refused meanwhile. One second at least.
    pub fn cooldown(mut self, cooldown: Duration) -> Self {
        self.lifetimes.cooldown = cooldown.max(Duration::from_secs(1));
        self
    }

    /// How long the last good keys serve while the provider does not answer.
    pub fn outage(mut self, outage: Duration) -> Self {
        self.lifetimes.outage = outage;
        self
    }

    pub(crate) fn open(
        &self,
        allowed: &[Algorithm],
        clock: Arc<dyn Clock>,
    ) -> Result<Jwks, KeySourceError> {
        match &self.origin {
            #[cfg(feature = "http")]
            Origin::Url(url) => {
                let fetch = super::http::HttpFetch::new(url)
                    .map_err(|problem| KeySourceError(format!("JWKS URL `{url}` {problem}")))?;
                Ok(self.cached(Arc::new(fetch), allowed, clock))
            }
            Origin::Fetched(fetch) => Ok(self.cached(Arc::clone(fetch), allowed, clock)),
            Origin::Fixed(document) => KeySet::read(document.as_bytes(), allowed)
                .map(Jwks::fixed)
                .map_err(|error: KeySetError| {
                    KeySourceError(format!("fixed JWKS is unusable: {error}"))
                }),
        }
    }

    fn cached(
        &self,
        fetch: Arc<dyn FetchKeys>,
        allowed: &[Algorithm],
        clock: Arc<dyn Clock>,
    ) -> Jwks {
        Jwks::cached(fetch, allowed.into(), self.lifetimes, clock)
    }
}

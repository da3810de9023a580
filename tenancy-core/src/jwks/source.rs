//! `KeySource`, where the keys of an issuer come from.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::key::Import;
use super::state::{MAX_FRESH, MIN_FRESH};
use super::{FetchKeys, Jwks, KeySet, SharedSecret};
use crate::jwt::Algorithm;
use crate::{Clock, ConfigProblem, SignatureBackend};

/// Where the keys of an issuer come from, and how long they are trusted.
///
/// ```
/// use tenancy_core::KeySource;
/// # #[cfg(feature = "http")] {
/// let by_discovery = KeySource::discovery();
/// let by_url = KeySource::url("https://api.frontegg.com/.well-known/jwks.json");
/// # }
/// ```
///
/// | what | default |
/// |---|---|
/// | served without asking again | 5 minutes, or `Cache-Control: max-age` within 1 minute and 24 hours |
/// | refreshed in the background | after that, minus up to 10 % jitter |
/// | served through an outage | 24 hours after the last good answer |
/// | asked again after a failure | after 1, 2, 4 … seconds, minus up to 25 % jitter, up to the cooldown |
/// | refreshed for an unknown `kid` or a signature that fails | at most every 30 seconds |
/// | largest answer | 256 KiB, 100 keys |
/// | time-out | 2 seconds to connect, 5 seconds in all |
#[derive(Debug, Clone, PartialEq)]
pub struct KeySource {
    origin: Origin,
    lifetimes: Lifetimes,
}

#[derive(Clone)]
enum Origin {
    #[cfg(feature = "http")]
    Discovery,
    #[cfg(feature = "http")]
    Url(String),
    Fetched(Arc<dyn FetchKeys>),
    Fixed(String),
    Secrets(Vec<SharedSecret>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl KeySource {
    /// Finds the JWK set by [OpenID Connect Discovery 1.0 §4]: the issuer's name plus
    /// `/.well-known/openid-configuration`, whose `issuer` must be that name byte for byte and whose `jwks_uri`
    /// is then fetched as by [`url`](Self::url).
    ///
    /// [OpenID Connect Discovery 1.0 §4]: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
    #[cfg(feature = "http")]
    pub fn discovery() -> Self {
        Self::from_origin(Origin::Discovery)
    }

    /// Fetches a JWK set from `url`, first when the first token arrives. `https` only, except for loopback
    /// addresses. Redirects are not followed.
    #[cfg(feature = "http")]
    pub fn url(url: impl Into<String>) -> Self {
        Self::from_origin(Origin::Url(url.into()))
    }

    /// Obtains a JWK set through `fetch`, under the same rules.
    pub fn fetched(fetch: impl FetchKeys + 'static) -> Self {
        Self::from_origin(Origin::Fetched(Arc::new(fetch)))
    }

    /// Uses the JWK set in `document` for ever.
    pub fn fixed(document: impl Into<String>) -> Self {
        Self::from_origin(Origin::Fixed(document.into()))
    }

    /// Verifies with a secret that the issuer shares with the service: HMAC, and nothing else.
    pub fn shared_secret(secret: SharedSecret) -> Self {
        Self::shared_secrets([secret])
    }

    /// The same with several secrets, told apart by their key ids, so that one can replace another.
    pub fn shared_secrets(secrets: impl IntoIterator<Item = SharedSecret>) -> Self {
        Self::from_origin(Origin::Secrets(secrets.into_iter().collect()))
    }

    fn from_origin(origin: Origin) -> Self {
        Self {
            origin,
            lifetimes: Lifetimes::default(),
        }
    }

    /// How long keys serve without asking again where the provider does not say. Between 1 minute and 24 hours.
    pub fn fresh(mut self, fresh: Duration) -> Self {
        self.lifetimes.fresh = fresh;
        self
    }

    /// The least time between two fetches that a token may cause, counted from the last attempt. A new
    /// signing key that is used before it was published for that long is refused meanwhile. One second at least.
    pub fn cooldown(mut self, cooldown: Duration) -> Self {
        self.lifetimes.cooldown = cooldown;
        self
    }

    /// How long the last good keys serve while the provider does not answer.
    pub fn outage(mut self, outage: Duration) -> Self {
        self.lifetimes.outage = outage;
        self
    }

    /// The keys of `issuer`. What is wrong is added to `problems`.
    pub(crate) fn open(
        &self,
        issuer: &Arc<str>,
        algorithms: Option<&[Algorithm]>,
        backend: SignatureBackend,
        clock: &Arc<dyn Clock>,
        problems: &mut Vec<ConfigProblem>,
    ) -> Option<Jwks> {
        self.lifetimes.check(issuer, problems);
        let import = Import {
            allowed: self.allowed(issuer, algorithms, backend, problems),
            backend,
        };
        let cached = |fetch, import| Jwks::cached(fetch, import, self.lifetimes, Arc::clone(clock));
        #[cfg(feature = "http")]
        let over_http =
            |fetch: Result<super::http::HttpFetch, _>, url: &str, import, problems: &mut Vec<_>| {
                let fetch = fetch.map_err(|problem: super::url::UrlProblem| {
                    problems.push(ConfigProblem::KeyUrl {
                        issuer: Arc::clone(issuer),
                        url: without_credentials(url),
                        problem: problem.to_string(),
                    });
                });
                Some(cached(Arc::new(fetch.ok()?), import))
            };
        match &self.origin {
            #[cfg(feature = "http")]
            Origin::Discovery => over_http(
                super::http::HttpFetch::discovery(issuer),
                issuer,
                import,
                problems,
            ),
            #[cfg(feature = "http")]
            Origin::Url(url) => over_http(super::http::HttpFetch::new(url), url, import, problems),
            Origin::Fetched(fetch) => Some(cached(Arc::clone(fetch), import)),
            Origin::Fixed(document) => KeySet::read(document.as_bytes(), &import)
                .map(Jwks::fixed)
                .map_err(|problem| {
                    problems.push(ConfigProblem::FixedKeys {
                        issuer: Arc::clone(issuer),
                        problem: problem.to_string(),
                    });
                })
                .ok(),
            Origin::Secrets(secrets) => {
                open_secrets(issuer, secrets, &import, problems).map(Jwks::fixed)
            }
        }
    }

    /// The algorithms that tokens of the issuer may use: those that go with its keys, narrowed to the list
    /// that was configured.
    fn allowed(
        &self,
        issuer: &Arc<str>,
        configured: Option<&[Algorithm]>,
        backend: SignatureBackend,
        problems: &mut Vec<ConfigProblem>,
    ) -> Vec<Algorithm> {
        let natural: Vec<Algorithm> = match &self.origin {
            Origin::Secrets(secrets) => secrets.iter().map(|secret| secret.algorithm).collect(),
            _ => Algorithm::ASYMMETRIC.into(),
        };
        let Some(configured) = configured else {
            return natural;
        };
        if configured.is_empty() {
            problems.push(ConfigProblem::NoAlgorithm(Arc::clone(issuer)));
        }
        for algorithm in configured {
            if !natural.contains(algorithm) {
                problems.push(ConfigProblem::AlgorithmOfOtherKeys {
                    issuer: Arc::clone(issuer),
                    algorithm: *algorithm,
                });
            }
        }
        for algorithm in natural {
            if matches!(self.origin, Origin::Secrets(_)) && !configured.contains(&algorithm) {
                problems.push(ConfigProblem::SecretLeftOut {
                    issuer: Arc::clone(issuer),
                    algorithm,
                });
            }
        }
        if !configured.is_empty() && !configured.iter().any(|one| backend.supports(*one)) {
            problems.push(ConfigProblem::AlgorithmUnsupported(Arc::clone(issuer)));
        }
        configured.to_vec()
    }
}

fn open_secrets(
    issuer: &Arc<str>,
    secrets: &[SharedSecret],
    import: &Import,
    problems: &mut Vec<ConfigProblem>,
) -> Option<KeySet> {
    let before = problems.len();
    if secrets.is_empty() {
        problems.push(ConfigProblem::NoKeys(Arc::clone(issuer)));
    }
    for secret in secrets {
        problems.extend(secret.problem(issuer));
    }
    let mut ids: Vec<_> = secrets.iter().map(|secret| &secret.key_id).collect();
    ids.sort_unstable();
    if !ids.is_sorted_by(|one, next| one != next) {
        problems.push(ConfigProblem::AmbiguousSecrets(Arc::clone(issuer)));
    }
    if problems.len() > before {
        return None;
    }
    // What is left to fail is an algorithm that the list or the backend leaves out, and that was told already.
    KeySet::secrets(secrets, import).ok()
}

impl Lifetimes {
    fn check(self, issuer: &Arc<str>, problems: &mut Vec<ConfigProblem>) {
        if self.cooldown < Duration::from_secs(1) {
            problems.push(ConfigProblem::Cooldown(Arc::clone(issuer)));
        }
        if !(MIN_FRESH..=MAX_FRESH).contains(&self.fresh) {
            problems.push(ConfigProblem::Fresh(Arc::clone(issuer)));
        }
        if self.outage < self.fresh {
            problems.push(ConfigProblem::Outage(Arc::clone(issuer)));
        }
    }
}

/// Shows neither secrets nor fixed sets, which may hold private halves, nor a password in a URL.
impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "http")]
            Self::Discovery => f.write_str("Discovery"),
            #[cfg(feature = "http")]
            Self::Url(url) => f.write_str(&without_credentials(url)),
            Self::Fetched(fetch) => fetch.fmt(f),
            Self::Fixed(_) => f.write_str("Fixed"),
            Self::Secrets(secrets) => secrets.fmt(f),
        }
    }
}

/// A URL as it may be shown: without what stands before the host, where a user name and a password may stand
/// (RFC 3986 §3.2.1), however it is mistyped.
#[cfg(feature = "http")]
fn without_credentials(url: &str) -> String {
    match url.rsplit_once('@') {
        None => url.to_owned(),
        Some((_, host)) => format!("…@{host}"),
    }
}

/// Two fetchers are equal when they are the same one.
impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            #[cfg(feature = "http")]
            (Self::Discovery, Self::Discovery) => true,
            #[cfg(feature = "http")]
            (Self::Url(one), Self::Url(other)) => one == other,
            (Self::Fetched(one), Self::Fetched(other)) => Arc::ptr_eq(one, other),
            (Self::Fixed(one), Self::Fixed(other)) => one == other,
            (Self::Secrets(one), Self::Secrets(other)) => {
                one.len() == other.len()
                    && one.iter().zip(other).all(|(one, other)| one.is_same(other))
            }
            _ => false,
        }
    }
}

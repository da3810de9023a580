//! `ConfigError`, all that is wrong with a configuration, told at once when a verifier is built.

use std::fmt;
use std::sync::Arc;

use crate::Algorithm;

/// A verifier cannot be built from its configuration. Lists every mistake, each with what to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(Vec<ConfigProblem>);

impl ConfigError {
    pub(crate) fn unless_empty(problems: Vec<ConfigProblem>) -> Result<(), Self> {
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self(problems))
        }
    }

    /// What is wrong, in the order of the configuration. Never empty.
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.0
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.0.as_slice() {
            return only.fmt(f);
        }
        write!(f, "{} mistakes in the configuration", self.0.len())?;
        for problem in &self.0 {
            write!(f, "; {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// One mistake in a configuration, of the verifier or of the issuer that it names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigProblem {
    /// There is no issuer and no directory of issuers.
    #[error("a verifier needs at least one issuer; call `issuer` or `directory`")]
    NoIssuer,
    /// Two issuers have the same name.
    #[error("issuer `{0}` is configured twice; give it several audiences instead")]
    Duplicate(Arc<str>),
    /// An issuer's name is empty.
    #[error("an issuer has no name; give the `iss` of its tokens")]
    NoName,
    /// An issuer's name is an `http` URL beyond the loopback interface.
    #[error(
        "issuer `{0}` is an `http` URL; use `https` (plain http is for loopback addresses only)"
    )]
    InsecureName(Arc<str>),
    /// No audience was chosen.
    #[error(
        "issuer `{0}` has no audience; call `audience`, or `accept_any_audience` if that is meant"
    )]
    NoAudience(Arc<str>),
    /// An audience is empty.
    #[error(
        "issuer `{0}` has an empty audience; give the client id that its tokens carry as `aud`"
    )]
    EmptyAudience(Arc<str>),
    /// Both an audience and any audience are accepted.
    #[error(
        "issuer `{0}` has an audience and accepts any; call `audience` or `accept_any_audience`, not both"
    )]
    AnyAudience(Arc<str>),
    /// The leeway exceeds five minutes.
    #[error("issuer `{0}` has a leeway of more than 5 minutes; mend the clocks instead")]
    Leeway(Arc<str>),
    /// The maximum lifetime is below a second.
    #[error("issuer `{0}` has a maximum lifetime that no token can have; allow a second at least")]
    MaxLifetime(Arc<str>),
    /// The list of algorithms is empty.
    #[error("issuer `{0}` allows no algorithm; leave `algorithms` out or name some")]
    NoAlgorithm(Arc<str>),
    /// HMAC is allowed for keys that are published, or the other way round.
    #[error(
        "issuer `{issuer}` allows `{algorithm}`, which its keys cannot have; a shared secret goes with HS256, HS384 \
         and HS512, and nothing else does"
    )]
    AlgorithmOfOtherKeys {
        /// The issuer's name.
        issuer: Arc<str>,
        /// The algorithm that does not go with its key source.
        algorithm: Algorithm,
    },
    /// None of the allowed algorithms exists in the signature backend.
    #[error(
        "issuer `{0}` allows only algorithms that the signature backend lacks; enable the feature `aws-lc-rs`"
    )]
    AlgorithmUnsupported(Arc<str>),
    /// No key source was given.
    #[error("issuer `{0}` has no keys; call `keys`")]
    NoKeys(Arc<str>),
    /// The URL of the keys cannot be asked.
    #[error("issuer `{issuer}`: the URL `{url}` {problem}")]
    KeyUrl {
        /// The issuer's name.
        issuer: Arc<str>,
        /// The URL.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The keys that were given in the configuration cannot be used.
    #[error("issuer `{issuer}`: the fixed JWKS is unusable: {problem}")]
    FixedKeys {
        /// The issuer's name.
        issuer: Arc<str>,
        /// What is wrong with them.
        problem: String,
    },
    /// A shared secret is shorter than its hash.
    #[error(
        "issuer `{issuer}` has a secret of {bytes} bytes; `{algorithm}` needs {min} random bytes at least"
    )]
    WeakSecret {
        /// The issuer's name.
        issuer: Arc<str>,
        /// The algorithm that the secret is for.
        algorithm: Algorithm,
        /// The length of the secret.
        bytes: usize,
        /// The least length.
        min: usize,
    },
    /// A shared secret is meant for an algorithm that has none.
    #[error("issuer `{issuer}` has a shared secret for `{algorithm}`; use HS256, HS384 or HS512")]
    SecretForKeyPair {
        /// The issuer's name.
        issuer: Arc<str>,
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// There is a shared secret that no token may use.
    #[error(
        "issuer `{issuer}` has a shared secret for `{algorithm}`, which `algorithms` leaves out; name it or drop the secret"
    )]
    SecretLeftOut {
        /// The issuer's name.
        issuer: Arc<str>,
        /// The algorithm of the secret.
        algorithm: Algorithm,
    },
    /// Two shared secrets have the same key id, or neither has one.
    #[error("issuer `{0}` has several secrets that no token can tell apart; give each a `key_id`")]
    AmbiguousSecrets(Arc<str>),
    /// The time between two fetches is below a second.
    #[error(
        "issuer `{0}` has a cooldown below 1 second; a flood of tokens would flood the provider"
    )]
    Cooldown(Arc<str>),
    /// Keys are to be fresh for less than a minute or more than a day.
    #[error("issuer `{0}` has keys that are fresh for less than 1 minute or more than 24 hours")]
    Fresh(Arc<str>),
    /// Keys are to be dropped before they are due for renewal.
    #[error("issuer `{0}` has keys that outlast no outage; let `outage` be longer than `fresh`")]
    Outage(Arc<str>),
    /// The list of tenants that the issuer may speak for is empty.
    #[error("issuer `{0}` may speak for no tenant; leave `tenants` out or name some")]
    NoTenants(Arc<str>),
    /// The verified-token cache holds nothing.
    #[error("the token cache has no room; call `without_cache` if that is meant")]
    CacheSize,
    /// No token is short enough.
    #[error("the longest token is {0} bytes long; allow 1 KiB at least and 1 MiB at most")]
    TokenLength(usize),
}

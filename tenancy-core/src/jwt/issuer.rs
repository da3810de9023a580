//! `Issuer`, what a service trusts one identity provider with.

use std::sync::Arc;
use std::time::Duration;

use super::Algorithm;
use super::policy::{Audience, Policy};
use crate::Clock;
use crate::claims::ClaimMap;
use crate::jwks::{Jwks, KeySource, KeySourceError};

const ALL: [Algorithm; 10] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::EdDSA,
];
const MAX_LEEWAY: Duration = Duration::from_mins(5);

/// An identity provider whose tokens a service accepts: its name, whom its tokens are meant for, where
/// its keys are, and which of its claims hold the tenant.
///
/// ```
/// use tenancy_core::{ClaimMap, Issuer, JwtVerifier, KeySource};
///
/// # #[cfg(feature = "http")] {
/// let issuer = Issuer::new("https://api.frontegg.com", ClaimMap::frontegg())
///     .audience("my-client-id")
///     .keys(KeySource::url("https://api.frontegg.com/.well-known/jwks.json"));
/// let verifier = JwtVerifier::new([issuer])?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), tenancy_core::JwtVerifierError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "an issuer does nothing until it is given to `JwtVerifier::new`"]
pub struct Issuer {
    name: String,
    claims: ClaimMap,
    audience: Option<Audience>,
    keys: Option<KeySource>,
    algorithms: Vec<Algorithm>,
    leeway: Duration,
    max_lifetime: Duration,
}

impl Issuer {
    /// An issuer whose tokens carry `name` as `iss`, byte for byte: a trailing slash or another case is
    /// another issuer.
    pub fn new(name: impl Into<String>, claims: ClaimMap) -> Self {
        Self {
            name: name.into(),
            claims,
            audience: None,
            keys: None,
            algorithms: ALL.into(),
            leeway: Duration::from_mins(1),
            max_lifetime: Duration::from_hours(366 * 24),
        }
    }

    /// Accepts tokens whose `aud` contains `audience`. May be called for several.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        match &mut self.audience {
            Some(Audience::OneOf(several)) => several.push(audience.into()),
            _ => self.audience = Some(Audience::OneOf(vec![audience.into()])),
        }
        self
    }

    /// Accepts tokens whoever they are meant for. A token that a user gave to any other service of this
    /// issuer then opens this one too.
    pub fn accept_any_audience(mut self) -> Self {
        self.audience = Some(Audience::Any);
        self
    }

    /// Where the issuer's keys come from.
    pub fn keys(mut self, keys: KeySource) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Accepts these algorithms only. All of [`Algorithm`] by default; a key further narrows them to those
    /// of its own type.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// How far the clocks of issuer and service may differ. 60 seconds by default, 5 minutes at most.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// How far in the future `exp` may be. 366 days by default, which catches milliseconds given for
    /// seconds.
    pub fn max_lifetime(mut self, max_lifetime: Duration) -> Self {
        self.max_lifetime = max_lifetime;
        self
    }

    pub(super) fn open(self, clock: &Arc<dyn Clock>) -> Result<OpenIssuer, IssuerError> {
        if self.name.is_empty() {
            return Err(IssuerError::NoName);
        }
        let name: Arc<str> = self.name.into();
        let audience = self
            .audience
            .ok_or_else(|| IssuerError::NoAudience(Arc::clone(&name)))?;
        if matches!(&audience, Audience::OneOf(several) if several.iter().any(String::is_empty)) {
            return Err(IssuerError::EmptyAudience(name));
        }
        if self.leeway > MAX_LEEWAY {
            return Err(IssuerError::Leeway(name));
        }
        if self.algorithms.is_empty() {
            return Err(IssuerError::NoAlgorithm(name));
        }
        let keys = self
            .keys
            .ok_or_else(|| IssuerError::NoKeys(Arc::clone(&name)))?;
        let keys = keys
            .open(&self.algorithms, Arc::clone(clock))
            .map_err(|source| IssuerError::Keys {
                issuer: Arc::clone(&name),
                source,
            })?;
        let policy = Policy {
            audience,
            leeway: self.leeway,
            max_lifetime: self.max_lifetime,
        };
        Ok(OpenIssuer {
            name,
            claims: self.claims,
            policy,
            keys,
        })
    }
}

/// An issuer whose configuration was found sound.
#[derive(Debug)]
pub(super) struct OpenIssuer {
    pub(super) name: Arc<str>,
    pub(super) claims: ClaimMap,
    pub(super) policy: Policy,
    pub(super) keys: Jwks,
}

/// A configuration of an issuer that cannot work or would accept too much.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// The name is empty.
    #[error("an issuer has no name; give the `iss` of its tokens")]
    NoName,
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
    /// The leeway exceeds five minutes.
    #[error("issuer `{0}` has a leeway of more than 5 minutes; mend the clocks instead")]
    Leeway(Arc<str>),
    /// The list of algorithms is empty.
    #[error("issuer `{0}` allows no algorithm; leave `algorithms` out or name some")]
    NoAlgorithm(Arc<str>),
    /// No key source was given.
    #[error("issuer `{0}` has no keys; call `keys`")]
    NoKeys(Arc<str>),
    /// The key source cannot work.
    #[error("keys of issuer `{issuer}` cannot be used")]
    Keys {
        /// The issuer's name.
        issuer: Arc<str>,
        /// What is wrong with its key source.
        source: KeySourceError,
    },
}
